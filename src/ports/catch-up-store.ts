/** What reading Stripe's list keeps: how far it came, what it found, and what it could not know. */
import type { Span } from '../domain/completeness.ts';
import type { IncomingEvent } from './event-intake.ts';
import type { IssuerTenant } from './issuer.ts';

/** Where a tenant stands in Stripe's list; in Stripe's seconds. */
export interface ListPlace {
  /** What was made before this is no concern of ours. */
  readonly sinceS: number;
  /** Every event made before this has been read. */
  readonly watermarkS: number;
}

/** Objects of one kind that were read again. */
interface RereadCount {
  readonly looked: number;
  readonly stored: number;
}

export interface OpenGap extends Span {
  readonly gapId: number;
}

export interface CatchUpStore {
  tenant(tenantId: string): Promise<IssuerTenant | undefined>;
  /** All tenants, in the order of their ids. */
  tenants(): Promise<readonly IssuerTenant[]>;
  /** Those who were never read, or not to the end for this long, by Postgres' clock. */
  overdue(afterMs: number): Promise<readonly IssuerTenant[]>;
  /** False while somebody else reads for this tenant. */
  lease(tenantId: string, holder: string): Promise<boolean>;
  /** False when the lease is not the holder's any more. */
  renew(tenantId: string, holder: string): Promise<boolean>;
  /** Frees the lease; `isFinished` notes that all there was has been read. */
  release(tenantId: string, holder: string, isFinished: boolean): Promise<void>;
  /** The first time the place is where the tenant was registered, or now, if Stripe's clock is behind that. */
  place(tenantId: string, nowS: number): Promise<ListPlace>;
  /** Every event made before the watermark has been read. */
  advance(tenantId: string, holder: string, watermarkS: number): Promise<void>;
  /** Those of the events that the inbox has not got. */
  missing(
    tenant: IssuerTenant,
    events: readonly IncomingEvent[],
  ): Promise<readonly IncomingEvent[]>;
  /** Stores them and notes that they were missing. Answers how many were new: a delivery may have come meanwhile. */
  storeCaughtUp(tenant: IssuerTenant, events: readonly IncomingEvent[]): Promise<number>;
  /** A span that cannot be known from events. Found again it is one, and open again if it has become longer. */
  recordGap(tenantId: string, span: Span): Promise<void>;
  /** Gaps whose objects have not been read again. */
  openGaps(tenantId: string): Promise<readonly OpenGap[]>;
  closeGaps(
    gapIds: readonly number[],
    reread: Readonly<Record<string, RereadCount>>,
  ): Promise<void>;
}
