/**
 * What a plan of traffic is made of. Names of cards (`c3`, after a loss `c3.1`), of authorizations and of captures
 * are the plan's own; the executor learns the ids behind them. All amounts are in minor units and above zero.
 */
import { SECONDS_PER_DAY, SECONDS_PER_HOUR } from '../machines/duration.ts';

export const SCENARIOS = [
  'blocked_category',
  'card_testing',
  'expiry',
  'forced_capture',
  'fuel',
  'grocery',
  'hotel',
  'inactive_card',
  'late_capture',
  'lost_card',
  'over_limit',
  'refund',
  'restaurant',
  'reversal',
  'subscription',
  'taxi',
  'travel',
  'unlinked_refund',
  'wrong_cvc',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** As the test helpers take it. */
export interface Merchant {
  readonly name: string;
  readonly category: string;
  readonly city: string;
  readonly state?: string;
  readonly postal_code: string;
  readonly country: string;
}

/** `late`: after the hold was given back. `over`: more than is held. */
export type CaptureForm = 'full' | 'late' | 'over' | 'partial';

export interface Authorize {
  readonly kind: 'authorize';
  readonly name: string;
  readonly card: string;
  /** In the merchant's currency. */
  readonly amount: number;
  /** The merchant's, where it is not the card's. */
  readonly currency?: 'eur' | 'gbp' | 'jpy';
  readonly method: 'chip' | 'contactless' | 'keyed_in' | 'online';
  readonly merchant: Merchant;
  /** The amount is an estimate that the decision may change, as at a fuel pump. */
  readonly controllable?: true;
  readonly cvc: 'match' | 'mismatch' | 'not_provided';
  readonly threeDSecure?: 'authenticated' | 'failed';
  readonly fraudRisk: 'elevated' | 'highest' | 'normal';
  /** Percentage of wrong card numbers that the merchant has tried lately. */
  readonly guessedNumbers?: number;
}

export type Call =
  | {
      readonly kind: 'cardholder';
      readonly name: string;
      readonly email: string;
      readonly phone: string;
    }
  | {
      readonly kind: 'card';
      readonly card: string;
      readonly limit: number;
      readonly blockedCategory: string;
      /** The lost card that it replaces. */
      readonly replaces?: string;
    }
  | { readonly kind: 'card_status'; readonly card: string; readonly status: 'active' | 'inactive' }
  | { readonly kind: 'lose_card'; readonly card: string }
  | Authorize
  | { readonly kind: 'increment'; readonly authorization: string; readonly amount: number }
  | { readonly kind: 'finalize'; readonly authorization: string; readonly amount: number }
  | {
      readonly kind: 'capture';
      readonly name: string;
      readonly authorization: string;
      /** Without one, all that is held. */
      readonly amount?: number;
      readonly close: boolean;
      readonly form: CaptureForm;
    }
  /** Without an amount, all that is held. */
  | { readonly kind: 'reverse'; readonly authorization: string; readonly amount?: number }
  | { readonly kind: 'expire'; readonly authorization: string }
  /** Without an amount, all that was captured. */
  | { readonly kind: 'refund'; readonly capture: string; readonly amount?: number }
  | {
      readonly kind: 'forced_capture' | 'unlinked_refund';
      readonly card: string;
      readonly amount: number;
      readonly merchant: Merchant;
    };

export interface Step {
  /** Whole seconds of program time since the start. */
  readonly at: number;
  /** The person; steps of one person are made one after the other. */
  readonly lane: number;
  readonly scenario: Scenario | 'setup';
  /** Whether a purchase begins with this step. */
  readonly opens: boolean;
  readonly call: Call;
}

export const MINUTE = 60;
export const HOUR = SECONDS_PER_HOUR;
export const DAY = SECONDS_PER_DAY;
