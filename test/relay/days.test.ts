/** The relay compares the days that no night's look has compared: when, whose, and by whom. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDayRound } from '../../src/apps/relay/days.ts';
import { dayOf } from '../../src/domain/completeness.ts';
import { catchUp } from '../../src/reconciliation/catch-up.ts';
import { checkDays } from '../../src/reconciliation/completeness.ts';
import { createTenantWorld, type TenantWorld } from '../reconciliation/tenant-world.ts';

const HOUR_S = 3_600;

let world: TenantWorld;
let errors: unknown[];
beforeEach(async () => {
  world = await createTenantWorld();
  errors = [];
  await world.pass(15);
  await catchUp(world.ports, world.tenant, { holder: 'one' });
});
afterEach(async () => {
  await world.close();
});

const newRelay = (ports = world.ports) =>
  createDayRound(ports, {
    clock: { nowMs: () => world.nowS() * 1000 },
    signal: new AbortController().signal,
    onError: (error) => errors.push(error),
  });

const untilHours = (hours: number) =>
  world.pass((dayOf(world.nowS()) + 1) * 24 * HOUR_S + hours * HOUR_S - world.nowS());

const gaps = () => world.ports.completeness.gapCount(world.nowS());

async function whole(): Promise<number> {
  const [row] = await world.sql<{ count: number }[]>`
    select count(*) as count from completeness_days where whole_at is not null`;
  return row?.count ?? 0;
}

/** An event of ours that Stripe does not list: the day stays open whoever looks. */
async function deliverUnknown(): Promise<void> {
  await world.make(1);
  const [event] = await world.listed();
  if (event === undefined) throw new Error('the simulator listed nothing');
  await world.deliver([{ ...event, eventId: 'evt_of_nobody' }]);
}

describe('the days that are compared by the relay', () => {
  it('are those that the nights have left, so that no gap is raised while Temporal is away', async () => {
    const relay = newRelay();
    await untilHours(3);
    expect([await relay(), await whole()]).toEqual([false, 0]);
    await untilHours(7);
    expect(await gaps()).toBe(2);
    expect(await relay()).toBe(true);
    expect([await gaps(), await whole()]).toEqual([0, 2]);
    expect(await relay()).toBe(false);
    expect(errors).toEqual([]);
  });

  it('are left to one relay at a time, and taken up again after an hour', async () => {
    await untilHours(5);
    const { completeness, tenant } = { ...world.ports, ...world };
    const taken = await Promise.all([1, 2].map(() => completeness.takeOverdue(world.nowS())));
    expect(taken).toContainEqual(tenant);
    expect(taken).toContain(undefined);
    expect(await newRelay()()).toBe(false);
    await world.sql`update catch_ups set days_taken_at = now() - interval '61 minutes'`;
    expect([await newRelay()(), await whole()]).toEqual([true, 1]);
  });

  it('are looked at once a day while they stay open', async () => {
    await deliverUnknown();
    await untilHours(5);
    await checkDays(world.ports, world.tenant, { isFilling: true });
    expect([await newRelay()(), await whole()]).toEqual([false, 0]);
    await world.sql`update completeness_days set looked_at = now() - interval '26 hours'`;
    expect(await newRelay()()).toBe(true);
  });

  it('wait for the catch-up of a tenant that was away for longer than Stripe lists', async () => {
    await world.pass(40 * 24 * HOUR_S);
    expect(await newRelay()()).toBe(false);
    await catchUp(world.ports, world.tenant, { holder: 'one' });
    expect(await newRelay()()).toBe(true);
    expect(await gaps()).toBe(0);
  });

  it('tell of a tenant whose account cannot be read, and make room for the next', async () => {
    await untilHours(5);
    const refuse = () => Promise.reject(new Error('the account refuses us'));
    const relay = newRelay({ ...world.ports, lister: { nowS: refuse, list: refuse } });
    expect([await relay(), await relay()]).toEqual([true, false]);
    expect(errors).toHaveLength(1);
  });
});
