/**
 * Business attempts: each call that makes something at Stripe is stored, with its frozen request, before it is
 * sent, so that every repeat sends the same body under the same key, whoever repeats it and whenever.
 */
import type { TenantId } from '../domain/ids.ts';
import type { StripeRefusal } from '../domain/stripe-refusals.ts';
import type { FrozenRequest } from './issuer.ts';

export type AttemptStep = 'create_cardholder' | 'create_card' | 'create_verification';

export interface AttemptKey {
  /** Our id of what is being created for: a card or a cardholder. */
  readonly subjectId: string;
  readonly step: AttemptStep;
  /** Counts from 1. */
  readonly attempt: number;
}

export interface Attempt extends AttemptKey {
  readonly idempotencyKey: string;
  readonly request: FrozenRequest;
  readonly startedAtMs: number;
  /** The key can no longer be used: Stripe would repeat a 500, or refuse the key. */
  readonly spoiled: boolean;
  readonly outcome:
    | { readonly kind: 'open' }
    | { readonly kind: 'made'; readonly resultId: string }
    | ({ readonly kind: 'refused' } & StripeRefusal);
}

export interface NewAttempt extends AttemptKey {
  readonly tenantId: TenantId;
  readonly idempotencyKey: string;
  readonly request: FrozenRequest;
  readonly startedAtMs: number;
}

export interface AttemptStore {
  /** The newest attempt of a step; undefined before the first. */
  latest(subjectId: string, step: AttemptStep): Promise<Attempt | undefined>;
  /** Stores the attempt unless one of that number is there, and returns the one that is stored. */
  begin(attempt: NewAttempt): Promise<Attempt>;
  spoil(key: AttemptKey): Promise<void>;
  /** Settles an open attempt; a settled one stays as it is. */
  finish(
    key: AttemptKey,
    outcome:
      | { readonly kind: 'made'; readonly resultId: string }
      | ({ readonly kind: 'refused' } & StripeRefusal),
  ): Promise<void>;
}
