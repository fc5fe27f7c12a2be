/** The relay's own catch-up and the schedules that it keeps: who is read for, and when. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCatchUpRound } from '../../src/apps/relay/catch-up.ts';
import { createScheduleRound } from '../../src/apps/relay/schedules.ts';
import { createTenantWorld, type TenantWorld } from '../reconciliation/tenant-world.ts';

const INTERVAL_MS = 600_000;

let world: TenantWorld;
let stored: number;
let errors: unknown[];
beforeEach(async () => {
  world = await createTenantWorld();
  stored = 0;
  errors = [];
});
afterEach(async () => {
  await world.close();
});

const newRelay = (signal = new AbortController().signal) =>
  createCatchUpRound(world.ports, {
    clock: { nowMs: () => world.nowS() * 1000 },
    intervalMs: INTERVAL_MS,
    signal,
    onError: (error) => errors.push(error),
    onStored: (count) => (stored += count),
  });

describe('the catch-up of the relay', () => {
  it('reads at its start, and then leaves it to the schedules', async () => {
    await newRelay()();
    await world.make(2);
    await world.pass(60);
    const relay = newRelay();
    await relay();
    expect(stored).toBe(2);
    const before = world.calls.length;
    await relay();
    expect(world.calls.length).toBe(before);
    expect(errors).toEqual([]);
  });

  it('reads again when nobody has for three intervals', async () => {
    const relay = newRelay();
    await relay();
    await world.make(1);
    await world.pass(60);
    const { tenantId } = world.tenant;
    await world.sql`
      update catch_ups set finished_at = now() - interval '29 minutes' where tenant_id = ${tenantId}`;
    await relay();
    expect(stored).toBe(0);
    await world.sql`
      update catch_ups set finished_at = now() - interval '31 minutes' where tenant_id = ${tenantId}`;
    await relay();
    expect(stored).toBe(1);
  });

  it('tells of a tenant whose account cannot be read, and lets it wait', async () => {
    const lister = {
      nowS: () => Promise.reject(new Error('the account refuses us')),
      list: () => Promise.reject(new Error('the account refuses us')),
    };
    const relay = createCatchUpRound(
      { ...world.ports, lister },
      {
        clock: { nowMs: () => 0 },
        intervalMs: INTERVAL_MS,
        signal: new AbortController().signal,
        onError: (error) => errors.push(error),
        onStored: () => {},
      },
    );
    await relay();
    await relay();
    expect(errors).toHaveLength(1);
  });
});

describe('the schedules', () => {
  it('are renewed at the start, made for new tenants, and made again each day', async () => {
    const kept: string[] = [];
    const state = { nowMs: 0 };
    const round = createScheduleRound(
      world.ports.store,
      { keep: async (tenantId, isRenewed) => void kept.push(`${tenantId} ${isRenewed}`) },
      { clock: { nowMs: () => state.nowMs } },
    );
    const { tenantId } = world.tenant;
    await round();
    await round();
    expect(kept).toEqual([`${tenantId} true`]);
    await world.sql`
      insert into tenants (tenant_id, stripe_account, name) values ('ten_second', 'acct_second', 'Second')`;
    await round();
    expect(kept.slice(1)).toEqual(['ten_second true']);
    state.nowMs = 25 * 3_600_000;
    await round();
    expect(kept.slice(2).toSorted()).toEqual([`${tenantId} false`, 'ten_second false'].toSorted());
  });

  it('are kept by the next round where Temporal is away', async () => {
    const kept: string[] = [];
    let isAway = true;
    const round = createScheduleRound(
      world.ports.store,
      {
        async keep(tenantId) {
          if (isAway) throw new Error('Temporal is away');
          kept.push(tenantId);
        },
      },
      { clock: { nowMs: () => 0 } },
    );
    await expect(round()).rejects.toThrow('Temporal is away');
    isAway = false;
    await round();
    expect(kept).toEqual([world.tenant.tenantId]);
  });
});
