/** What `npm run completeness` says. */
import type { DayReport, MissedEvent } from '../../../ports/completeness.ts';

/** Enough to tell two hashes apart by eye. */
const HASH_SHOWN = 12;

/** A gap that nobody has made good: a day that differs, or objects that wait to be read again. */
export const isGap = ({ state, gap }: DayReport): boolean =>
  state === 'open' || state === 'unchecked' || (state === 'unprovable' && gap?.rereadAt === null);

export function dayLines(report: DayReport): string {
  const { day, tenantId, state, missing, missingCount, filledCount } = report;
  const head = `${day}  ${tenantId}  ${state}${whyOf(report)}`;
  const filled = filledCount === 0 ? [] : [`  ${counted(filledCount)} came from the list, or late`];
  const shown = missing.map(eventLine);
  const more = missingCount - missing.length;
  return [
    head,
    ...filled,
    ...(missingCount === 0 ? [] : [`  ${counted(missingCount)} missing:`, ...shown]),
    ...(more > 0 ? [`    and ${grouped(more)} more`] : []),
    ...unknownLines(report),
  ].join('\n');
}

/** What Stripe does not list can be looked up with `GET /v1/events/{id}`. */
function unknownLines({ compared }: DayReport): readonly string[] {
  if (compared === null || compared.unknownCount === 0) return [];
  const { unknown, unknownCount } = compared;
  const more = unknownCount - unknown.length;
  return [
    `  ${counted(unknownCount)} of ours not at Stripe:`,
    ...unknown.map((eventId) => `    ${eventId}`),
    ...(more > 0 ? [`    and ${grouped(more)} more`] : []),
  ];
}

function whyOf({ state, compared, gap }: DayReport): string {
  if (state === 'unprovable' && gap !== null) {
    const reread =
      gap.rereadAt === null ? 'wait to be read again' : `were read again at ${gap.rereadAt}`;
    return `: Stripe lists no events from ${gap.from} to ${gap.to} any more; objects ${reread}`;
  }
  if (compared === null) return ': nobody has compared it while Stripe listed all of it';
  const { atStripe, ours, typeSet, to } = compared;
  const until = state === 'whole' ? '' : ` until ${to}`;
  const hash = (of: string): string => of.slice(0, HASH_SHOWN);
  if (atStripe.hash === ours.hash) {
    return `: ${counted(ours.count)} of ${typeSet} on both sides${until}, ${hash(ours.hash)}`;
  }
  return `: ${grouped(atStripe.count)} at Stripe, ${hash(atStripe.hash)}; ${grouped(ours.count)} here, ${hash(ours.hash)}`;
}

const eventLine = ({ eventId, type, createdAt }: MissedEvent): string =>
  `    ${eventId}  ${createdAt}  ${type}`;

export function summaryText(reports: readonly DayReport[], failures: number): string {
  const gaps = reports.filter(isGap).length;
  const failed =
    failures === 0
      ? ''
      : ` ${grouped(failures)} ${failures === 1 ? 'tenant' : 'tenants'} could not be looked at.`;
  if (gaps > 0) return `Gaps are open: ${grouped(gaps)} of ${days(reports.length)}.${failed}`;
  const unprovable = reports.filter(({ state }) => state === 'unprovable').length;
  const known = unprovable === 0 ? '' : ` ${days(unprovable)} cannot be proven from events.`;
  const looked =
    reports.length === 0 ? 'Nothing is left to be proven.' : `No gap in ${days(reports.length)}.`;
  return `${looked}${known}${failed}`;
}

const days = (count: number): string => `${grouped(count)} ${count === 1 ? 'day' : 'days'}`;
const counted = (count: number): string => `${grouped(count)} ${count === 1 ? 'event' : 'events'}`;
const grouped = (count: number): string => count.toLocaleString('en-US');
