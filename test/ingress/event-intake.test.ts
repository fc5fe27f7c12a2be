/** Storing together what waits: how many transactions that takes, what may wait, and several who store the same. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createCatchUpStore } from '../../src/adapters/postgres/catch-up-store.ts';
import { DatabaseBusyError } from '../../src/adapters/postgres/database-outage.ts';
import { createEventIntake } from '../../src/adapters/postgres/inbox-store.ts';
import { parseTenantId } from '../../src/domain/ids.ts';
import type { IncomingEvent } from '../../src/ports/event-intake.ts';
import { eventually } from '../support/eventually.ts';
import { ingressUnderTest } from './ingress-under-test.ts';
import { platformTenant } from './program.ts';

const ingress = ingressUnderTest();
const newEvent = (change: Partial<IncomingEvent> = {}): IncomingEvent => ({
  eventId: `evt_${randomUUID()}`,
  stripeAccount: null,
  type: 'issuing_card.updated',
  objectId: 'ic_1',
  groupKey: 'ic_1',
  created: 1_790_000_000,
  payload: '{}',
  ...change,
});
const transactionsOf = async (events: readonly IncomingEvent[]) => {
  const [row] = await ingress.sql<{ rows: number; transactions: number }[]>`
    select count(*) as rows, count(distinct xmin::text) as transactions from inbox
     where event_id = any (${events.map(({ eventId }) => eventId)})`;
  return row;
};

describe('events that arrive while others are stored', () => {
  it('are stored together, up to 200 at a time', async () => {
    const intake = createEventIntake(ingress.sql);
    const events = Array.from({ length: 301 }, () => newEvent());
    expect(new Set(await Promise.all(events.map((event) => intake.store(event))))).toEqual(
      new Set(['stored']),
    );
    // The first alone, 200, and the rest.
    expect(await transactionsOf(events)).toEqual({ rows: 301, transactions: 3 });
  });

  it('are stored in smaller parts when they are large', async () => {
    const intake = createEventIntake(ingress.sql);
    const events = Array.from({ length: 10 }, () => newEvent({ payload: 'x'.repeat(1_000_000) }));
    await Promise.all(events.map((event) => intake.store(event)));
    // The first alone, four, four, and the last.
    expect(await transactionsOf(events)).toEqual({ rows: 10, transactions: 4 });
  });

  it('are refused when more waits than is kept in memory, and taken again afterwards', async () => {
    const intake = createEventIntake(ingress.sql);
    const events = Array.from({ length: 45 }, () => newEvent({ payload: 'x'.repeat(1_000_000) }));
    const outcomes = await Promise.allSettled(events.map((event) => intake.store(event)));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(4);
    for (const { reason } of refused) expect(reason).toBeInstanceOf(DatabaseBusyError);
    expect(await intake.store(newEvent())).toBe('stored');
  });

  it('are stored beside one that Postgres cannot take', async () => {
    const intake = createEventIntake(ingress.sql);
    const tooLong = Array.from({ length: 300 }, () => randomUUID()).join('');
    const [first, bad, ...others] = [
      newEvent(),
      // Random, so that it cannot be compressed into an index either.
      newEvent({ eventId: tooLong }),
      newEvent(),
      newEvent(),
    ];
    const outcomes = await Promise.allSettled(
      [first, bad, ...others].map((event) => intake.store(event ?? newEvent())),
    );
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
  });
});

describe('events that several processes store at once', () => {
  const waitingForLocks = (count: number) =>
    eventually(async () => {
      const rows = await ingress.ownerSql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return rows.length === count;
    });
  /** Stores the event, and takes it back once so many others wait for what becomes of it. */
  async function whileUndecided(event: IncomingEvent, others: () => number): Promise<void> {
    const undecided = await ingress.sql.reserve();
    await undecided`begin`;
    await undecided`
      insert into inbox (event_id, source, type, object_id, group_key, created, payload)
      values (${event.eventId}, 'webhook', ${event.type}, 'ic_1', 'ic_1', ${event.created}, '{}')`;
    await waitingForLocks(others());
    await undecided`rollback`;
    undecided.release();
  }

  it.each(['deliveries', 'catch-up'])(
    'do not lock each other out in whatever order they came: deliveries and %s',
    async (with_) => {
      const tenantId = parseTenantId(await platformTenant(ingress));
      const [early, middle, late] = [1, 2, 3].map((n) => newEvent({ created: 1_790_000_000 + n }));
      if (early === undefined || middle === undefined || late === undefined) throw new Error('few');
      const store = async (events: readonly IncomingEvent[]): Promise<unknown> => {
        const intake = createEventIntake(ingress.sql);
        // What comes together is stored together once the first is under way.
        return Promise.all([newEvent(), ...events].map((event) => intake.store(event)));
      };
      const both: Promise<unknown>[] = [];
      await whileUndecided(middle, () => {
        both.push(store([early, middle, late]));
        both.push(
          with_ === 'deliveries'
            ? store([late, middle, early])
            : createCatchUpStore(ingress.sql).storeCaughtUp({ tenantId, stripeAccount: null }, [
                late,
                middle,
                early,
              ]),
        );
        return both.length;
      });
      await Promise.all(both);
      const ids = [early, middle, late].map(({ eventId }) => eventId);
      expect(
        await ingress.sql`select from inbox where event_id = any (${ids}::text[])`,
      ).toHaveLength(3);
    },
  );

  it('are stored while their month gets its part', async () => {
    const created = Date.parse('2031-03-10T00:00:00Z') / 1_000;
    const intake = createEventIntake(ingress.sql);
    await intake.store(newEvent({ created }));
    const preparing = await ingress.sql.reserve();
    await preparing`begin`;
    await preparing`select prepare_inbox('2031-03-15T00:00:00Z')`;
    const stored = intake.store(newEvent({ created }));
    await waitingForLocks(1);
    await preparing`commit`;
    preparing.release();
    expect(await stored).toBe('stored');
    expect(
      await ingress.sql`select tableoid::regclass::text as part from inbox where created = ${created}`,
    ).toEqual([{ part: 'inbox_2031_03' }, { part: 'inbox_2031_03' }]);
  });
});
