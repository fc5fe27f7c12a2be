/** What is asked for with a card becomes its terms; what is not asked for is ours to choose. */
import { expect, test } from 'vitest';
import { DEFAULT_TERMS, termsOf } from '../../src/domain/card-terms.ts';

const DAY_MS = 24 * 3_600_000;

test('a card that asks for nothing has the usual terms', () => {
  expect(termsOf({})).toEqual(DEFAULT_TERMS);
  expect(termsOf({ kyc: {} })).toEqual(DEFAULT_TERMS);
});

test('days become milliseconds, and attempts are taken as they are', () => {
  const kyc = { reminderAfterDays: 2, deadlineDays: 3, attempts: 1 };
  expect(termsOf({ kyc })).toEqual({
    ...DEFAULT_TERMS,
    kyc: { reminderAfterMs: 2 * DAY_MS, deadlineMs: 3 * DAY_MS, attemptsMax: 1 },
  });
});

test.each([
  [{ reminderAfterDays: 4 }, { reminderAfterMs: 4 * DAY_MS }],
  [{ deadlineDays: 30 }, { deadlineMs: 30 * DAY_MS }],
  [{ attempts: 5 }, { attemptsMax: 5 }],
])('%j changes nothing else', (kyc, changed) => {
  expect(termsOf({ kyc })).toEqual({
    ...DEFAULT_TERMS,
    kyc: { ...DEFAULT_TERMS.kyc, ...changed },
  });
});

test('a card that is not to be renewed, and one that Stripe ends after so many payments', () => {
  expect(termsOf({ renewal: 'none' })).toEqual({ ...DEFAULT_TERMS, renews: false });
  expect(termsOf({ renewal: 'automatic' })).toEqual(DEFAULT_TERMS);
  expect(termsOf({ cancelAfterPayments: 1 })).toEqual({ ...DEFAULT_TERMS, endsByItself: true });
});
