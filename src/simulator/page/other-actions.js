/**
 * Steps of what surrounds a purchase: disputes, tokens, designs, settlements and answers of cardholders. Where Stripe
 * has no test helper, a control route takes the step.
 */

const HELPERS = '/v1/test_helpers/issuing';
const SIM = '/_sim/issuing';

/** A section without fields; each button is `[name, label, path, params]`. */
const plain = (legend, buttons) => ({
  legend,
  fields: [],
  buttons: buttons.map(([name, label, path, params = {}]) => ({
    name,
    label,
    request: () => ({ path, params }),
  })),
});

/** What a cardholder can answer to a text message about fraud. */
export function cardholderAnswer({ id, fraud_challenges: challenges }) {
  const path = `${HELPERS}/authorizations/${id}/fraud_challenges/respond`;
  const isAsked = (challenges ?? []).some(({ status }) => status === 'pending');
  const buttons = [
    ['confirm', 'It was me', path, { confirmed: true }],
    ['deny', 'It was not me', path, { confirmed: false }],
  ];
  return plain('Cardholder', isAsked ? buttons : []);
}

/** Wallets take active cards only. */
export function wallet(card) {
  const ask = (name, label, provider) => [
    name,
    label,
    `${SIM}/tokens`,
    { card: card.id, wallet_provider: provider },
  ];
  const buttons = [
    ask('apple_token', 'New Apple Pay token', 'apple_pay'),
    ask('google_token', 'New Google Pay token', 'google_pay'),
  ];
  return plain('Wallet', card.status === 'active' ? buttons : []);
}

export function disputeOf(transaction) {
  const isPossible = transaction.type === 'capture' && transaction.dispute === null;
  const request = ({ explanation }) => ({
    path: '/v1/issuing/disputes',
    params: {
      transaction: transaction.id,
      evidence: { reason: 'fraudulent', fraudulent: { explanation } },
    },
  });
  return {
    legend: 'Cardholder',
    fields: [
      { name: 'explanation', label: 'Explanation', type: 'text', value: 'This was not me.' },
    ],
    buttons: isPossible ? [{ name: 'dispute', label: 'Dispute as fraud', request }] : [],
  };
}

export function dispute({ id, status }) {
  const network = (name, label) => [name, label, `${SIM}/disputes/${id}/${name}`];
  if (status === 'unsubmitted')
    return plain('Dispute', [['submit', 'Submit', `/v1/issuing/disputes/${id}/submit`]]);
  const outcomes = [
    network('win', 'Win'),
    network('lose', 'Lose'),
    network('reinstate_funds', 'Reinstate funds'),
    network('rescind_funds', 'Rescind funds'),
  ];
  return plain('Network', status === 'submitted' ? outcomes : []);
}

/** The states that a token can be set to from each of its own. */
const TOKEN_STEPS = {
  requested: ['active', 'deleted'],
  active: ['suspended', 'deleted'],
  suspended: ['active', 'deleted'],
  deleted: [],
};
const TOKEN_LABELS = { active: 'Activate', suspended: 'Suspend', deleted: 'Delete' };

export function token({ id, status }) {
  const steps = TOKEN_STEPS[status] ?? [];
  return plain(
    'Token',
    steps.map((next) => [next, TOKEN_LABELS[next], `/v1/issuing/tokens/${id}`, { status: next }]),
  );
}

export function designReview({ id, status }) {
  const path = `${HELPERS}/personalization_designs/${id}`;
  const steps = {
    activate: ['activate', 'Activate', `${path}/activate`],
    deactivate: ['deactivate', 'Deactivate', `${path}/deactivate`],
    reject: ['reject', 'Reject', `${path}/reject`, { rejection_reasons: { card_logo: ['other'] } }],
  };
  const possible = {
    active: [steps.deactivate, steps.reject],
    inactive: [steps.activate],
    review: [steps.activate, steps.reject],
  };
  return plain('Review', possible[status] ?? []);
}

export function settlement({ id, status }) {
  const complete = ['complete', 'Complete', `${HELPERS}/settlements/${id}/complete`];
  return plain('Network', status === 'pending' ? [complete] : []);
}
