/**
 * What happens with each type of Stripe's events. `docs/webhooks.md` shows the same as a table; types of Issuing,
 * Identity and Reporting that Stripe's library knows, and that are not here, fail a test.
 */

/** Whom an event concerns here. */
export type EventReader =
  | 'authorizer'
  | 'books'
  | 'card'
  | 'cardholder'
  | 'dispute'
  | 'verification'
  | 'token'
  | 'design';

export type EventHandling =
  | {
      readonly handling: 'applied';
      readonly reader: Exclude<EventReader, 'authorizer'>;
      /** What it may change. */
      readonly effect: string;
    }
  | { readonly handling: 'ignored'; readonly reason: string }
  /** Asks for an answer at once, on an endpoint of its own; the inbox keeps what comes by mistake. */
  | { readonly handling: 'answered'; readonly reader: 'authorizer'; readonly reason: string };

const applied = (reader: Exclude<EventReader, 'authorizer'>, effect: string): EventHandling => ({
  handling: 'applied',
  reader,
  effect,
});
const ignored = (reason: string): EventHandling => ({ handling: 'ignored', reason });

const PURCHASE =
  'hold, status and captures of the authorization; adopts one that was decided without us';
const RECORD = 'a capture or refund on the account; in suspense while its card is unknown';
const CARD = 'status, parcel and fraud warning of the Stripe card; tells the workflow of its card';
const HOLDER = 'what Stripe holds against the cardholder; tells the workflows of all open cards';
const DISPUTE =
  'status of the dispute; a card with one that is open is not settled. Moves no money here';
const DISPUTE_MONEY =
  'status of the dispute only: its money is on the balance at Stripe, and no account of a customer moves';
const CHECK = 'outcome of the identity check; tells the workflows of the cards that wait for it';
const TOKEN = 'timeline of the card: which wallet can pay with it, and no longer can';
const DESIGN_BAD = 'opens an attention item for the design: no cards are printed with it';
const DESIGN = 'opens or closes the attention item of the design, by its status';
const SETTLEMENT =
  'settlements are between Stripe and the network; captures are booked as they clear';
const REPORT = 'reports are fetched by whoever asked for them';

/** In the order of their names. */
export const EVENT_HANDLING: Readonly<Record<string, EventHandling>> = {
  'identity.verification_session.canceled': applied('verification', CHECK),
  'identity.verification_session.created': ignored('the session is one that we have made'),
  'identity.verification_session.processing': applied('verification', CHECK),
  'identity.verification_session.redacted': applied(
    'verification',
    'notes that Stripe has forgotten what the customer showed',
  ),
  'identity.verification_session.requires_input': applied('verification', CHECK),
  'identity.verification_session.verified': applied('verification', CHECK),
  'issuing_authorization.created': applied('books', PURCHASE),
  'issuing_authorization.request': {
    handling: 'answered',
    reader: 'authorizer',
    reason: 'requests are answered by the authorizer, not applied',
  },
  'issuing_authorization.updated': applied('books', PURCHASE),
  'issuing_card.created': applied('card', CARD),
  'issuing_card.updated': applied('card', CARD),
  'issuing_cardholder.created': applied('cardholder', HOLDER),
  'issuing_cardholder.updated': applied('cardholder', HOLDER),
  'issuing_dispute.closed': applied('dispute', DISPUTE),
  'issuing_dispute.created': applied('dispute', DISPUTE),
  'issuing_dispute.funds_reinstated': applied('dispute', DISPUTE_MONEY),
  'issuing_dispute.funds_rescinded': applied('dispute', DISPUTE_MONEY),
  'issuing_dispute.submitted': applied('dispute', DISPUTE),
  'issuing_dispute.updated': applied('dispute', DISPUTE),
  'issuing_dispute_settlement_detail.created': ignored(SETTLEMENT),
  'issuing_dispute_settlement_detail.updated': ignored(SETTLEMENT),
  'issuing_personalization_design.activated': applied('design', DESIGN),
  'issuing_personalization_design.deactivated': applied('design', DESIGN_BAD),
  'issuing_personalization_design.rejected': applied('design', DESIGN_BAD),
  'issuing_personalization_design.updated': applied('design', DESIGN),
  'issuing_settlement.created': ignored(SETTLEMENT),
  'issuing_settlement.updated': ignored(SETTLEMENT),
  'issuing_token.created': applied('token', TOKEN),
  'issuing_token.updated': applied('token', TOKEN),
  'issuing_transaction.created': applied('books', RECORD),
  'issuing_transaction.purchase_details_receipt_updated': ignored(
    'lines of a receipt change neither books nor cards',
  ),
  'issuing_transaction.updated': applied('books', RECORD),
  'reporting.report_run.failed': ignored(REPORT),
  'reporting.report_run.succeeded': ignored(REPORT),
  'reporting.report_type.updated': ignored(REPORT),
};

/** Why the inbox keeps an event of the type and does nothing with it. */
export function reasonToIgnore(type: string): string {
  const known = Object.hasOwn(EVENT_HANDLING, type) ? EVENT_HANDLING[type] : undefined;
  return known === undefined || known.handling === 'applied'
    ? `type ${type} is not used`
    : known.reason;
}

/** Only accounts on a BIN of their own have these; others are refused when they name them in a list call. */
const RESTRICTED_FAMILIES: readonly string[] = [
  'issuing_settlement',
  'issuing_dispute_settlement_detail',
];

/** Reports are no part of a card's life, and endpoints need not subscribe to them. */
const FAMILIES_OF_PROOF = /^(?:issuing_|identity\.)/;

/** Named in each report, so that one who reads it later knows what was compared. Another set gets another name. */
export const COMPLETENESS_SET = 'issuing-2026-11';

/**
 * The types whose events a day's report compares: all of Issuing and Identity, ignored or not, but for the real-time
 * request, which is answered and not stored, and what only some accounts may list.
 */
export const COMPLETENESS_EVENT_TYPES: readonly string[] = Object.entries(EVENT_HANDLING)
  .filter(
    ([type, { handling }]) =>
      handling !== 'answered' &&
      FAMILIES_OF_PROOF.test(type) &&
      !RESTRICTED_FAMILIES.includes(type.split('.', 1)[0] ?? ''),
  )
  .map(([type]) => type);
