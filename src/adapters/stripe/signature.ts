/**
 * Checks that Stripe sent what arrived, by the scheme of its signatures: `t=<seconds>,v1=<hex>[,v1=<hex>…]`, where v1 is
 * the HMAC-SHA256 of `<t>.<raw body>` with the whole secret. Stripe's library does the same, and a property test compares
 * both; but no other module takes the authorizer as long to load.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isObject, type Json } from './wire.ts';

/** A signature older than this is refused, so that a recorded request cannot be played back later. */
const SIGNATURE_TOLERANCE_S = 300;
const MS_PER_S = 1_000;
/** A notification without the object; we read snapshots only. */
const THIN_EVENT = 'v2.core.event';

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
  const { rawBody, secrets, toleranceS = SIGNATURE_TOLERANCE_S } = body;
  const header = readHeader(body.signatureHeader);
  // One from the future passes, as with Stripe's library: a clock that is behind must not refuse everything.
  if (header === null || header.timestampS < Date.now() / MS_PER_S - toleranceS) {
    return BAD_SIGNATURE;
  }
  const secretIndex = secrets.findIndex((secret) => isSignedWith(secret, header, rawBody));
  if (secretIndex < 0) return BAD_SIGNATURE;
  const event = parse(rawBody);
  return isObject(event) && event['object'] !== THIN_EVENT && typeof event['type'] === 'string'
    ? { kind: 'verified', event, secretIndex }
    : NOT_AN_EVENT;
}

interface SignatureHeader {
  /** As it was signed; Stripe writes no leading zeros. */
  readonly timestamp: string;
  readonly timestampS: number;
  /** Hexadecimal. */
  readonly signatures: readonly string[];
}

/** Null when no such header can be right. Other schemes than v1 are ignored. */
function readHeader(header: SignedBody['signatureHeader']): SignatureHeader | null {
  if (typeof header !== 'string') return null;
  let timestamp: string | undefined;
  const signatures: string[] = [];
  for (const item of header.split(',')) {
    const equals = item.indexOf('=');
    const [name, value] = [item.slice(0, equals), item.slice(equals + 1)];
    if (name === 't') timestamp = value;
    else if (name === 'v1') signatures.push(value);
  }
  if (timestamp === undefined || !/^[0-9]{1,12}$/.test(timestamp)) return null;
  return { timestamp, timestampS: Number(timestamp), signatures };
}

function isSignedWith(secret: string, header: SignatureHeader, rawBody: Buffer): boolean {
  const wanted = createHmac('sha256', secret)
    .update(`${header.timestamp}.`)
    .update(rawBody)
    .digest('hex');
  return header.signatures.some((given) => isSame(given, wanted));
}

/** In a time that does not tell how much of it is right. */
function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
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
  Number.isSafeInteger(event['created']) &&
  isObject(event['data']) &&
  isObject(event['data']['object']);
