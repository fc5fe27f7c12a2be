/** Reading Stripe's list of events: what was never delivered is stored once, and what cannot be known is said. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catchUpAgeS } from '../../src/adapters/postgres/completeness-store.ts';
import { createStripe } from '../../src/adapters/stripe/client.ts';
import { createEventLister } from '../../src/adapters/stripe/event-lister.ts';
import { DAY_S, dayOf, EVENTS_LISTED_S } from '../../src/domain/completeness.ts';
import { dayText } from '../../src/platform/day.ts';
import { IssuerUnavailableError } from '../../src/ports/issuer.ts';
import { type CatchUpOutcome, catchUp } from '../../src/reconciliation/catch-up.ts';
import { checkDays } from '../../src/reconciliation/completeness.ts';
import { closeGaps } from '../../src/reconciliation/gaps.ts';
import { createTenantWorld, type TenantWorld } from './tenant-world.ts';

let world: TenantWorld;
beforeEach(async () => {
  world = await createTenantWorld();
});
afterEach(async () => {
  await world.close();
});

/** After the seconds that are left to the deliveries. */
async function caughtUp(holder = 'one'): Promise<Extract<CatchUpOutcome, { kind: 'done' }>> {
  await world.pass(15);
  const outcome = await catchUp(world.ports, world.tenant, { holder });
  if (outcome.kind !== 'done') throw new Error('somebody else reads for the tenant');
  return outcome;
}

describe('catch-up', () => {
  it('stores what was never delivered, byte for byte what the list shows, and once', async () => {
    await caughtUp();
    await world.make(5);
    const listed = await world.listed();
    await world.deliver(listed.slice(0, 2));
    expect(await caughtUp()).toMatchObject({ listed: 5, stored: 3, unprovable: null });
    expect(await caughtUp()).toMatchObject({ listed: 5, stored: 0 });
    const rows = await world.sql<{ eventId: string; source: string; payload: string }[]>`
      select event_id as "eventId", source, payload from inbox`;
    const payloads = new Map(listed.map(({ eventId, payload }) => [eventId, payload]));
    expect(rows.map(({ source }) => source).toSorted()).toEqual([
      'catch_up',
      'catch_up',
      'catch_up',
      'webhook',
      'webhook',
    ]);
    expect(rows.filter(({ eventId, payload }) => payloads.get(eventId) !== payload)).toEqual([]);
  });

  it('makes a delivery that comes afterwards a duplicate', async () => {
    await caughtUp();
    await world.make(2);
    await caughtUp();
    expect(await world.deliver(await world.listed())).toEqual(['duplicate', 'duplicate']);
  });

  it('follows the pages of a long list, and reads on from where it ended', async () => {
    await caughtUp();
    await world.make(120);
    await world.pass(3_600);
    expect(await caughtUp()).toMatchObject({ listed: 120, stored: 120 });
    await world.make(1);
    await world.pass(60);
    expect(await caughtUp()).toMatchObject({ listed: 1, stored: 1 });
  });

  it('reads a little back each time, because an event may be listed later than it was made', async () => {
    await caughtUp();
    await world.make(1);
    await world.pass(600);
    await caughtUp();
    const [event] = await world.listed();
    expect(await caughtUp()).toMatchObject({ listed: 1, stored: 0 });
    expect(event?.created).toBeLessThan(world.nowS());
  });

  it('is one at a time for a tenant, and free again when it has ended', async () => {
    expect(await world.ports.store.lease(world.tenant.tenantId, 'somebody')).toBe(true);
    expect(await catchUp(world.ports, world.tenant, { holder: 'one' })).toEqual({ kind: 'busy' });
    await world.ports.store.release(world.tenant.tenantId, 'somebody', false);
    expect(await caughtUp()).toMatchObject({ kind: 'done' });
    expect(await caughtUp('two')).toMatchObject({ kind: 'done' });
  });

  it('waits when Stripe has too many calls, and goes on', async () => {
    await caughtUp();
    await world.make(1);
    const rule = { path: '/v1/events', count: 1, fault: '429' };
    await world.control('PUT', '/_sim/faults', { rules: [rule] });
    expect(await caughtUp()).toMatchObject({ stored: 1 });
  });

  it('gives up at once where Stripe refuses, so that nobody waits for tries that change nothing', async () => {
    const stripe = createStripe({ secretKey: 'of_nobody', apiBase: world.stripeUrl });
    const ports = { ...world.ports, lister: createEventLister(stripe) };
    const before = world.calls.length;
    await expect(catchUp(ports, world.tenant, { holder: 'one' })).rejects.toThrow(
      'StripeAuthenticationError, status 401',
    );
    expect(world.calls.length - before).toBeLessThanOrEqual(1);
  });

  it('ends when it is told to, and leaves the rest to the next', async () => {
    await caughtUp();
    await world.make(1);
    const stop = new AbortController();
    stop.abort(new Error('the process ends'));
    await expect(
      catchUp(world.ports, world.tenant, { holder: 'one', signal: stop.signal }),
    ).rejects.toThrow('the process ends');
    expect(await caughtUp('two')).toMatchObject({ stored: 1 });
  });
});

describe('the age of the last catch-up', () => {
  it('is since the registration for a tenant whose first has never come to its end', async () => {
    await caughtUp();
    expect(await catchUpAgeS(world.sql)).toBeLessThan(60);
    await world.sql`
      insert into tenants (tenant_id, stripe_account, name, created_at)
      values ('ten_refused', 'acct_refused', 'Refused', now() - interval '2 hours')`;
    expect(await catchUpAgeS(world.sql)).toBeGreaterThan(7_000);
  });
});

describe('an outage of 40 days', () => {
  it('names exactly the days that cannot be proven, and reads the objects again once', async () => {
    await world.pass(12 * 3_600);
    const { watermarkS } = await caughtUp();
    for (let day = 0; day < 40; day += 1) {
      await world.make(1);
      await world.pass(DAY_S);
    }
    const outcome = await caughtUp();
    const horizonS = outcome.unprovable?.toS ?? 0;
    expect(outcome.unprovable?.fromS).toBe(watermarkS);
    // Stripe's clock is known to the second before the call.
    expect(Math.abs(world.nowS() - EVENTS_LISTED_S - horizonS)).toBeLessThanOrEqual(1);
    expect(outcome.stored).toBe(29);
    expect(outcome.reread?.cards).toEqual({ looked: 3, stored: 1 });
    expect(world.rereads).toEqual([watermarkS]);
    await caughtUp();
    expect(world.rereads).toHaveLength(1);

    const reports = await checkDays(world.ports, world.tenant, { isFilling: true });
    const lost = Array.from({ length: dayOf(horizonS) - dayOf(watermarkS) + 1 }, (_, n) =>
      dayText(dayOf(watermarkS) + n),
    );
    const of = (state: string) => reports.filter((r) => r.state === state).map(({ day }) => day);
    expect(of('unprovable')).toEqual(lost);
    expect(of('whole')).toHaveLength(reports.length - lost.length);
    expect(await world.ports.completeness.gapCount(world.nowS())).toBe(0);
  });

  it('names also the days that have left the list while it could not be read', async () => {
    const { watermarkS } = await caughtUp();
    await world.pass(40 * DAY_S);
    const { lister } = world.ports;
    const list = () => Promise.reject(new IssuerUnavailableError('Stripe is away'));
    const ports = { ...world.ports, lister: { ...lister, list }, triesMax: 1 };
    const run = { holder: 'one' };
    await expect(catchUp(ports, world.tenant, run)).rejects.toThrow('Stripe is away');
    // A person has had the objects read meanwhile, which says nothing of what leaves the list later.
    await closeGaps(world.ports, world.tenant);
    await world.pass(3 * DAY_S);
    const { unprovable } = await caughtUp();
    expect(await world.sql`select from_s, to_s, reread_at is null as open from event_gaps`).toEqual(
      [{ from_s: watermarkS, to_s: unprovable?.toS, open: false }],
    );
    expect(world.rereads).toEqual([watermarkS, watermarkS]);
    const again = { fromS: watermarkS, toS: watermarkS + DAY_S };
    await world.ports.store.recordGap(world.tenant.tenantId, again);
    expect(await world.ports.store.openGaps(world.tenant.tenantId)).toEqual([]);
  });

  it('keeps the gap open, and counts it, until the objects have been read', async () => {
    await caughtUp();
    await world.pass(40 * DAY_S + 7 * 3_600);
    const reread = async (): Promise<never> => {
      throw new Error('Stripe is away');
    };
    await expect(
      catchUp({ ...world.ports, reread }, world.tenant, { holder: 'one' }),
    ).rejects.toThrow('Stripe is away');
    const count = () => world.ports.completeness.gapCount(world.nowS());
    // The span, and 29 days that nobody has compared.
    expect(await count()).toBe(1 + 29);
    await caughtUp();
    expect(await count()).toBe(29);
    await checkDays(world.ports, world.tenant, { isFilling: true });
    expect(await count()).toBe(0);
  });
});
