/** Storing together what waits: how many transactions that takes, and what may wait. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DatabaseBusyError } from '../../src/adapters/postgres/database-outage.ts';
import { createEventIntake } from '../../src/adapters/postgres/inbox-store.ts';
import type { IncomingEvent } from '../../src/ports/event-intake.ts';
import { ingressUnderTest } from './ingress-under-test.ts';

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
