/**
 * A dispute as it is stored, and its state machine. Pure.
 *
 *   unsubmitted ──submit──► submitted ──win──► won
 *        │                    │  ▲  └──lose──► lost
 *        │                    └──┘
 *        │                    money is given back provisionally, or taken back again
 *        └──its time is over──► expired
 *
 * Each step has its own event; there is no `updated` beside it, which only an edit of the draft sends. Money comes
 * back once: a dispute that is won after a provisional credit sends no second `funds_reinstated`.
 */
import type { Evidence } from './dispute-evidence.ts';
import { SECONDS_PER_DAY } from './duration.ts';

export const DISPUTE_STATUSES = ['expired', 'lost', 'submitted', 'unsubmitted', 'won'] as const;
type DisputeStatus = (typeof DISPUTE_STATUSES)[number];

export const LOSS_REASONS = [
  'cardholder_authentication_issuer_liability',
  'eci5_token_transaction_with_tavv',
  'excess_disputes_in_timeframe',
  'has_not_met_the_minimum_dispute_amount_requirements',
  'invalid_duplicate_dispute',
  'invalid_incorrect_amount_dispute',
  'invalid_no_authorization',
  'invalid_use_of_disputes',
  'merchandise_delivered_or_shipped',
  'merchandise_or_service_as_described',
  'not_cancelled',
  'other',
  'refund_issued',
  'submitted_beyond_allowable_time_limit',
  'transaction_3ds_required',
  'transaction_approved_after_prior_fraud_dispute',
  'transaction_authorized',
  'transaction_electronically_read',
  'transaction_qualifies_for_visa_easy_payment_service',
  'transaction_unattended',
] as const;
export type LossReason = (typeof LOSS_REASONS)[number];

export interface DisputeRow {
  readonly id: string;
  /** Positive, in minor units of the card's currency. */
  readonly amount: number;
  /** Ids; absent where no balance was moved. */
  readonly balance_transactions?: readonly string[];
  readonly created: number;
  readonly currency: string;
  readonly evidence: Evidence;
  readonly loss_reason?: LossReason;
  readonly metadata: Readonly<Record<string, string>>;
  readonly status: DisputeStatus;
  readonly transaction: string;
  /** What the API does not show. */
  readonly sim: {
    readonly card: string;
    /** Whether the money is back with the program at the moment. */
    readonly reinstated: boolean;
    /** Unix seconds. */
    readonly submittedAt: number | null;
  };
}

export type DisputeStep =
  | { readonly kind: 'expire' }
  | { readonly kind: 'lose'; readonly reason: LossReason }
  | { readonly kind: 'reinstate' }
  | { readonly kind: 'rescind' }
  | { readonly kind: 'submit'; readonly at: number }
  | { readonly kind: 'win' };

type DisputeEvent = 'closed' | 'funds_reinstated' | 'funds_rescinded' | 'submitted';

export interface DisputeMove {
  readonly dispute: DisputeRow;
  /** What is told, in order. */
  readonly events: readonly DisputeEvent[];
}

/** The dispute after a step, or undefined when the step is not possible in its state. */
export function moveDispute(dispute: DisputeRow, step: DisputeStep): DisputeMove | undefined {
  const wanted = step.kind === 'submit' || step.kind === 'expire' ? 'unsubmitted' : 'submitted';
  if (dispute.status !== wanted) return undefined;
  const { sim } = dispute;
  const withFunds = (reinstated: boolean): DisputeRow => ({
    ...dispute,
    sim: { ...sim, reinstated },
  });
  switch (step.kind) {
    case 'submit':
      return {
        dispute: { ...dispute, status: 'submitted', sim: { ...sim, submittedAt: step.at } },
        events: ['submitted'],
      };
    case 'expire':
      return { dispute: { ...dispute, status: 'expired' }, events: ['closed'] };
    case 'win':
      return {
        dispute: { ...withFunds(true), status: 'won' },
        events: sim.reinstated ? ['closed'] : ['closed', 'funds_reinstated'],
      };
    case 'lose':
      return {
        dispute: { ...withFunds(false), status: 'lost', loss_reason: step.reason },
        events: sim.reinstated ? ['closed', 'funds_rescinded'] : ['closed'],
      };
    case 'reinstate':
      return sim.reinstated
        ? undefined
        : { dispute: withFunds(true), events: ['funds_reinstated'] };
    case 'rescind':
      return sim.reinstated
        ? { dispute: withFunds(false), events: ['funds_rescinded'] }
        : undefined;
  }
}

/** More fraud disputes on one card within the window are rejected at once, as networks do. */
const FRAUD_DISPUTES_MAX = 35;
const FRAUD_WINDOW_SECONDS = 120 * SECONDS_PER_DAY;

/** Whether a fraud dispute submitted now is one too many for its card. */
export function exceedsFraudLimit(
  dispute: DisputeRow,
  all: readonly DisputeRow[],
  now: number,
): boolean {
  if (dispute.evidence.reason !== 'fraudulent') return false;
  const since = now - FRAUD_WINDOW_SECONDS;
  const earlier = all.filter(
    ({ id, evidence, sim }) =>
      id !== dispute.id &&
      sim.card === dispute.sim.card &&
      evidence.reason === 'fraudulent' &&
      sim.submittedAt !== null &&
      sim.submittedAt > since,
  );
  return earlier.length >= FRAUD_DISPUTES_MAX;
}
