import type { KycProviderName } from './kyc-providers.ts';

/** What is asked for with a card and stays as it is over its life; what is absent is ours to choose. */
export interface CardOptions {
  readonly kyc?: KycOptions;
  readonly renewal?: 'automatic' | 'none';
  /** Stripe cancels the card after so many payments. */
  readonly cancelAfterPayments?: number;
  /** Stripe's id of the design that a physical card is printed with. */
  readonly personalizationDesign?: string;
}

export interface KycOptions {
  readonly provider?: KycProviderName;
  readonly reminderAfterDays?: number;
  readonly deadlineDays?: number;
  readonly attempts?: number;
  /** An earlier verification of the holder counts for so long. */
  readonly validForDays?: number;
}
