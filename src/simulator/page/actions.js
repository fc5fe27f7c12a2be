/** Which test helpers an object offers in its state. Pure: what is refused all the same, the API says. */
import {
  cardholderAnswer,
  designReview,
  dispute,
  disputeOf,
  settlement,
  token,
  wallet,
} from './other-actions.js';

const HELPERS = '/v1/test_helpers/issuing';

const AMOUNT = { name: 'amount', label: 'Amount (minor units)', type: 'number' };
const MERCHANT = [
  { name: 'merchant', label: 'Merchant', type: 'text', value: 'Corner Shop' },
  { name: 'category', label: 'Category', type: 'text', value: 'eating_places_restaurants' },
];

/** The steps of a parcel, and the states in which each of them is possible. */
const SHIPPING_STEPS = {
  submit: ['pending'],
  ship: ['pending', 'submitted'],
  deliver: ['shipped'],
  return: ['shipped'],
  fail: ['pending', 'submitted', 'shipped'],
};

/**
 * The sections of an object: `{ legend, fields, buttons }`, where a button is `{ name, label, request }` and
 * `request` turns the fields' values into `{ path, params }`.
 */
export function sectionsOf(object) {
  switch (object.object) {
    case 'issuing.card':
      return [purchase(object), status(object), shipping(object), wallet(object)].filter(
        hasButtons,
      );
    case 'issuing.authorization':
      return [merchant(object), cardholderAnswer(object)].filter(hasButtons);
    case 'issuing.transaction':
      return [refund(object), disputeOf(object)].filter(hasButtons);
    case 'issuing.dispute':
      return [dispute(object)].filter(hasButtons);
    case 'issuing.token':
      return [token(object)].filter(hasButtons);
    case 'issuing.personalization_design':
      return [designReview(object)].filter(hasButtons);
    case 'issuing.settlement':
      return [settlement(object)].filter(hasButtons);
    default:
      return [];
  }
}

const hasButtons = ({ buttons }) => buttons.length > 0;

function purchase(card) {
  const params = ({ amount, merchant: name, category }) => ({
    card: card.id,
    amount,
    merchant_data: { name, category },
  });
  const button = (name, label, path) => ({
    name,
    label,
    request: (values) => ({ path: `${HELPERS}/${path}`, params: params(values) }),
  });
  return {
    legend: 'Purchase',
    fields: [{ ...AMOUNT, value: '5000' }, ...MERCHANT],
    buttons: [
      button('authorize', 'New authorization', 'authorizations'),
      button('force', 'Forced capture', 'transactions/create_force_capture'),
      button('unlinked', 'Unlinked refund', 'transactions/create_unlinked_refund'),
    ],
  };
}

function status(card) {
  const button = (name, label, next) => ({
    name,
    label,
    request: () => ({ path: `/v1/issuing/cards/${card.id}`, params: { status: next } }),
  });
  return {
    legend: 'Status',
    fields: [],
    buttons: [
      ...(card.status === 'inactive' ? [button('activate', 'Activate', 'active')] : []),
      ...(card.status === 'active' ? [button('deactivate', 'Deactivate', 'inactive')] : []),
      ...(card.status === 'canceled' ? [] : [button('cancel', 'Cancel card', 'canceled')]),
    ],
  };
}

function shipping(card) {
  const steps = Object.entries(SHIPPING_STEPS)
    .filter(([, from]) => from.includes(card.shipping?.status))
    .map(([step]) => step);
  return {
    legend: 'Shipping',
    fields: [],
    buttons: steps.map((step) => ({
      name: step,
      label: step[0].toUpperCase() + step.slice(1),
      request: () => ({ path: `${HELPERS}/cards/${card.id}/shipping/${step}`, params: {} }),
    })),
  };
}

/** Captures are possible in every state once it was approved; the network does not ask. */
function merchant(authorization) {
  const { approved, id, status: state } = authorization;
  const open = approved && state === 'pending';
  const button = (name, label, [step, params]) => ({
    name,
    label,
    request: ({ amount }) => ({
      path: `${HELPERS}/authorizations/${id}/${step}`,
      params: params(amount),
    }),
  });
  const capture = (close) => [
    'capture',
    (amount) => ({ capture_amount: amount, close_authorization: close }),
  ];
  return {
    legend: 'Merchant and network',
    fields: [{ ...AMOUNT, label: 'Amount (minor units; empty means all)' }],
    buttons: [
      ...(approved ? [button('capture', 'Capture', capture(true))] : []),
      ...(open ? [button('part', 'Capture, more to come', capture(false))] : []),
      ...(open || state === 'reversed'
        ? [
            button('increment', 'Increment', [
              'increment',
              (amount) => ({ increment_amount: amount }),
            ]),
          ]
        : []),
      ...(open
        ? [
            button('reverse', 'Reverse', ['reverse', (amount) => ({ reverse_amount: amount })]),
            button('finalize', 'Finalize amount', [
              'finalize_amount',
              (amount) => ({ final_amount: amount }),
            ]),
            button('expire', 'Expire', ['expire', () => ({})]),
          ]
        : []),
    ],
  };
}

function refund(transaction) {
  const path = `${HELPERS}/transactions/${transaction.id}/refund`;
  const request = ({ amount }) => ({ path, params: { refund_amount: amount } });
  return {
    legend: 'Merchant',
    fields: [{ ...AMOUNT, label: 'Amount (minor units; empty means all)' }],
    buttons: transaction.type === 'capture' ? [{ name: 'refund', label: 'Refund', request }] : [],
  };
}
