/** The inbox of one test database: delivers, applies what is due, and looks at how rows and items ended. */
import { applyInbox } from '../../src/adapters/postgres/apply/inbox-apply.ts';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import { type Difference, verifyLedger } from '../../src/adapters/postgres/verify/verify-ledger.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { interpretStored } from '../../src/apps/relay/interpret.ts';
import type { CardProgram } from '../support/card-program.ts';
import { arrivalClock, type event, START_S, store } from '../support/stripe-events.ts';

type Event = ReturnType<typeof event>;

/** Applies everything that is due; answers the errors of groups that were postponed. */
export async function applyDue(sql: Sql): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  for (;;) {
    const counts = await applyInbox(sql, {
      interpret: interpretStored,
      clock: arrivalClock,
      lanesMax: 4,
      onError: (_group, error) => errors.push(error),
    });
    if (counts.applied + counts.ignored + counts.attention === 0) return errors;
  }
}

/** Stores the events for the tenant and applies them. Throws what a group failed with. */
export async function deliver(
  sql: Sql,
  program: CardProgram,
  ...events: readonly Event[]
): Promise<void> {
  await store(sql, program.tenantId, events);
  const errors = await applyDue(sql);
  if (errors.length > 0) throw new AggregateError(errors, 'a group could not be applied');
}

export const rowOf = async (sql: Sql, id: unknown) => {
  const [row] = await sql<{ status: string; reason: string | null; attempts: number }[]>`
    select status, reason, attempts from inbox where event_id = ${String(id)}`;
  return row;
};

export const openItems = async (sql: Sql, program: CardProgram): Promise<readonly string[]> =>
  (
    await sql<{ kind: string }[]>`
      select kind from attention_items where tenant_id = ${program.tenantId} and closed_at is null order by kind`
  ).map((row) => row.kind);

export const spendingOf = async (sql: Sql, program: CardProgram) => {
  const [row] = await sql<
    { purchases: number; captures: number; captured: number; refunded: number }[]
  >`select purchases, captures, captured_minor as captured, refunded_minor as refunded
      from card_spending where card_id = ${program.cardId}`;
  return row;
};

/** Enough to see what went wrong. */
const DIFFERENCES_MAX = 5;

/** What the proof on demand finds wrong, whatever the test was about. */
export const wrongBooks = async (sql: Sql): Promise<readonly Difference[]> => {
  const options = { interpret: interpretEvent, nowS: START_S, differencesMax: DIFFERENCES_MAX };
  return (await verifyLedger(sql, options)).differences;
};
