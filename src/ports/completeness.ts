/** The proof that nothing was missed: what each day's comparison said, and what is still open. */
import type { DayState, Span } from '../domain/completeness.ts';
import type { TenantId } from '../domain/ids.ts';
import type { IncomingEvent } from './event-intake.ts';
import type { IssuerTenant } from './issuer.ts';
import type { Page, PageRequest } from './page.ts';

export interface CountedSet {
  readonly count: number;
  /** SHA-256 of the sorted ids, a line each; hexadecimal. */
  readonly hash: string;
}

/** An event that no delivery had brought. Times are ISO 8601. */
export interface MissedEvent {
  readonly eventId: string;
  readonly type: string;
  readonly createdAt: string;
  readonly at: string;
}

export interface DayReport {
  readonly tenantId: TenantId;
  /** Such as 2026-11-23, UTC. */
  readonly day: string;
  readonly state: DayState;
  /** The last comparison; null before the first. */
  readonly compared: {
    readonly typeSet: string;
    readonly from: string;
    readonly to: string;
    readonly at: string;
    readonly atStripe: CountedSet;
    readonly ours: CountedSet;
    /** Events of ours that Stripe does not list; the list shows the first of them. */
    readonly unknownCount: number;
    readonly unknown: string[];
  } | null;
  readonly wholeAt: string | null;
  /** Still missing; `at` is when that was found. The list shows the first of them. */
  readonly missingCount: number;
  readonly missing: MissedEvent[];
  /** Came from the list instead of a delivery; `at` is when they were stored. */
  readonly filledCount: number;
  readonly filled: MissedEvent[];
  /** Why the day cannot be proven from events; null when it can. */
  readonly gap: {
    readonly from: string;
    readonly to: string;
    readonly foundAt: string;
    /** Null while its objects wait to be read again. */
    readonly rereadAt: string | null;
  } | null;
}

export interface DayQuery {
  /** Days since 1970; both inclusive. */
  readonly fromDay: number;
  readonly toDay: number;
  readonly tenantId?: TenantId | undefined;
  /** Leaves out the days that are whole. */
  readonly isUnprovenOnly?: boolean;
}

export interface CompletenessReports {
  /** The newest days first. */
  days(query: DayQuery, page: PageRequest): Promise<Page<DayReport>>;
}

/** What a comparison found. */
export interface DayLook {
  readonly day: number;
  readonly typeSet: string;
  readonly span: Span;
  readonly wasOver: boolean;
  readonly atStripe: CountedSet;
  readonly ours: CountedSet;
  readonly unknownCount: number;
  /** Ids of the first of them. */
  readonly unknown: readonly string[];
}

export interface CompletenessStore extends CompletenessReports {
  /** Ids of the tenant's stored events of these types. */
  ourEvents(
    tenant: IssuerTenant,
    types: readonly string[],
    span: Span,
  ): Promise<ReadonlySet<string>>;
  /** Notes events that are missing and stay so for now, and those that are not missing any more. */
  noteMissing(tenant: IssuerTenant, span: Span, missing: readonly IncomingEvent[]): Promise<void>;
  record(tenantId: TenantId, look: DayLook): Promise<void>;
  /**
   * A tenant with days that ought to have been compared by now, or once more; undefined when there is none. Whoever is
   * given it looks at them: nobody else is within the hour.
   */
  takeOverdue(nowS: number): Promise<IssuerTenant | undefined>;
  /** Open gaps, and days that have been over for long and are neither whole nor known to be unprovable. */
  gapCount(nowS: number): Promise<number>;
}
