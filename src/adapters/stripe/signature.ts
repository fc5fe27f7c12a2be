/**
 * Checks that Stripe sent what arrived. Only the static part of the Stripe library is used: no API client is
 * made here, because the real-time path loads this file too.
 */
import { Stripe } from 'stripe';
import { isObject, type Json } from './wire.ts';

/** A signature older than this is refused, so that a recorded request cannot be played back later. */
const SIGNATURE_TOLERANCE_S = 300;

export interface SignedBody {
  /** The bytes as they arrived; a parsed and printed body has another signature. */
  readonly rawBody: Buffer;
  readonly signatureHeader: string | readonly string[] | undefined;
  /** Several may be valid while one is being rolled. */
  readonly secrets: readonly string[];
  /** Seconds; must be above zero, because zero would switch the check off. */
  readonly toleranceS?: number;
}

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
  const { signatureHeader, secrets, toleranceS = SIGNATURE_TOLERANCE_S } = body;
  if (typeof signatureHeader !== 'string') return BAD_SIGNATURE;
  for (const [secretIndex, secret] of secrets.entries()) {
    const parsed = construct(body.rawBody, signatureHeader, { secret, toleranceS });
    if (parsed === 'wrong_signature') continue;
    return isObject(parsed) && typeof parsed['type'] === 'string'
      ? { kind: 'verified', event: parsed, secretIndex }
      : NOT_AN_EVENT;
  }
  return BAD_SIGNATURE;
}

function construct(
  rawBody: Buffer,
  header: string,
  { secret, toleranceS }: { readonly secret: string; readonly toleranceS: number },
): unknown {
  try {
    return Stripe.webhooks.constructEvent(rawBody, header, secret, toleranceS);
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return 'wrong_signature';
    // The signature was right, but the body is no JSON or a thin notification without an object.
    return undefined;
  }
}

const isSnapshotEvent = (event: Json): boolean =>
  typeof event['id'] === 'string' &&
  Number.isSafeInteger(event['created']) &&
  isObject(event['data']) &&
  isObject(event['data']['object']);
