/** The signed callback of an external KYC provider: verified, read, and told in domain words (docs/kyc.md). */
import type { VerificationSighting } from '../../domain/sighting.ts';
import { type SignedBody, signingSecret } from '../../platform/signature.ts';
import { isUnixSeconds } from '../../platform/unix-seconds.ts';
import type { ExternalCheck } from './check-body.ts';
import { isObject, readCheck, UnreadableCheckError } from './check-body.ts';

/** The one type of message: what it tells follows from the check in it. */
export const CHECK_UPDATED = 'kyc.check.updated';
/** Longer ids of messages are no ids. */
const EVENT_ID = /^[\x21-\x7e]{1,200}$/;

type Json = Readonly<Record<string, unknown>>;

export interface CallbackEvent {
  readonly id: string;
  readonly created: number;
  readonly check: ExternalCheck;
  readonly event: Json;
}

export type VerifiedCallback =
  | { readonly kind: 'verified'; readonly callback: CallbackEvent }
  | { readonly kind: 'refused'; readonly reason: 'signature' }
  | {
      readonly kind: 'refused';
      readonly reason: 'not_an_event';
      readonly field: { readonly path: string; readonly message: string };
    };

/** The signature is checked before anything in the body is believed. */
export function verifyCallback(body: SignedBody): VerifiedCallback {
  if (signingSecret(body) === null) return { kind: 'refused', reason: 'signature' };
  try {
    return { kind: 'verified', callback: readCallback(parse(body.rawBody)) };
  } catch (error) {
    if (!(error instanceof UnreadableCheckError)) throw error;
    const field = { path: error.path, message: `must be ${error.wanted}` };
    return { kind: 'refused', reason: 'not_an_event', field };
  }
}

/** @throws UnreadableCheckError when the event is not as documented. */
function readCallback(event: unknown): CallbackEvent {
  if (!isObject(event)) throw new UnreadableCheckError('', 'a JSON object');
  const { id, type, created, data } = event;
  if (typeof id !== 'string' || !EVENT_ID.test(id)) throw new UnreadableCheckError('id', 'an id');
  // Other types have other meanings to us, and this provider has no say in them.
  if (type !== CHECK_UPDATED) throw new UnreadableCheckError('type', CHECK_UPDATED);
  if (!isUnixSeconds(created)) throw new UnreadableCheckError('created', 'a time in seconds');
  const check = readCheck(isObject(data) ? data['object'] : undefined, 'data.object');
  return { id, created, check, event };
}

/** What a stored callback means. */
export function interpretCallback(event: Json): VerificationSighting {
  const { check } = readCallback(event);
  const { reference, tenantId, cardholderId, status, error, url, atS } = check;
  const view = { source: 'event', status, error, url, atS } as const;
  const holder = { tenantId, cardholderId };
  return { kind: 'verification', provider: 'external', reference, holder, view };
}

function parse(rawBody: Buffer): unknown {
  try {
    return JSON.parse(rawBody.toString('utf8'));
  } catch {
    return undefined;
  }
}
