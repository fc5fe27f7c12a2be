/** What each table shows of its objects. The order of the cells is that of the headings in index.html. */
import { element, reconcile, setText } from './dom.js';

/**
 * The lists of the API. `events` is how the types of the events begin that change them; `cells` are the texts after
 * the time, given an object and what is known about others.
 */
export const LISTS = {
  cardholders: {
    path: '/v1/issuing/cardholders',
    events: ['issuing_cardholder.'],
    cells: (row) => [row.requirements.disabled_reason ?? row.status, row.name],
  },
  cards: {
    path: '/v1/issuing/cards',
    // A card shows its cardholder.
    events: ['issuing_card.', 'issuing_cardholder.'],
    cells: (row) => [masked(row), cardState(row), row.type, row.cardholder.name],
  },
  authorizations: {
    path: '/v1/issuing/authorizations',
    events: ['issuing_authorization.'],
    cells: (row) => [
      authorizationState(row),
      money(row.amount, row.currency),
      row.merchant_data.name ?? '',
      masked(row.card),
    ],
  },
  transactions: {
    path: '/v1/issuing/transactions',
    events: ['issuing_transaction.'],
    cells: (row, { cards }) => [
      row.type,
      money(row.amount, row.currency),
      row.merchant_data.name ?? '',
      masked(cards.find((card) => card.id === row.card) ?? { id: row.card }),
    ],
  },
  disputes: {
    path: '/v1/issuing/disputes',
    events: ['issuing_dispute.'],
    cells: (row) => [
      row.loss_reason ?? row.status,
      money(row.amount, row.currency),
      row.evidence.reason,
    ],
  },
  tokens: {
    path: '/v1/issuing/tokens',
    // The API lists them by card only.
    ofCard: true,
    events: ['issuing_token.'],
    cells: (row) => [row.status, row.wallet_provider ?? row.network],
  },
  designs: {
    path: '/v1/issuing/personalization_designs',
    events: ['issuing_personalization_design.'],
    cells: (row) => [row.status, row.name ?? row.id],
  },
  settlements: {
    path: '/v1/issuing/settlements',
    // Unless an account asks for them there are no events about settlements, but calls tell.
    events: ['issuing_settlement.'],
    cells: (row) => [row.status, money(row.net_total_amount, row.currency), row.bin],
  },
  events: {
    path: '/v1/events',
    events: [''],
    cells: (row) => [row.type, row.data.object.id ?? ''],
  },
};

const masked = ({ last4, id }) => (last4 === undefined ? id : `•••• ${last4}`);

const cardState = ({ status, shipping }) =>
  shipping?.status ? `${status}, ${shipping.status}` : status;

export function authorizationState({ approved, status, request_history: history }) {
  if (approved) return status;
  return history.length === 0 ? 'being decided' : `declined: ${history.at(-1).reason}`;
}

/** An amount in minor units as people write it. */
function money(amount, currency) {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const { maximumFractionDigits: digits } = format.resolvedOptions();
  return format.format(amount / 10 ** digits);
}

/** Unix seconds as month, day and time, in UTC. */
const shortTime = (seconds) =>
  new Date(seconds * 1000).toISOString().slice(5, 19).replace('T', ' ');

/** The delivery attempts seen by the page. */
export const deliveryCells = (row, { events, endpoints }) => [
  String(row.outcome),
  String(row.attempt),
  events.find((event) => event.id === row.event)?.type ?? row.event,
  endpoints.get(row.endpoint) ?? row.endpoint,
];

const isBad = (text) => /^(declined|failed|timeout|failure|canceled|[345]\d\d$)/.test(text);

/**
 * Shows rows in a table's body: a button with the time, which opens the row, and then the cells. `opened` is
 * the id of the row that is open now.
 */
export function showRows(body, rows, { cells, opened }) {
  reconcile(
    body,
    rows.map((row) => ({
      key: row.id,
      make: () => makeRow(cells(row).length),
      update(line) {
        const [time, ...others] = line.cells;
        setText(time.firstElementChild, shortTime(row.created));
        for (const [index, text] of cells(row).entries()) {
          setText(others[index], text);
          others[index].classList.toggle('bad', isBad(text));
        }
        line.ariaCurrent = row.id === opened ? 'true' : null;
      },
    })),
  );
}

const makeRow = (count) =>
  element(
    'tr',
    {},
    element('td', {}, element('button', { type: 'button' })),
    ...Array.from({ length: count }, () => element('td')),
  );
