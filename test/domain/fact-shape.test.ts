/** Everything that comes over the wire is looked at before it is applied: each kind of fact, and each of its fields. */
import { describe, expect, test } from 'vitest';
import type { CardFact, CardFactKind } from '../../src/domain/card-facts.ts';
import { FACT_KINDS, factProblem, shownName } from '../../src/domain/fact-shape.ts';
import { parseCardId, parseStripeCardId } from '../../src/domain/ids.ts';

const stripeCardId = parseStripeCardId('ic_1');
const replacementId = parseCardId('card_2');

/** One fact of each kind, with every field it may have. */
const FULL: { readonly [K in CardFactKind]: Required<Extract<CardFact, { kind: K }>> } = {
  verification_started: { kind: 'verification_started', kycAttempt: 1, provider: 'manual' },
  verification_pending: { kind: 'verification_pending' },
  identity_verified: { kind: 'identity_verified' },
  identity_failed: { kind: 'identity_failed', code: 'document_expired' },
  identity_canceled: { kind: 'identity_canceled' },
  kyc_decided: { kind: 'kyc_decided', approved: false },
  kyc_retry_requested: { kind: 'kyc_retry_requested' },
  kyc_reminder_due: { kind: 'kyc_reminder_due' },
  kyc_deadline_passed: { kind: 'kyc_deadline_passed' },
  issuing_started: { kind: 'issuing_started' },
  card_created: {
    kind: 'card_created',
    stripeCardId,
    status: 'inactive',
    shippingStatus: 'pending',
    expiresMs: 1,
    cancellationReason: 'lost',
  },
  issuance_blocked: { kind: 'issuance_blocked', reason: 'requirements.past_due' },
  issuance_refused: { kind: 'issuance_refused', code: 'x' },
  issuance_retry_requested: { kind: 'issuance_retry_requested' },
  cardholder_changed: { kind: 'cardholder_changed', problem: 'under_review', version: 2 },
  recheck_due: { kind: 'recheck_due' },
  previous_card_canceled: { kind: 'previous_card_canceled' },
  shipping_corrected: { kind: 'shipping_corrected' },
  card_seen: {
    kind: 'card_seen',
    source: 'event',
    stripeCardId,
    status: 'active',
    cancellationReason: 'lost',
    shippingStatus: 'delivered',
    expiresMs: 1,
  },
  delivery_confirmed: { kind: 'delivery_confirmed' },
  delivery_reminder_due: { kind: 'delivery_reminder_due' },
  delivery_overdue: { kind: 'delivery_overdue' },
  activation_refused: { kind: 'activation_refused', code: 'x' },
  freeze_changed: { kind: 'freeze_changed', frozen: true, version: 3, by: ['operator', 'fraud'] },
  freeze_mirrored: { kind: 'freeze_mirrored', frozen: true },
  freeze_refused: { kind: 'freeze_refused', frozen: true, code: 'x' },
  cancel_refused: { kind: 'cancel_refused', code: 'x' },
  card_unknown_at_stripe: { kind: 'card_unknown_at_stripe', stripeCardId },
  cancel_requested: { kind: 'cancel_requested', reason: 'stolen' },
  mirror_wanted: { kind: 'mirror_wanted', what: 'holder', version: 2 },
  mirror_done: { kind: 'mirror_done', what: 'controls', version: 2, refusal: 'x' },
  replacement_requested: { kind: 'replacement_requested', reason: 'expired', replacementId },
  renewal_skipped: { kind: 'renewal_skipped', reason: 'x' },
  replacement_failed: { kind: 'replacement_failed', replacementId },
  replaced: { kind: 'replaced', replacementId },
  purchase_seen: { kind: 'purchase_seen' },
  spending_digest: { kind: 'spending_digest', purchases: 1, lastPurchaseMs: 1 },
  dormancy_due: { kind: 'dormancy_due' },
  money_seen: { kind: 'money_seen', cause: 'forced_capture' },
  canceled_at_stripe: { kind: 'canceled_at_stripe', stripeCardId },
  windows_passed: { kind: 'windows_passed' },
  unsettled: { kind: 'unsettled' },
  expired: { kind: 'expired' },
};

/** Fields that may be absent, because earlier code did not send them. */
const OPTIONAL: readonly string[] = [
  'verification_started.kycAttempt',
  'verification_started.provider',
  'card_created.expiresMs',
  'card_created.cancellationReason',
  'cardholder_changed.problem',
  'cardholder_changed.version',
  'card_seen.expiresMs',
  'freeze_changed.version',
  'freeze_changed.by',
];
/** Fields whose null says something. */
const NULLABLE: readonly string[] = [
  'card_created.shippingStatus',
  'card_created.cancellationReason',
  'cardholder_changed.problem',
  'card_seen.cancellationReason',
  'card_seen.shippingStatus',
  'mirror_done.refusal',
  'spending_digest.lastPurchaseMs',
  'canceled_at_stripe.stripeCardId',
];

const FIELDS = FACT_KINDS.flatMap((kind) =>
  Object.entries(FULL[kind])
    .filter(([field]) => field !== 'kind')
    .map(([field, value]) => ({ kind, field, value, path: `${kind}.${field}` })),
);

/** Values of every other type, and those of the same type that only look right. */
const wrongFor = (value: unknown): readonly unknown[] => {
  const types = [{}, 'no such word', 7, true, ['x']];
  if (typeof value === 'number') return [...others(types, 7), -1, 1.5, Number.NaN, 2 ** 60, '7'];
  if (typeof value === 'boolean') return [...others(types, true), 'true', 0];
  if (Array.isArray(value)) return [...others(types, types[4]), 'operator', [1], [null]];
  return others(types, 'no such word');
};
const others = (all: readonly unknown[], own: unknown): readonly unknown[] =>
  all.filter((one) => one !== own);

/** Fields that take one of a few words. */
const WORDS: readonly string[] = [
  'card_created.status',
  'card_created.shippingStatus',
  'card_seen.source',
  'card_seen.status',
  'card_seen.shippingStatus',
  'cancel_requested.reason',
  'mirror_wanted.what',
  'mirror_done.what',
  'replacement_requested.reason',
  'money_seen.cause',
];

const changed = (kind: CardFactKind, field: string, value: unknown): object => ({
  ...FULL[kind],
  [field]: value,
});
function without(kind: CardFactKind, field: string): object {
  return Object.fromEntries(Object.entries(FULL[kind]).filter(([name]) => name !== field));
}
const complaint = (kind: string, field: string): string =>
  `${kind} with ${field} missing or of another type`;

describe('a fact', () => {
  test('the examples are of every kind', () => {
    expect(Object.keys(FULL).toSorted()).toEqual([...FACT_KINDS].toSorted());
  });

  test.each(FACT_KINDS)('%s is one with all its fields, and with more than these', (kind) => {
    expect(factProblem(FULL[kind])).toBeNull();
    expect(factProblem({ ...FULL[kind], of_tomorrow: { any: 'thing' } })).toBeNull();
  });

  test.each(FIELDS)('$path may be absent only where earlier code left it out', (of) => {
    const { kind, field, path } = of;
    const expected = OPTIONAL.includes(path) ? null : complaint(kind, field);
    expect(factProblem(without(kind, field))).toBe(expected);
  });

  test.each(FIELDS)('$path may be null only where that says something', (of) => {
    const { kind, field, path } = of;
    const expected = NULLABLE.includes(path) ? null : complaint(kind, field);
    expect(factProblem(changed(kind, field, null))).toBe(expected);
  });

  test.each(FIELDS)('$path is of no other type', ({ kind, field, value }) => {
    for (const wrong of wrongFor(value)) {
      const problem = factProblem(changed(kind, field, wrong));
      expect({ wrong, problem }).toEqual({ wrong, problem: complaint(kind, field) });
    }
  });

  test.each(FIELDS.filter(({ path }) => WORDS.includes(path)))(
    '$path is one of the known words',
    ({ kind, field }) => {
      for (const word of ['no such word', '', 'toString']) {
        expect(factProblem(changed(kind, field, word))).toBe(complaint(kind, field));
      }
    },
  );

  test('a time is one that a calendar knows', () => {
    expect(factProblem(changed('card_seen', 'expiresMs', 8.64e15))).toBeNull();
    expect(factProblem(changed('card_seen', 'expiresMs', 8.64e15 + 1))).toBe(
      complaint('card_seen', 'expiresMs'),
    );
  });

  test('every field that is wrong is named, and no value is', () => {
    const secret = 'Jenny Rosen';
    const problem = factProblem({ kind: 'card_seen', source: secret, status: secret });
    expect(problem).toBe(
      complaint('card_seen', 'source, stripeCardId, status, cancellationReason, shippingStatus'),
    );
  });
});

describe('what is no fact', () => {
  test.each([null, undefined, 'expired', 7, true])('%j is no object', (value) => {
    expect(factProblem(value)).toBe('no object');
  });

  test.each([{}, [], { kind: null }, { kind: 7 }, { kind: ['expired'] }])(
    '%j has no kind',
    (value) => {
      expect(factProblem(value)).toBe('no kind');
    },
  );

  test.each(['from_the_future', 'toString', '__proto__', 'constructor'])(
    'the kind %s is not known',
    (kind) => {
      expect(factProblem({ kind })).toBe(`a kind "${kind}" that is not known`);
    },
  );

  test('a kind that might be what somebody typed about a person is not shown', () => {
    expect(factProblem({ kind: 'Jenny Rosen' })).toBe('a kind that is no name that is not known');
    expect(shownName('x'.repeat(61))).toBe('that is no name');
    expect(shownName('x'.repeat(60))).toBe(`"${'x'.repeat(60)}"`);
  });
});
