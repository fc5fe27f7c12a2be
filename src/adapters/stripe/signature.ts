/**
 * Checks that Stripe sent what arrived (src/platform/signature.ts). Stripe's library does the same, and a property test
 * compares both; but no other module takes the authorizer as long to load.
 */
import { type SignedBody, signingSecret } from '../../platform/signature.ts';
import { isUnixSeconds } from '../../platform/unix-seconds.ts';
import { isObject, type Json } from './wire.ts';

/** A notification without the object; we read snapshots only. */
const THIN_EVENT = 'v2.core.event';

export type VerifiedEvent =
  | {
      readonly kind: 'verified';
      readonly event: Json;
      /** Which of the secrets matched. */
      readonly secretIndex: number;
    }
  | { readonly kind: 'refused'; readonly reason: 'signature' | 'not_an_event' };

const BAD_SIGNATURE: VerifiedEvent = { kind: 'refused', reason: 'signature' };
const NOT_AN_EVENT: VerifiedEvent = { kind: 'refused', reason: 'not_an_event' };

/** As `verifySignature`; the event has at least `id`, `type`, `created` and `data.object`. */
export function verifyStripeEvent(body: SignedBody): VerifiedEvent {
  const verified = verifySignature(body);
  return verified.kind === 'verified' && !isSnapshotEvent(verified.event) ? NOT_AN_EVENT : verified;
}

/**
 * Tries each secret; the signature is checked before anything in the body is believed. Of the event no more is
 * known than its `type`: a request that lacks the rest is still owed an answer.
 */
export function verifySignature(body: SignedBody): VerifiedEvent {
  const secretIndex = signingSecret(body);
  if (secretIndex === null) return BAD_SIGNATURE;
  const event = parse(body.rawBody);
  return isObject(event) && event['object'] !== THIN_EVENT && typeof event['type'] === 'string'
    ? { kind: 'verified', event, secretIndex }
    : NOT_AN_EVENT;
}

/** Undefined for what is no JSON. */
function parse(rawBody: Buffer): unknown {
  try {
    return JSON.parse(rawBody.toString('utf8'));
  } catch {
    return undefined;
  }
}

const isSnapshotEvent = (event: Json): boolean =>
  typeof event['id'] === 'string' &&
  isUnixSeconds(event['created']) &&
  isObject(event['data']) &&
  isObject(event['data']['object']);
