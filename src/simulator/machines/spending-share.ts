/**
 * What one authorization counts for against spending limits, by UTC day. Pure. An approval counts on the day of its
 * decision, so an increment of the next day is that day's spending; what captures or a final amount add to it counts on
 * the day of the purchase. Releases come off the newest days first: what was added last is taken back first.
 */
import { type AuthorizationRow, limitContribution } from './authorization.ts';
import { utcDay } from './spending-controls.ts';
import type { SpentOnDay } from './spending-counter.ts';

/** The shares after a change, oldest day first; `before` is undefined for a new authorization. */
export function spentByDay(
  before: AuthorizationRow | undefined,
  after: AuthorizationRow,
): readonly SpentOnDay[] {
  const spent = before?.sim.spent ?? [];
  const counted = spent.reduce((sum, { amount }) => sum + amount, 0);
  const difference = limitContribution(after) - counted;
  if (difference === 0) return spent;
  if (difference < 0) return release(spent, -difference);
  return raise(spent, { day: dayOfRise(before, after), amount: difference });
}

function dayOfRise(before: AuthorizationRow | undefined, after: AuthorizationRow): number {
  const isApproval = after.sim.approvedTotal > (before?.sim.approvedTotal ?? 0);
  const decided = isApproval ? after.request_history.at(-1)?.created : undefined;
  return utcDay(decided ?? after.created);
}

const raise = (spent: readonly SpentOnDay[], added: SpentOnDay): readonly SpentOnDay[] => {
  const same = spent.find(({ day }) => day === added.day);
  const others = spent.filter((entry) => entry !== same);
  const merged = { day: added.day, amount: added.amount + (same?.amount ?? 0) };
  return [...others, merged].toSorted((a, b) => a.day - b.day);
};

function release(spent: readonly SpentOnDay[], amount: number): readonly SpentOnDay[] {
  const newest = spent.at(-1);
  if (newest === undefined || amount === 0) return spent;
  const older = spent.slice(0, -1);
  if (newest.amount <= amount) return release(older, amount - newest.amount);
  return [...older, { ...newest, amount: newest.amount - amount }];
}

/** What has to be added to the sums of each day. */
export const spendingChanges = (
  before: readonly SpentOnDay[],
  after: readonly SpentOnDay[],
): readonly SpentOnDay[] =>
  before === after
    ? []
    : [...after, ...before.map(({ day, amount }) => ({ day, amount: -amount }))].filter(
        ({ amount }) => amount !== 0,
      );
