/** Proves day by day that nothing was missed: Stripe's list and ours are compared as sets, and what is missing is stored. */
import {
  compareSets,
  DAY_SETTLES_S,
  dayOf,
  EVENTS_LISTED_S,
  type Span,
  spanOfDay,
} from '../domain/completeness.ts';
import { COMPLETENESS_EVENT_TYPES, COMPLETENESS_SET } from '../domain/event-types.ts';
import { invariant } from '../domain/invariant.ts';
import { digestOfSet } from '../platform/digest.ts';
import type { CompletenessStore, CountedSet, DayLook, DayReport } from '../ports/completeness.ts';
import type { IncomingEvent } from '../ports/event-intake.ts';
import type { IssuerTenant } from '../ports/issuer.ts';
import { closeGaps, type GapPorts } from './gaps.ts';
import { type Listing, pagesOf, stripeNowS } from './listing.ts';

export interface CompletenessPorts extends Listing, GapPorts {
  readonly completeness: CompletenessStore;
}

export interface LookOptions {
  /** Stores what is missing; else it is noted as missing. */
  readonly isFilling: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A tenant, Stripe's time at the begin of the looks, and since when its events are of concern. */
interface Concern {
  readonly tenant: IssuerTenant;
  readonly nowS: number;
  readonly sinceS: number;
}

/**
 * Compares one day, over or not, and answers its report: undefined for a day before the tenant's first, or to come.
 * What is older than Stripe's list reaches is not compared again; if it was never whole, that becomes a gap.
 */
export async function checkDay(
  ports: CompletenessPorts,
  tenant: IssuerTenant,
  day: number,
  options: LookOptions,
): Promise<DayReport | undefined> {
  const concern = await concernOf(ports, tenant, options);
  const before = await reportOf(ports, tenant, day);
  if (before === undefined || spanOfDay(day).fromS > concern.nowS) return undefined;
  const [report] = await settle(ports, concern, [before], options);
  return report;
}

/** Compares all of a tenant's days that are over and not proven yet; answers their reports, the oldest first. */
export async function checkDays(
  ports: CompletenessPorts,
  tenant: IssuerTenant,
  options: LookOptions,
): Promise<readonly DayReport[]> {
  const concern = await concernOf(ports, tenant, options);
  const toDay = dayOf(concern.nowS - DAY_SETTLES_S) - 1;
  const fromDay = Math.max(
    dayOf(concern.sinceS),
    dayOf(concern.nowS - EVENTS_LISTED_S) - DAYS_BEHIND_MAX,
  );
  const limit = Math.max(1, toDay - fromDay + 1);
  const query = { fromDay, toDay, tenantId: tenant.tenantId, isUnprovenOnly: true };
  const { data } = await ports.completeness.days(query, { limit });
  return settle(ports, concern, data.toReversed(), options);
}

/** Enough to see what kind of events they are; the count is that of all. */
const UNKNOWN_KEPT_MAX = 100;

/** Days that left the list uncompared are looked for this far back: nobody waits longer for the next round. */
const DAYS_BEHIND_MAX = 366;

async function concernOf(
  ports: CompletenessPorts,
  tenant: IssuerTenant,
  { signal }: LookOptions,
): Promise<Concern> {
  const nowS = await stripeNowS(ports, tenant.stripeAccount, signal);
  const { sinceS } = await ports.store.place(tenant.tenantId, nowS);
  return { tenant, nowS, sinceS };
}

/** Looks at each day that needs it, makes good what cannot be looked at any more, and answers the new reports. */
async function settle(
  ports: CompletenessPorts,
  concern: Concern,
  days: readonly DayReport[],
  options: LookOptions,
): Promise<readonly DayReport[]> {
  for (const before of days) {
    if (before.state !== 'whole') await settleDay(ports, concern, before, options);
  }
  if (options.isFilling) await closeGaps(ports, concern.tenant, options.signal);
  const reports: DayReport[] = [];
  for (const { day } of days) {
    const after = await reportOf(ports, concern.tenant, dayNumber(day));
    invariant(after !== undefined, 'a day that was reported is reported again');
    reports.push(after);
  }
  return reports;
}

const dayNumber = (text: string): number => dayOf(Date.parse(text) / 1000);

async function settleDay(
  ports: CompletenessPorts,
  { tenant, nowS, sinceS }: Concern,
  before: DayReport,
  options: LookOptions,
): Promise<void> {
  if (before.gap !== null) return;
  const day = dayNumber(before.day);
  const { fromS, toS } = spanOfDay(day);
  // Of the running second more events may be made between the looks at both sides.
  const span = { fromS: Math.max(fromS, sinceS), toS: Math.min(toS, nowS) };
  if (span.fromS >= nowS - EVENTS_LISTED_S)
    await look(ports, { tenant, nowS }, { day, span }, options);
  else if (options.isFilling) await ports.store.recordGap(tenant.tenantId, span);
}

async function look(
  ports: CompletenessPorts,
  { tenant, nowS }: Pick<Concern, 'tenant' | 'nowS'>,
  { day, span }: { readonly day: number; readonly span: Span },
  { isFilling, signal }: LookOptions,
): Promise<void> {
  const { store, completeness } = ports;
  const theirs = new Set<string>();
  const missing: IncomingEvent[] = [];
  const wanted = { stripeAccount: tenant.stripeAccount, types: COMPLETENESS_EVENT_TYPES, ...span };
  for await (const events of pagesOf(ports, wanted, signal)) {
    for (const { eventId } of events) theirs.add(eventId);
    const absent = await store.missing(tenant, events);
    if (isFilling) await store.storeCaughtUp(tenant, absent);
    else missing.push(...absent);
  }
  const ours = await completeness.ourEvents(tenant, COMPLETENESS_EVENT_TYPES, span);
  const comparison = compareSets(theirs, ours);
  const isMissing = new Set(comparison.missing);
  const still = missing.filter(({ eventId }) => isMissing.has(eventId));
  await completeness.noteMissing(tenant, span, still);
  const found: DayLook = {
    day,
    typeSet: COMPLETENESS_SET,
    span,
    wasOver: spanOfDay(day).toS + DAY_SETTLES_S <= nowS,
    atStripe: counted(theirs),
    ours: counted(ours),
    unknownCount: comparison.unknown.length,
    unknown: comparison.unknown.toSorted().slice(0, UNKNOWN_KEPT_MAX),
  };
  await completeness.record(tenant.tenantId, found);
}

const counted = (ids: ReadonlySet<string>): CountedSet => ({
  count: ids.size,
  hash: digestOfSet(ids),
});

async function reportOf(
  ports: CompletenessPorts,
  { tenantId }: IssuerTenant,
  day: number,
): Promise<DayReport | undefined> {
  const { data } = await ports.completeness.days(
    { fromDay: day, toDay: day, tenantId },
    { limit: 1 },
  );
  return data[0];
}
