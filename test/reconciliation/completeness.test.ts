/** The comparison of a day: both lists as sets, what is missing stored or noted, and when a day is proven for good. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dropOldEvents, prepareInbox } from '../../src/adapters/postgres/retention-store.ts';
import { DAY_S, dayOf } from '../../src/domain/completeness.ts';
import { COMPLETENESS_SET } from '../../src/domain/event-types.ts';
import { dayText } from '../../src/platform/day.ts';
import { digestOfSet } from '../../src/platform/digest.ts';
import { checkDay, checkDays } from '../../src/reconciliation/completeness.ts';
import { createTenantWorld, type TenantWorld } from './tenant-world.ts';

/** A connected account, so that its name goes with each call and each row. */
const STRIPE_ACCOUNT = 'acct_reconciled';

let world: TenantWorld;
let today: number;
beforeEach(async () => {
  world = await createTenantWorld({ stripeAccount: STRIPE_ACCOUNT });
  await world.pass(3_600);
  await world.ports.store.place(world.tenant.tenantId, world.nowS());
  today = dayOf(world.nowS());
});
afterEach(async () => {
  await world.close();
});

const look = (day: number, isFilling = true) =>
  checkDay(world.ports, world.tenant, day, { isFilling });

const endOfDay = () => world.pass(DAY_S - (world.nowS() % DAY_S) + 3_600);

describe('a day', () => {
  it('is whole when it is over and both sides have the same events', async () => {
    await world.make(3);
    const events = await world.listed();
    await world.deliver(events);
    await endOfDay();
    const hash = digestOfSet(new Set(events.map(({ eventId }) => eventId)));
    expect(await look(today)).toMatchObject({
      day: dayText(today),
      state: 'whole',
      compared: {
        typeSet: COMPLETENESS_SET,
        atStripe: { count: 3, hash },
        ours: { count: 3, hash },
        unknownCount: 0,
      },
      missingCount: 0,
      filledCount: 0,
      gap: null,
    });
  });

  it('shows what was missing and when it was filled', async () => {
    await world.make(3);
    const [lost, ...others] = await world.listed();
    await world.deliver(others);
    await endOfDay();
    const report = await look(today);
    expect(report).toMatchObject({ state: 'whole', missingCount: 0, filledCount: 1 });
    expect(report?.filled.map(({ eventId }) => eventId)).toEqual([lost?.eventId]);
    expect(await world.stored()).toContainEqual({ eventId: lost?.eventId, source: 'catch_up' });
  });

  it('shows the same when its events have become too old to be kept', async () => {
    await world.make(2);
    await endOfDay();
    const before = await look(today);
    expect(before).toMatchObject({ state: 'whole', filledCount: 2 });
    await world.sql`update inbox set status = 'ignored', reason = 'old', settled_at = now()`;
    await prepareInbox(world.sql, today * DAY_S * 1000);
    await dropOldEvents(world.sql, { nowMs: (world.nowS() + 70 * DAY_S) * 1000, keptDays: 1 });
    expect(await world.stored()).toEqual([]);
    expect(await look(today)).toEqual(before);
    expect(await world.stored()).toEqual([]);
  });

  it('stays open while what is missing is only looked at, and is whole once it was delivered', async () => {
    await world.make(2);
    const [lost, other] = await world.listed();
    if (lost === undefined || other === undefined) throw new Error('the simulator listed nothing');
    await world.deliver([other]);
    await endOfDay();
    const report = await look(today, false);
    expect(report).toMatchObject({ state: 'open', missingCount: 1, filledCount: 0 });
    expect(report?.missing.map(({ eventId }) => eventId)).toEqual([lost.eventId]);
    expect(await world.stored()).toHaveLength(1);
    await world.deliver([lost]);
    expect(await look(today, false)).toMatchObject({
      state: 'whole',
      missingCount: 0,
      filledCount: 1,
    });
  });

  it('is open while we have an event that Stripe does not list', async () => {
    await world.make(1);
    const [event] = await world.listed();
    if (event === undefined) throw new Error('the simulator listed nothing');
    await world.deliver([event, { ...event, eventId: 'evt_of_nobody' }]);
    await endOfDay();
    expect(await look(today)).toMatchObject({
      state: 'open',
      compared: {
        atStripe: { count: 1 },
        ours: { count: 2 },
        unknownCount: 1,
        unknown: ['evt_of_nobody'],
      },
    });
  });

  it('runs as it should while it is not over, and proves nothing yet', async () => {
    await world.make(1);
    await world.pass(10);
    expect(await look(today)).toMatchObject({
      state: 'running',
      compared: { atStripe: { count: 1 } },
      filledCount: 1,
      wholeAt: null,
    });
  });

  it('has no report before the tenant was there, or when it is to come', async () => {
    expect(await look(today - 1)).toBeUndefined();
    expect(await look(today + 1)).toBeUndefined();
  });

  it('counts what was of concern when it was the first, not what came before the tenant', async () => {
    await world.pass(3_600);
    const { sinceS } = await world.ports.store.place(world.tenant.tenantId, world.nowS());
    expect((await look(today))?.compared?.from).toBe(new Date(sinceS * 1000).toISOString());
  });

  it('is not asked of Stripe again once it is whole', async () => {
    await endOfDay();
    await look(today);
    const before = world.calls.length;
    await look(today);
    // Stripe's clock alone.
    expect(world.calls.length - before).toBe(1);
  });
});

describe('all days that are over', () => {
  it('are compared until each is whole, and are gaps until then', async () => {
    for (let day = 0; day < 3; day += 1) {
      await world.make(1);
      await world.pass(DAY_S);
    }
    await world.pass(6 * 3_600);
    const gaps = () => world.ports.completeness.gapCount(world.nowS());
    expect(await gaps()).toBe(3);
    const reports = await checkDays(world.ports, world.tenant, { isFilling: true });
    expect(reports.map(({ day, state, filledCount }) => ({ day, state, filledCount }))).toEqual(
      [0, 1, 2].map((n) => ({ day: dayText(today + n), state: 'whole', filledCount: 1 })),
    );
    expect(await gaps()).toBe(0);
    expect(await checkDays(world.ports, world.tenant, { isFilling: true })).toEqual([]);
  });

  it('are unprovable when nobody compared them in time, and the objects are read again', async () => {
    await world.pass(35 * DAY_S);
    const reports = await checkDays(world.ports, world.tenant, { isFilling: true });
    const states = reports.map(({ state }) => state);
    expect(states.filter((state) => state === 'unprovable')).toHaveLength(6);
    expect(states.filter((state) => state === 'whole')).toHaveLength(29);
    expect(world.rereads).toHaveLength(1);
    expect(await world.ports.completeness.gapCount(world.nowS())).toBe(0);
  });
});

describe('the list of days', () => {
  it('comes page by page, the newest first', async () => {
    await world.pass(3 * DAY_S);
    const query = { fromDay: today, toDay: today + 3 };
    const first = await world.ports.completeness.days(query, { limit: 3 });
    expect(first.data.map(({ day }) => day)).toEqual([3, 2, 1].map((n) => dayText(today + n)));
    const after = first.nextCursor ?? undefined;
    const second = await world.ports.completeness.days(query, { limit: 3, after });
    expect(second).toMatchObject({
      data: [{ day: dayText(today), state: 'unchecked' }],
      nextCursor: null,
    });
  });
});
