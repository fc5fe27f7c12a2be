/** What was agreed when a card was requested: how long its waits last, and what happens by itself. */
import type { CardOptions } from './card-options.ts';
import { daysInMs, KYC_ATTEMPTS_MAX, KYC_DEADLINE_MS, KYC_REMINDER_AFTER_MS } from './limits.ts';

export interface CardTerms {
  readonly kyc: {
    readonly reminderAfterMs: number;
    /** Counts from the request of the card, over all attempts. */
    readonly deadlineMs: number;
    readonly attemptsMax: number;
  };
  /** A card that is about to expire gets its successor by itself. */
  readonly renews: boolean;
  /** Stripe cancels the card after so many payments, so such an end is no surprise. */
  readonly endsByItself: boolean;
}

export const DEFAULT_TERMS: CardTerms = {
  kyc: {
    reminderAfterMs: KYC_REMINDER_AFTER_MS,
    deadlineMs: KYC_DEADLINE_MS,
    attemptsMax: KYC_ATTEMPTS_MAX,
  },
  renews: true,
  endsByItself: false,
};

export function termsOf(options: CardOptions): CardTerms {
  const { kyc = {} } = options;
  const inMs = (days: number | undefined, fallback: number): number =>
    days === undefined ? fallback : daysInMs(days);
  return {
    kyc: {
      reminderAfterMs: inMs(kyc.reminderAfterDays, DEFAULT_TERMS.kyc.reminderAfterMs),
      deadlineMs: inMs(kyc.deadlineDays, DEFAULT_TERMS.kyc.deadlineMs),
      attemptsMax: kyc.attempts ?? DEFAULT_TERMS.kyc.attemptsMax,
    },
    renews: options.renewal !== 'none',
    endsByItself: options.cancelAfterPayments !== undefined,
  };
}
