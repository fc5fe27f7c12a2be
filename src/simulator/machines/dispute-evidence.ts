/** What cardholders bring forward, by reason of a dispute, and until when. Pure. */
import { SECONDS_PER_DAY } from './duration.ts';
export const DISPUTE_REASONS = [
  'canceled',
  'duplicate',
  'fraudulent',
  'merchandise_not_as_described',
  'no_valid_authorization',
  'not_received',
  'other',
  'service_not_as_described',
] as const;
export type DisputeReason = (typeof DISPUTE_REASONS)[number];

export type EvidenceValue = boolean | number | string | null;
export type EvidenceMember = Readonly<Record<string, EvidenceValue>>;
/** One member a reason, each with all its fields. The member of the present reason is always there. */
export type Evidence = { readonly reason: DisputeReason } & {
  readonly [R in DisputeReason]?: EvidenceMember;
};

/** From clearing, or from the day on which the cardholder knew that something was wrong. */
const ORDINARY_DAYS = 110;
/** Visa's limit for disputes about the authorization. */
const AUTHORIZATION_DAYS = 65;

interface Rule {
  /** Without these the network does not take the dispute. Stripe publishes no list that could be checked. */
  readonly required: readonly string[];
  readonly days: number;
  /** The field with the moment from which the days count, if it is later than the clearing. */
  readonly from?: string;
}

const PRODUCT = ['product_description', 'product_type'] as const;

const RULES: Readonly<Record<DisputeReason, Rule>> = {
  canceled: {
    required: [
      'explanation',
      'canceled_at',
      'cancellation_policy_provided',
      'cancellation_reason',
      'expected_at',
      ...PRODUCT,
    ],
    days: ORDINARY_DAYS,
    from: 'canceled_at',
  },
  duplicate: { required: ['explanation'], days: ORDINARY_DAYS },
  fraudulent: { required: ['explanation'], days: ORDINARY_DAYS },
  merchandise_not_as_described: {
    required: ['explanation', 'received_at', 'return_description', 'return_status', 'returned_at'],
    days: ORDINARY_DAYS,
    from: 'received_at',
  },
  no_valid_authorization: { required: ['explanation'], days: AUTHORIZATION_DAYS },
  not_received: {
    required: ['explanation', 'expected_at', ...PRODUCT],
    days: ORDINARY_DAYS,
    from: 'expected_at',
  },
  other: { required: ['explanation', ...PRODUCT], days: ORDINARY_DAYS },
  service_not_as_described: {
    required: ['explanation', 'canceled_at', 'cancellation_reason', 'received_at'],
    days: ORDINARY_DAYS,
    from: 'received_at',
  },
};

/** Any one of them shows that a duplicate was paid for already. */
const PROOFS_OF_PAYMENT = [
  'original_transaction',
  'card_statement',
  'cash_receipt',
  'check_image',
] as const;

/** The name of the first field that must be there before the dispute can be submitted, or undefined. */
export function missingEvidence(evidence: Evidence): string | undefined {
  const { reason } = evidence;
  const member = evidence[reason] ?? {};
  const lacks = (field: string): boolean => (member[field] ?? null) === null;
  const required = [...RULES[reason].required];
  if (reason === 'canceled' && member['product_type'] === 'merchandise') {
    required.push('return_status', 'returned_at');
  }
  if (reason === 'duplicate' && PROOFS_OF_PAYMENT.every(lacks))
    required.push('original_transaction');
  const missing = required.find(lacks);
  return missing === undefined ? undefined : `evidence[${reason}][${missing}]`;
}

/** The last moment (Unix seconds) at which a dispute with this evidence can be submitted. */
export function submissionDeadline(evidence: Evidence, clearedAt: number): number {
  const { days, from } = RULES[evidence.reason];
  const known = from === undefined ? undefined : evidence[evidence.reason]?.[from];
  const start = typeof known === 'number' ? Math.max(known, clearedAt) : clearedAt;
  return start + days * SECONDS_PER_DAY;
}

/**
 * The moment (Unix seconds) from which an unsubmitted dispute is expired: 110 days after clearing, or later if its
 * reason allows to submit it later.
 */
export const draftExpiry = (evidence: Evidence, clearedAt: number): number =>
  Math.max(clearedAt + ORDINARY_DAYS * SECONDS_PER_DAY, submissionDeadline(evidence, clearedAt));
