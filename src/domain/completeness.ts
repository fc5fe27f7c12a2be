/**
 * What the report of a day says of a tenant's events: Stripe's list and ours, compared as sets. Days are those of UTC,
 * counted from 1970, because every time here is one of Stripe's seconds.
 */

export const DAY_S = 86_400;
const HOUR_S = 3_600;

/** Stripe lists events for 30 days. An hour less, because what is about to leave the list may be gone while it is read. */
export const EVENTS_LISTED_S = 30 * DAY_S - HOUR_S;
/** Catch-up begins this long before what it has read already: an event may appear in the list later than it was made. */
export const CATCH_UP_OVERLAP_S = 15 * 60;
/** The newest seconds are left to the deliveries that are on their way, and to the next round. */
const LISTING_SETTLES_S = 10;
/** A day is compared for good once it has been over for this long. */
export const DAY_SETTLES_S = 15 * 60;
/** Nights' comparisons begin by 3:00; a day that none has looked at by now is left to the relay. */
export const DAY_OVERDUE_S = 4 * HOUR_S;
/** A day that is over for this long and not whole is a gap: the comparison has had its time. */
export const GAP_AFTER_S = 6 * HOUR_S;

/** The cursor of a list of days: the day and the tenant of the last row. */
export const isDayCursor = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}\/ten_[A-Za-z0-9]{1,60}$/.test(text);

/** From, inclusive, until before `toS`. */
export interface Span {
  readonly fromS: number;
  readonly toS: number;
}

export const dayOf = (seconds: number): number => Math.floor(seconds / DAY_S);
export const spanOfDay = (day: number): Span => ({ fromS: day * DAY_S, toS: (day + 1) * DAY_S });

interface Comparison {
  /** Stripe lists them and we have not got them. */
  readonly missing: readonly string[];
  /** We have them and Stripe does not list them. */
  readonly unknown: readonly string[];
}

export function compareSets(theirs: ReadonlySet<string>, ours: ReadonlySet<string>): Comparison {
  return {
    missing: [...theirs].filter((id) => !ours.has(id)),
    unknown: [...ours].filter((id) => !theirs.has(id)),
  };
}

/**
 * - `whole`: over, and both sets were equal.
 * - `running`: not over, and equal until the look.
 * - `open`: they differ.
 * - `unchecked`: nobody has looked.
 * - `unprovable`: a part of it is older than what Stripe lists, and was not read in time.
 */
export const DAY_STATES = ['whole', 'running', 'open', 'unchecked', 'unprovable'] as const;
export type DayState = (typeof DAY_STATES)[number];

export interface DayKnown {
  /** Compared after its end, and equal. */
  readonly isWhole: boolean;
  readonly isUnprovable: boolean;
  /** Whether the last look found equal sets; null before the first. */
  readonly isEqual: boolean | null;
  /** Whether the day was over at the last look. */
  readonly wasOver: boolean;
}

export function dayStateOf({ isWhole, isUnprovable, isEqual, wasOver }: DayKnown): DayState {
  if (isWhole) return 'whole';
  if (isUnprovable) return 'unprovable';
  if (isEqual === null) return 'unchecked';
  return isEqual && !wasOver ? 'running' : 'open';
}

/** What catch-up has to do, by how far it came and what Stripe still lists. */
export interface CatchUpPlan {
  /** Made and perhaps never seen here, and no longer listed. */
  readonly unprovable: Span | null;
  /** What is read, in parts, the oldest first; progress is kept after each. */
  readonly windows: readonly Span[];
}

/**
 * `watermarkS`: every event made before it was read. `nowS`: Stripe's clock. The end of the last window is where the
 * next plan begins, less the overlap.
 */
export function planCatchUp(watermarkS: number, nowS: number): CatchUpPlan {
  const horizonS = nowS - EVENTS_LISTED_S;
  const untilS = nowS - LISTING_SETTLES_S;
  const unprovable = watermarkS < horizonS ? { fromS: watermarkS, toS: horizonS } : null;
  // A clock that went back, as a simulator's that begins anew, leaves nothing behind that could be read.
  const fromS = Math.max(Math.min(watermarkS, untilS) - CATCH_UP_OVERLAP_S, horizonS);
  const windows: Span[] = [];
  for (let atS = fromS; atS < untilS; atS += DAY_S) {
    windows.push({ fromS: atS, toS: Math.min(atS + DAY_S, untilS) });
  }
  return { unprovable, windows };
}
