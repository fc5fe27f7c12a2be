/**
 * Whether something that came over the wire is a fact: a signal may be of another version of the relay, or typed by
 * hand, and an activity's answer of another version of the worker. Written by hand, because a schema library would
 * take ten times the memory of a card's workflow.
 */
import type { CardFact, CardFactKind } from './card-facts.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
/** A count or a version. */
const count: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
/** Milliseconds that a calendar knows. */
const time: Check = (value) => count(value) && Number(value) <= 8.64e15;
const texts: Check = (value) => Array.isArray(value) && value.every(text);
const oneOf =
  (...known: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && known.includes(value);
const nullable =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const status = oneOf('active', 'inactive', 'canceled');
const shipping = nullable(
  oneOf('pending', 'submitted', 'shipped', 'delivered', 'returned', 'failure', 'canceled'),
);
const mirrored = oneOf('controls', 'holder');
const replacementReason = oneOf('lost', 'stolen', 'damaged', 'expired');

/** The fields that each kind must have; more than these do no harm. */
const FIELDS: {
  readonly [K in CardFactKind]: {
    readonly [F in Exclude<keyof Extract<CardFact, { kind: K }>, 'kind'>]-?: Check;
  };
} = {
  verification_started: { kycAttempt: optional(count), provider: optional(text) },
  verification_pending: {},
  identity_verified: {},
  identity_failed: { code: text },
  identity_canceled: {},
  kyc_decided: { approved: flag },
  kyc_retry_requested: {},
  kyc_reminder_due: {},
  kyc_deadline_passed: {},
  issuing_started: {},
  card_created: {
    stripeCardId: text,
    status,
    shippingStatus: shipping,
    expiresMs: optional(time),
    cancellationReason: optional(nullable(text)),
  },
  issuance_blocked: { reason: text },
  issuance_refused: { code: text },
  issuance_retry_requested: {},
  cardholder_changed: { problem: optional(nullable(text)), version: optional(count) },
  recheck_due: {},
  previous_card_canceled: {},
  shipping_corrected: {},
  card_seen: {
    source: oneOf('event', 'fetched'),
    stripeCardId: text,
    status,
    cancellationReason: nullable(text),
    shippingStatus: shipping,
    expiresMs: optional(time),
  },
  delivery_confirmed: {},
  delivery_reminder_due: {},
  delivery_overdue: {},
  activation_refused: { code: text },
  freeze_changed: { frozen: flag, version: optional(count), by: optional(texts) },
  freeze_mirrored: { frozen: flag },
  freeze_refused: { frozen: flag, code: text },
  cancel_refused: { code: text },
  card_unknown_at_stripe: { stripeCardId: text },
  cancel_requested: { reason: oneOf('requested', 'lost', 'stolen') },
  mirror_wanted: { what: mirrored, version: count },
  mirror_done: { what: mirrored, version: count, refusal: nullable(text) },
  replacement_requested: { reason: replacementReason, replacementId: text },
  renewal_skipped: { reason: text },
  replacement_failed: { replacementId: text },
  replaced: { replacementId: text },
  purchase_seen: {},
  spending_digest: { purchases: count, lastPurchaseMs: nullable(time) },
  dormancy_due: {},
  money_seen: { cause: oneOf('capture', 'refund', 'forced_capture', 'dispute') },
  canceled_at_stripe: { stripeCardId: nullable(text) },
  windows_passed: {},
  unsettled: {},
  expired: {},
};

/** Every kind of fact there is. */
export const FACT_KINDS = Object.keys(FIELDS) as readonly CardFactKind[];

/** Names found in a message are shown to people; anything else might be what somebody typed about a person. */
export const shownName = (name: string): string =>
  /^[A-Za-z_]{1,60}$/.test(name) ? `"${name}"` : 'that is no name';

/** Says why the value is no fact of today's, naming kind and field but never a value; null when it is one. */
export function factProblem(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return 'no object';
  const kind = 'kind' in value ? value.kind : undefined;
  if (typeof kind !== 'string') return 'no kind';
  if (!Object.hasOwn(FIELDS, kind)) return `a kind ${shownName(kind)} that is not known`;
  const checks: Readonly<Record<string, Check>> = FIELDS[kind as CardFactKind];
  const fields = value as Readonly<Record<string, unknown>>;
  const wrong = Object.keys(checks).filter((name) => checks[name]?.(fields[name]) === false);
  return wrong.length === 0 ? null : `${kind} with ${wrong.join(', ')} missing or of another type`;
}
