/**
 * Stores events. One insert is under way at a time, and takes along everything that arrived while the one
 * before was running: under load many events share one commit, and alone an event never waits for company.
 */
import postgres from 'postgres';
import type { EventIntake, IncomingEvent } from '../../ports/event-intake.ts';
import { DatabaseBusyError } from './database-outage.ts';
import type { Sql } from './pool.ts';

/** Rows of one insert, and characters of their bodies: a statement takes milliseconds, and far less than the server would take. */
const BATCH_MAX = 200;
const BATCH_CHARACTERS_MAX = 4_000_000;
/** Events in memory that wait for their insert; ten batches are seconds of work, so the database hangs. */
const WAITING_MAX = 2_000;
const WAITING_CHARACTERS_MAX = 40_000_000;
/** SQLSTATE classes of what the data itself is to blame for, its size too: another try would fail alike. */
const DATA_CLASSES = new Set(['22', '23', '54']);

/** Also of a row that does not belong into its part of the table. */
const CHECK_VIOLATION = '23514';

type Outcome = 'stored' | 'duplicate';

/** Stripe waits longer than this for an answer; an insert takes milliseconds. */
const STORE_GIVEN_UP_MS = 5_000;

interface Waiting {
  readonly event: IncomingEvent;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

export function createEventIntake(sql: Sql): EventIntake {
  let waiting: Waiting[] = [];
  let waitingCharacters = 0;
  let isFlushing = false;

  async function flushAll(): Promise<void> {
    isFlushing = true;
    while (waiting.length > 0) {
      const batch = nextBatch(waiting);
      waiting = waiting.slice(batch.length);
      waitingCharacters -= charactersOf(batch);
      await settleInTime(sql, batch);
    }
    isFlushing = false;
  }

  return {
    store: (event) =>
      new Promise<Outcome>((resolve, reject) => {
        if (waiting.length >= WAITING_MAX || waitingCharacters >= WAITING_CHARACTERS_MAX) {
          reject(new DatabaseBusyError(`${waiting.length} events wait to be stored`));
          return;
        }
        waiting.push({ event, resolve, reject });
        waitingCharacters += event.payload.length;
        // `settle` hands every failure to those who wait, so that this promise never rejects.
        if (!isFlushing) void flushAll();
      }),
  };
}

const charactersOf = (batch: readonly Waiting[]): number =>
  batch.reduce((sum, { event }) => sum + event.payload.length, 0);

/** The first of those that wait, at least one. */
function nextBatch(waiting: readonly Waiting[]): readonly Waiting[] {
  let characters = 0;
  const end = waiting.findIndex(({ event }, index) => {
    characters += event.payload.length;
    return index > 0 && (index >= BATCH_MAX || characters > BATCH_CHARACTERS_MAX);
  });
  return end < 0 ? waiting : waiting.slice(0, end);
}

/**
 * A statement that does not come back (a lost connection) must not keep all later events out. Those of the batch
 * are refused, so that Stripe sends them again; if they were stored after all, the repeats are duplicates.
 */
async function settleInTime(sql: Sql, batch: readonly Waiting[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const givenUp = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      for (const w of batch) w.reject(new DatabaseBusyError('Postgres did not answer in time'));
      resolve();
    }, STORE_GIVEN_UP_MS);
  });
  await Promise.race([settle(sql, batch), givenUp]);
  clearTimeout(timer);
}

async function settle(sql: Sql, batch: readonly Waiting[]): Promise<void> {
  try {
    const outcomes = await storeInPart(
      sql,
      batch.map((w) => w.event),
    );
    batch.forEach((w, i) => w.resolve(outcomes[i] ?? 'duplicate'));
  } catch (error) {
    if (batch.length > 1 && isDataError(error)) {
      // One event that Postgres cannot take must not keep its neighbours out.
      for (const one of batch) await settle(sql, [one]);
      return;
    }
    for (const w of batch) w.reject(error);
  }
}

/** A month may get its part while its event is on the way into `inbox_other`, which then does not take it: the part will. */
async function storeInPart(sql: Sql, events: readonly IncomingEvent[]): Promise<Outcome[]> {
  try {
    return await storeEvents(sql, events);
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code === CHECK_VIOLATION) {
      return storeEvents(sql, events);
    }
    throw error;
  }
}

const isDataError = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && DATA_CLASSES.has(error.code.slice(0, 2));

const keyOf = (event: Pick<IncomingEvent, 'eventId' | 'stripeAccount'>): string =>
  `${event.stripeAccount ?? ''}/${event.eventId}`;

/** Inserts the events in one statement; answers in their order. A repeat within the list is a duplicate too. */
async function storeEvents(sql: Sql, events: readonly IncomingEvent[]): Promise<Outcome[]> {
  const stored = await sql<{ eventId: string; stripeAccount: string | null }[]>`
    insert into inbox (tenant_id, stripe_account, event_id, source, type, object_id, group_key, created, payload)
    select case when e.tenant_id is not null
                then (select tenant_id from tenants t where t.tenant_id = e.tenant_id)
                when e.stripe_account is null
                then (select tenant_id from tenants where stripe_account is null)
                else (select tenant_id from tenants t where t.stripe_account = e.stripe_account) end,
           e.stripe_account, e.event_id, 'webhook', e.type, e.object_id, e.group_key, e.created,
           e.payload
      from unnest(${events.map((e) => e.stripeAccount)}::text[], ${events.map((e) => e.eventId)}::text[],
                  ${events.map((e) => e.type)}::text[], ${events.map((e) => e.objectId)}::text[],
                  ${events.map((e) => e.groupKey)}::text[], ${events.map((e) => e.created)}::bigint[],
                  ${events.map((e) => e.payload)}::text[], ${events.map((e) => e.tenantId ?? null)}::text[])
           as e (stripe_account, event_id, type, object_id, group_key, created, payload, tenant_id)
     -- All who store events do so in this order: two batches with the same events, which wait for one another, cannot lock
     -- each other out.
     order by e.created, e.event_id
    on conflict do nothing
    returning event_id as "eventId", stripe_account as "stripeAccount"`;
  const fresh = new Set(stored.map(keyOf));
  // The first of equal events takes the key out of the set, the others find it gone.
  return events.map((event) => (fresh.delete(keyOf(event)) ? 'stored' : 'duplicate'));
}
