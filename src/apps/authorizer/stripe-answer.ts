/** The answer in Stripe's form. */
import type { AskedRequest } from '../../domain/authorization-request.ts';
import { metadataKeyOf } from '../../domain/metadata-key.ts';
import type { DecisionAnswer } from './decider.ts';

export interface StripeAnswer {
  readonly approved: boolean;
  /** Only where it is less than what was asked: elsewhere Stripe takes it for a mistake. */
  readonly amount?: number;
  /** By its key, convergence finds the decision confirmed; its value is for people who look at Stripe. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Key of the note where a request has no id; it must not look like the id of one. */
const KEY_WITHOUT_ID = 'authorizer';

export function stripeAnswer(request: AskedRequest, answer: DecisionAnswer): StripeAnswer {
  const { approved, approvedMinor, decisionId, reason } = answer;
  const isPartial = approved && request.kind === 'readable' && approvedMinor < request.askedMinor;
  return {
    approved,
    ...(isPartial ? { amount: approvedMinor } : {}),
    metadata: noteOf(request.requestId, decisionId === null ? reason : `${decisionId} ${reason}`),
  };
}

/** A decline that nothing could be recorded of. */
export const plainDecline = (requestId: string | null, reason: string): StripeAnswer => ({
  approved: false,
  metadata: noteOf(requestId, reason),
});

const noteOf = (requestId: string | null, note: string): Readonly<Record<string, string>> => ({
  [requestId === null ? KEY_WITHOUT_ID : metadataKeyOf(requestId)]: note,
});
