import { describe, expect, it } from 'vitest';
import {
  APPROVE_REASONS,
  DECLINE_REASONS,
  FALLBACK_REASONS,
} from '../../src/domain/decision-reasons.ts';
import { type ExplainedDecision, explain } from '../../src/domain/explain.ts';
import type { BrokenLimit, Finding } from '../../src/domain/finding.ts';
import { type MinorUnits, minorUnits, ZERO } from '../../src/domain/money.ts';

const minor = minorUnits;
type Over = Partial<ExplainedDecision>;
const say = (reason: string, over: Over = {}): string =>
  explain({
    reason,
    approved: false,
    currency: 'usd',
    askedMinor: minor(2_500),
    approvedMinor: ZERO,
    heldMinor: ZERO,
    availableBeforeMinor: minor(1_000),
    explanation: {},
    answer: null,
    ...over,
  });

const found = (reason: string, finding: Finding): string =>
  say(reason, { explanation: { finding } });
const funds = (creditLimitMinor: number, neededMinor: number) => ({
  explanation: {
    funds: { creditLimitMinor: minor(creditLimitMinor), neededMinor: minor(neededMinor) },
  },
});
const approval = (approvedMinor: number, heldMinor: number): Over => ({
  approved: true,
  approvedMinor: minor(approvedMinor),
  heldMinor: minor(heldMinor),
});

describe('approvals', () => {
  it.each<[string, Over, string]>([
    [
      'APPROVED',
      approval(2_500, 2_500),
      '25.00 USD were asked and approved; 10.00 USD were available.',
    ],
    [
      'APPROVED',
      { ...approval(2_500, 2_575), ...funds(5_000, 2_575) },
      '25.00 USD were asked and approved, 25.75 USD held; 10.00 USD were available, with a credit limit of 50.00 USD.',
    ],
    [
      'APPROVED_PARTLY',
      { ...approval(1_000, 1_000), ...funds(0, 2_500) },
      '10.00 USD of the 25.00 USD asked were approved; 10.00 USD were available.',
    ],
    [
      'ACCOUNT_CHECK',
      { ...approval(0, 0), askedMinor: ZERO },
      'The merchant has checked the card; nothing was asked, and nothing is held.',
    ],
  ])('%s %#', (reason, over, sentence) => {
    expect(say(reason, over)).toBe(sentence);
  });
});

describe('declines for money', () => {
  it.each<[string, Over, string]>([
    ['without credit', funds(0, 2_500), '25.00 USD were asked; 10.00 USD were available.'],
    [
      'with credit',
      funds(1_000, 2_500),
      '25.00 USD were asked; 10.00 USD were available, with a credit limit of 10.00 USD.',
    ],
    [
      'with a surplus',
      funds(0, 2_575),
      '25.00 USD were asked, for which 25.75 USD would be held; 10.00 USD were available.',
    ],
    [
      'of an account below zero, in yen',
      { ...funds(0, 2_500), currency: 'jpy', availableBeforeMinor: minor(-3) },
      '2500 JPY were asked; -3 JPY were available.',
    ],
  ])('tell what there was: %s', (_what, over, sentence) => {
    expect(say('INSUFFICIENT_FUNDS', over)).toBe(sentence);
  });
});

describe('limits', () => {
  const limit = (
    over: Omit<Partial<BrokenLimit>, 'amountMinor' | 'spentMinor'> & {
      amountMinor?: MinorUnits | number;
      spentMinor?: number;
    },
  ) =>
    say('DAILY_LIMIT_EXCEEDED', {
      explanation: {
        limit: {
          by: 'card',
          interval: 'daily',
          spentMinor: ZERO,
          spentCount: 0,
          ...over,
        } as BrokenLimit,
      },
    });

  it.each<[Parameters<typeof limit>[0], string]>([
    [
      { amountMinor: 50_000, spentMinor: 48_010, spentCount: 3 },
      "The card's daily limit is 500.00 USD; 480.10 USD were spent and 25.00 USD were asked.",
    ],
    [
      { by: 'account', interval: 'weekly', amountMinor: 0 },
      "The account's weekly limit is 0.00 USD; 0.00 USD were spent and 25.00 USD were asked.",
    ],
    [
      { by: 'tenant', interval: 'per_authorization', amountMinor: 2_000 },
      "The tenant's limit per authorization is 20.00 USD; 25.00 USD were asked.",
    ],
    [
      { interval: 'per_authorization', amountMinor: 2_600, spentMinor: 200 },
      "The card's limit per authorization is 26.00 USD; 2.00 USD were approved before and 25.00 USD were asked.",
    ],
    [
      { interval: 'monthly', count: 3, spentCount: 3 },
      "The card's monthly limit is 3 purchases; 3 counted already.",
    ],
    [
      { interval: 'yearly', count: 1, spentCount: 1, amountMinor: 2_500 },
      "The card's yearly limit is 1 purchase; 1 counted already.",
    ],
    [
      { interval: 'all_time', amountMinor: 2_499, count: 9, categories: ['bakeries'] },
      "The card's limit for all time for bakeries is 24.99 USD; 0.00 USD were spent and 25.00 USD were asked.",
    ],
    [
      { count: 1, spentCount: 1, categories: ['bakeries', 'book_stores'] },
      "The card's daily limit for bakeries and book_stores is 1 purchase; 1 counted already.",
    ],
    [
      { count: 1, spentCount: 1, categories: ['bakeries', 'book_stores', 'caterers'] },
      "The card's daily limit for bakeries, book_stores and caterers is 1 purchase; 1 counted already.",
    ],
    [
      { count: 1, spentCount: 1, categories: ['bakeries', 'book_stores', 'caterers', 'doctors'] },
      "The card's daily limit for 4 categories is 1 purchase; 1 counted already.",
    ],
  ])('are told with what counted: %#', (over, sentence) => {
    expect(limit(over)).toBe(sentence);
  });
});

describe('what rules found', () => {
  it.each<[string, Finding, string]>([
    [
      'REQUEST_UNREADABLE',
      { kind: 'unreadable', problem: 'pending_request is missing' },
      'The request could not be read: pending_request is missing.',
    ],
    [
      'UNKNOWN_CARD',
      { kind: 'card', stripeCardId: 'ic_9' },
      'No card of this tenant has the Stripe card ic_9.',
    ],
    [
      'WRONG_CURRENCY',
      { kind: 'currency', asked: 'eur', account: 'usd' },
      'The request is in EUR, the account in USD.',
    ],
    [
      'CARD_NOT_ACTIVE',
      { kind: 'phase', phase: 'winding_down', isCurrentStripeCard: true },
      'The card was not active: it was in the phase winding_down.',
    ],
    [
      'CARD_NOT_ACTIVE',
      { kind: 'phase', phase: 'active', isCurrentStripeCard: false },
      'The purchase was made with an earlier Stripe card of this card.',
    ],
    [
      'CATEGORY_NOT_ALLOWED',
      { kind: 'list', by: 'card', list: 'blocked', value: 'bakeries' },
      "The card's controls block the merchant category bakeries.",
    ],
    [
      'COUNTRY_NOT_ALLOWED',
      { kind: 'list', by: 'tenant', list: 'allowed', value: 'KP' },
      "The tenant's controls do not allow the merchant country KP.",
    ],
    [
      'PRESENCE_NOT_ALLOWED',
      { kind: 'list', by: 'account', list: 'allowed', value: null },
      "The account's controls allow certain values of the card presence only, and the request tells none.",
    ],
    [
      'MERCHANT_NOT_ALLOWED',
      { kind: 'list', by: 'card', list: 'blocked', value: '55' },
      "The card's controls block the merchant 55.",
    ],
    [
      'CVC_NOT_VERIFIED',
      { kind: 'verification', check: 'cvc', outcome: 'mismatch', presence: 'not_present' },
      'The CVC did not match, which the verification policy declines when the card is not present.',
    ],
    [
      'EXPIRY_NOT_VERIFIED',
      { kind: 'verification', check: 'expiry', outcome: 'not_provided', presence: 'present' },
      'The expiry date was not provided, which the verification policy declines when the card is present.',
    ],
    [
      'CARDHOLDER_NOT_AUTHENTICATED',
      { kind: 'verification', check: 'three_d_secure', outcome: 'failed', presence: 'not_present' },
      '3D Secure ended with failed, which the verification policy declines when the card is not present.',
    ],
  ])('is told: %s %#', (reason, finding, sentence) => {
    expect(found(reason, finding)).toBe(sentence);
  });
});

describe('another answer than the decision', () => {
  const late = { approved: false, reason: 'NO_ANSWER_IN_TIME' };
  it.each<[string, Over, string]>([
    [
      'APPROVED',
      { ...approval(2_500, 2_500), answer: late },
      'Answered NO_ANSWER_IN_TIME before this was recorded: the purchase was declined, and the hold is released when Stripe shows the decline.',
    ],
    [
      'ACCOUNT_CHECK',
      { ...approval(0, 0), answer: late },
      'Answered NO_ANSWER_IN_TIME before this was recorded: the request was declined.',
    ],
    ['CARD_FROZEN', { answer: late }, 'Answered NO_ANSWER_IN_TIME before this was recorded.'],
  ])('is told after the reason: %s', (reason, over, sentence) => {
    expect(say(reason, over)).toBe(`${say(reason, { ...over, answer: null })} ${sentence}`);
  });

  it('is not told when it is the same', () => {
    const same = { answer: { approved: false, reason: 'CARD_FROZEN' } };
    expect(say('CARD_FROZEN', same)).toBe('The card was frozen.');
  });
});

describe('every reason', () => {
  const reasons = [...DECLINE_REASONS, ...FALLBACK_REASONS, ...APPROVE_REASONS];
  it.each(reasons)('%s gives one sentence without any facts', (reason) => {
    const bare = { currency: null, askedMinor: null, availableBeforeMinor: null };
    for (const sentence of [say(reason), say(reason, bare)]) {
      expect(sentence).toMatch(/^[A-Z0-9a-z].*[^.]\.$/);
      expect(sentence).not.toMatch(/null|undefined|NaN|\. \w/);
    }
  });

  it('of another version gives one too, whatever it is called', () => {
    for (const reason of ['TOO_CHEERFUL', 'constructor', '__proto__']) {
      expect(say(reason)).toBe(`The reason ${reason} is of another version of this program.`);
    }
  });

  it('shows amounts of a currency that nobody mints as what they are', () => {
    expect(say('INSUFFICIENT_FUNDS', { currency: 'xxq' })).toContain('2500 minor units of XXQ');
  });
});
