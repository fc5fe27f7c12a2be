/** The relay's apply step, as often as it takes until the inbox is empty. */
import { applyInbox } from '../../src/adapters/postgres/apply/inbox-apply.ts';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { systemClock } from '../../src/platform/clock.ts';

/** As the relay works. */
export const WORKERS = 4;
/** The relay's pause when nothing was due. */
const PAUSE_MS = 250;

export interface Round {
  readonly events: number;
  readonly seconds: number;
  /** Seconds of processor time that this process needed. */
  readonly nodeSeconds: number;
}

/** Times the work and the processor time it takes of this process. */
export async function timed(events: number, work: () => Promise<void>): Promise<Round> {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { events, seconds, nodeSeconds: (user + system) / 1e6 };
}

export async function pendingRows(sql: Sql): Promise<number> {
  const [row] = await sql<{ rows: number }[]>`
    select count(*) as rows from inbox where status = 'pending'`;
  return row?.rows ?? 0;
}

/** Throws when a group fails, or when the books are not what they should be. */
export async function applyAll(sql: Sql): Promise<Round> {
  const errors: unknown[] = [];
  const round = await timed(await pendingRows(sql), async () => {
    do {
      const counts = await applyInbox(sql, {
        interpret: interpretEvent,
        clock: systemClock(0),
        lanesMax: WORKERS,
        onError: (_group, error) => errors.push(error),
      });
      if (errors.length > 0) throw new AggregateError(errors, 'a group could not be applied');
      if (counts.applied + counts.ignored + counts.attention > 0) continue;
      if ((await pendingRows(sql)) === 0) break;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    } while (errors.length === 0);
  });
  await checkBooks(sql);
  return round;
}

/** A fast run that left something out would be no run. */
async function checkBooks(sql: Sql): Promise<void> {
  const wrong = await sql<{ what: string }[]>`
    select 'row ' || event_id || ' ended as ' || status as what from inbox where status <> 'applied'
    union all
    select 'balance of ' || a.account_id from accounts a
      left join lateral (
        select coalesce(sum(case when credit = 'available' then amount_minor
                                 when debit = 'available' then -amount_minor end), 0) as available,
               coalesce(sum(case when credit = 'held' then amount_minor
                                 when debit = 'held' then -amount_minor end), 0) as held
          from postings p where p.account_id = a.account_id) s on true
     where a.available_minor <> s.available or a.held_minor <> s.held
    union all
    select 'hold of ' || a.account_id from accounts a
     where a.held_minor <> (select coalesce(sum(held_minor), 0) from authorizations z where z.account_id = a.account_id)
    union all
    select 'sum of ' || currency from trial_balance group by currency having sum(balance_minor) <> 0
    limit 10`;
  if (wrong.length > 0) throw new Error(wrong.map(({ what }) => what).join('; '));
}
