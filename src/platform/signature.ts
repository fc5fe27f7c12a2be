/**
 * Signatures of HTTP bodies in the form `t=<seconds>,v1=<hex>[,v1=<hex>…]`, where v1 is the HMAC-SHA256 of `<t>.<raw
 * body>` with the whole secret. Stripe signs so, and so does everybody whose callbacks we take.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** A signature older than this is refused, so that a recorded request cannot be played back later. */
const SIGNATURE_TOLERANCE_S = 300;
const MS_PER_S = 1_000;

export interface SignedBody {
  /** The bytes as they arrived; a parsed and printed body has another signature. */
  readonly rawBody: Buffer;
  readonly signatureHeader: string | readonly string[] | undefined;
  /** Several may be valid while one is being rolled. */
  readonly secrets: readonly string[];
  /** Seconds; must be above zero, because zero would switch the check off. */
  readonly toleranceS?: number;
}

/** Which of the secrets matches; null when none does, or the signature is too old. */
export function signingSecret(body: SignedBody): number | null {
  const { rawBody, secrets, toleranceS = SIGNATURE_TOLERANCE_S } = body;
  const header = readHeader(body.signatureHeader);
  // One from the future passes, as with Stripe's library: a clock that is behind must not refuse everything.
  if (header === null || header.timestampS < Date.now() / MS_PER_S - toleranceS) return null;
  const index = secrets.findIndex((secret) => isSignedWith(secret, header, rawBody));
  return index < 0 ? null : index;
}

/** The header for content that we send. */
export const signatureHeaderOf = (
  secret: string,
  { content, timestampS }: { readonly content: string; readonly timestampS: number },
): string => `t=${timestampS},v1=${hmac(secret, String(timestampS), Buffer.from(content))}`;

interface SignatureHeader {
  /** As it was signed; nobody writes leading zeros. */
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
  const wanted = hmac(secret, header.timestamp, rawBody);
  return header.signatures.some((given) => isSame(given, wanted));
}

const hmac = (secret: string, timestamp: string, content: Buffer): string =>
  createHmac('sha256', secret).update(`${timestamp}.`).update(content).digest('hex');

/** In a time that does not tell how much of it is right. */
function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
