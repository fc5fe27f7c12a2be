/** KYC of a holder: who checks, what a check can show, and what a new view of it makes of the holder's standing. */
import type { CardFact } from './card-facts.ts';
import type { KycProviderName } from './kyc-providers.ts';

/** Of the holder, whatever check or person it comes from. */
export type KycStatus = 'unverified' | 'pending' | 'verified' | 'failed' | 'rejected';

/**
 * Of one check. `requires_input` with an error is a try that failed and may be repeated in the same check, `failed` one
 * that needs a new check; `rejected` is a verdict about the person, after which nobody tries again.
 */
export type CheckStatus =
  | 'requires_input'
  | 'processing'
  | 'verified'
  | 'failed'
  | 'rejected'
  | 'canceled';

export interface CheckError {
  /** Letters, digits and underscores: it goes into facts, which hold nothing personal. */
  readonly code: string;
  /** A sentence for the customer, which may say something of the person: it stays in the holder's row. */
  readonly reason: string | null;
  /** Tells this failure from an earlier one of the same check; null where nothing does. */
  readonly failureId: string | null;
}

/** A check as a message or a poll showed it. */
export interface CheckView {
  readonly source: 'event' | 'fetched';
  readonly status: CheckStatus;
  readonly error: CheckError | null;
  /** Where the customer identifies; missing where the view does not tell. */
  readonly url?: string | null;
  /** The provider's second: of the message, or the latest that a poll certainly saw. */
  readonly atS: number;
}

export interface KycStanding {
  readonly status: KycStatus;
  /** Of the newest view that was taken in, 0 before the first. */
  readonly viewS: number;
  readonly lastError: CheckError | null;
}

const CANCELED: CheckError = { code: 'session_canceled', reason: null, failureId: 'canceled' };
const UNKNOWN: CheckError = { code: 'unknown', reason: null, failureId: null };

/**
 * What a view of the running check makes of the standing; null when it tells nothing new. A verdict stands: what
 * a check shows after it are echoes of its redaction. Else the newest view counts, in whatever order they come.
 */
export function standingAfter(before: KycStanding, view: CheckView): KycStanding | null {
  if (before.status === 'verified' || before.status === 'rejected') return null;
  const isOlder =
    view.atS < before.viewS ||
    // Within one second an outcome came after the work on it.
    (view.atS === before.viewS && view.status === 'processing');
  const { status, error } = shownBy(view);
  // A check has one verdict, which nothing follows: it counts however late it comes.
  if (isOlder && status !== 'verified' && status !== 'rejected') return null;
  if (view.source === 'fetched' && status === 'failed' && isKnown(before, error)) return null;
  const viewS = Math.max(before.viewS, view.atS);
  return { status, viewS, lastError: status === 'pending' ? before.lastError : error };
}

/**
 * The link after a view of the running check; undefined where it stays as it was. A verdict ends it, and a try that
 * failed has used it up, unless the view shows a new one. Links expire too, so the newest view counts here as well.
 */
export function linkAfter(before: KycStanding, view: CheckView): string | null | undefined {
  if (before.status === 'verified' || before.status === 'rejected') return undefined;
  if (view.status === 'verified' || view.status === 'rejected') return null;
  if (view.atS < before.viewS) return undefined;
  if (view.status !== 'requires_input' && view.status !== 'processing') return null;
  if (view.url !== undefined) return view.url;
  return view.error === null ? undefined : null;
}

/** After a failed try a check goes on showing that failure until the customer acts: a poll must not count it twice. */
const isKnown = ({ lastError }: KycStanding, error: CheckError | null): boolean =>
  error !== null && error.failureId !== null && error.failureId === lastError?.failureId;

function shownBy({ status, error }: CheckView): Pick<KycStanding, 'status'> & {
  readonly error: CheckError | null;
} {
  switch (status) {
    case 'processing':
      return { status: 'pending', error: null };
    case 'requires_input':
      return { status: error === null ? 'pending' : 'failed', error };
    case 'verified':
      return { status: 'verified', error: null };
    case 'failed':
      return { status: 'failed', error: error ?? UNKNOWN };
    case 'rejected':
      return { status: 'rejected', error: error ?? { ...UNKNOWN, code: 'rejected' } };
    case 'canceled':
      return { status: 'failed', error: CANCELED };
  }
}

/** What a card that waits for KYC is told of a standing. */
export function kycFact({ status, lastError }: KycStanding): CardFact {
  switch (status) {
    case 'unverified':
    case 'pending':
      return { kind: 'verification_pending' };
    case 'verified':
      return { kind: 'identity_verified' };
    case 'rejected':
      return { kind: 'kyc_decided', approved: false };
    case 'failed': {
      const code = lastError?.code ?? UNKNOWN.code;
      return code === CANCELED.code
        ? { kind: 'identity_canceled' }
        : { kind: 'identity_failed', code };
    }
  }
}

export interface KycWish {
  /** The card's own choice, else the tenant's. */
  readonly provider: KycProviderName;
  /** An earlier verification counts for so long. */
  readonly validForMs: number;
}

export interface KycRow {
  readonly status: KycStatus;
  readonly provider: KycProviderName;
  /** Of the last verification, which stays known while it is renewed. */
  readonly verifiedAtMs: number | null;
}

/**
 * What a card that needs a verified holder does. `join`: a check is under way, whoever began it, and its provider
 * stays. `again`: the same provider tries once more, maybe in the same check. `begin`: a new check. `verified`: an
 * earlier verification is young enough for this card, also while another card has it renewed.
 */
export type KycStep = 'verified' | 'rejected' | 'join' | 'again' | 'begin';

export function kycStep(row: KycRow, wish: KycWish, nowMs: number): KycStep {
  if (row.status === 'rejected') return 'rejected';
  if (row.verifiedAtMs !== null && nowMs - row.verifiedAtMs < wish.validForMs) return 'verified';
  if (row.status === 'pending') return 'join';
  return row.status === 'failed' && row.provider === wish.provider ? 'again' : 'begin';
}
