/** What a person can do about an attention item, and which items nobody can close by hand. */
import type { LIFECYCLE_ATTENTION_KINDS } from './card-attention.ts';
import type { DriftItemKind } from './drift.ts';

type LifecycleKind = (typeof LIFECYCLE_ATTENTION_KINDS)[number];

/** Of a card's state, so none may be missing. */
const LIFECYCLE_REMEDIES: Readonly<Record<LifecycleKind, string>> = {
  kyc_failed:
    'Have the customer try again with `retry-kyc`, decide with `decide-kyc`, or `cancel` the card.',
  kyc_waits_for_review: 'Give the verdict with `decide-kyc` of the cardholder or the card.',
  address_needed: 'Ask the customer for an address and give it with `correct-shipping`.',
  details_refused: 'Correct the field that Stripe refused, or give it with `retry-issuance`.',
  issuance_blocked:
    'Settle what Stripe asks for, then `retry-issuance`; it is tried again by itself, too.',
  delivery_overdue:
    'Ask the customer: `confirm-delivery` when the card has come, else `replace` or `cancel` it.',
  activation_refused: "Look the reason up at Stripe and settle it; the card's workflow goes on.",
  activation_frozen: 'Lift the freeze with `unfreeze`, or `cancel` the card.',
  status_drift:
    'Somebody changed the card at Stripe: put it right there, or `freeze` or `cancel` it here.',
  cardholder_problem: 'Settle with the cardholder what Stripe holds against them.',
  parcel_returned: 'Ask the customer; `replace` the card if it never came.',
  freeze_refused: "Look Stripe's reason up: the freeze stands here, and Stripe has not followed.",
  mirror_refused:
    'Change the controls or the profile into something that Stripe takes; it follows by itself.',
  renewal_skipped: 'Settle the reason and `replace` the card as `expired`, or let it expire.',
  cancel_refused: 'Cancel the card at Stripe, or settle the reason; the cancellation stands here.',
};

/** Others that live as long as what they are about: to close the item would only hide it. */
const STATE_REMEDIES: Readonly<Record<string, string>> = {
  ...LIFECYCLE_REMEDIES,
  fraud_warning: 'Replace the card as `stolen`, or lift the freeze of `fraud` with `unfreeze`.',
  kyc_review: 'Give the verdict with `decide-kyc` of the cardholder.',
};

/** What a comparison with Stripe has left; the next one closes what it finds settled, and opens anew what it does not. */
const DRIFT_REMEDIES: Readonly<Record<DriftItemKind, string>> = {
  stripe_object_missing:
    'Find out whether the key is that of the account, and who deleted the object at Stripe.',
  stripe_object_unknown: 'Cancel it at Stripe, unless a card here waits for it.',
  stripe_object_differs:
    'Put right at Stripe what differs: a card that lives there and has ended here is cancelled there.',
};

const OTHER_REMEDIES: Readonly<Record<string, string>> = {
  ...DRIFT_REMEDIES,
  account_overdrawn: 'Ask the customer to pay in, and credit it.',
  money_on_closed_account:
    'Reopen the account and pay out what is left, or ask the customer to pay.',
  forced_capture:
    'Ask the customer whether the shop is known to them; if not, dispute it at Stripe.',
  unlinked_refund: "Nothing, if it fits an earlier purchase: the money is the customer's already.",
  transaction_of_unknown_card: 'Find out who issued the card; was it made outside of this system?',
  transaction_of_wrong_currency:
    'Agree an amount with the customer and credit or debit it, then resolve this.',
  approved_against_decision: 'Look at the time-out setting and the stand-in rules at Stripe.',
  captured_after_reversal: 'Ask the shop; dispute it if it does not refund.',
  captured_while_declined: 'Dispute it at Stripe.',
  cleared_unseen: 'Nothing for some minutes; then look the purchase up at Stripe.',
  refunded_beyond_capture: 'Nothing for a day: the capture may still come; then ask the shop.',
  cleared_twice: 'Nothing for some days: networks correct this; then dispute the second capture.',
  hold_unconfirmed: 'Look the purchase up at Stripe; the hold stays until Stripe shows its end.',
  event_not_applied:
    'Read the reason and settle it, then replay the event, or resolve this with what was done.',
  design_unusable:
    'Correct the design at Stripe by the reasons, or give cards another one; then resolve this if it stays as it is.',
  message_unusable:
    'Deploy a worker that knows the message, or find out who sent it; then resolve this.',
};

const REMEDY_OF_UNKNOWN = 'Look into it, and resolve it with what was done.';

/** A sentence or two for people. */
export const remedyOf = (kind: string): string =>
  STATE_REMEDIES[kind] ?? OTHER_REMEDIES[kind] ?? REMEDY_OF_UNKNOWN;

/** Whether the item closes with the state that it tells of, and by nobody's word. */
export const followsState = (kind: string): boolean => Object.hasOwn(STATE_REMEDIES, kind);

/** Every kind with words of its own. */
export const ATTENTION_KINDS: readonly string[] = [
  ...Object.keys(STATE_REMEDIES),
  ...Object.keys(OTHER_REMEDIES),
];
