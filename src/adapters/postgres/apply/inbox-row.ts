/** A row of the inbox, what it was read as, and how it may end. */
import type { TenantId } from '../../../domain/ids.ts';
import { UNKNOWN_CARD_PARKED_MS } from '../../../domain/limits.ts';
import type { Sighting } from '../../../domain/sighting.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Interpret } from '../../../ports/event-application.ts';

export interface InboxRow {
  readonly inbox_id: number;
  readonly group_key: string;
  readonly event_id: string;
  readonly source: 'webhook' | 'catch_up' | 'fetch' | 'decision';
  readonly type: string;
  readonly object_id: string | null;
  readonly created: number;
  /** The body as it came; null once it was erased. */
  readonly payload: string | null;
  readonly stripe_account: string | null;
  /** How long ago it was stored. By the database’s clock, which wrote it: ours may be set ahead by days. */
  readonly stored_ms: number;
  readonly attempts: number;
  readonly tenant_id: string | null;
}

export interface ApplyOptions {
  readonly interpret: Interpret;
  readonly clock: Clock;
  /** Who works, for people who look at its leases. */
  readonly relay?: string;
  /** Lanes worked off side by side. */
  readonly lanesMax: number;
  /** Told of groups whose transaction failed; they are tried again later. */
  readonly onError: (groupKey: string, error: unknown) => void;
  /** Answers true when no further group should be begun. */
  readonly isStopping?: () => boolean;
}

/** How a row ends: `pending` is parked and tried again. */
export interface RowOutcome {
  readonly row: InboxRow;
  readonly status: 'applied' | 'ignored' | 'attention' | 'pending';
  readonly reason: string | null;
  /** Whoever ended the row as `attention` has opened an item of its own for it. */
  readonly hasItem?: boolean;
}

export interface ReadRow {
  readonly row: InboxRow;
  readonly tenantId: TenantId;
  readonly sighting: Sighting;
}

/** What the row is about may become known within a day; after that a person has to look at it. */
export const parkOrGiveUp = (row: InboxRow, reason: string): RowOutcome => ({
  row,
  status: row.stored_ms > UNKNOWN_CARD_PARKED_MS ? 'attention' : 'pending',
  reason,
});

/** Longer reasons tell no more, and are read in a list. */
const REASON_LENGTH_MAX = 500;

/**
 * The error may quote the event, cut in the middle of a character: half a character cannot be stored, and the row must
 * not fail for its reason.
 */
export const reasonOf = (what: string, error: unknown): string =>
  `${what}: ${error instanceof Error ? error.message : String(error)}`
    .slice(0, REASON_LENGTH_MAX)
    .replaceAll('\u0000', '')
    .replaceAll(/\p{Surrogate}/gu, '\ufffd');

/** The end of a row that will never be applied. */
export const brokenRow = (row: InboxRow, what: string, error: unknown): RowOutcome => ({
  row,
  status: 'attention',
  reason: reasonOf(what, error),
});
