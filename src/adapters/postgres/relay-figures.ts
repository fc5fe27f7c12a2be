/** What waits to be done, for an operator to watch. Cheap however much waits: what is countless is counted to a limit. */
import { FACT_RESEND_AFTER_MS } from '../../domain/limits.ts';
import type { Sql } from './pool.ts';

/** Rows counted of each kind; a figure of this size means "or more". */
const COUNTED_MAX = 100_000;

/** A card is tried again every minute; one that is not has nothing to be told any more. */
const UNREACHABLE_FOR_S = 300;

export interface RelayFigures {
  /** Rows of the inbox that are to be applied, without those that are parked. */
  readonly backlog: number;
  /** Age of the oldest of them; 0 when there is none. */
  readonly oldestUnappliedS: number;
  readonly parked: number;
  readonly factsUnsent: number;
  readonly oldestUnsentS: number;
  /** Old, sent, and not worked off. */
  readonly factsUnanswered: number;
  /** Cards whose workflow could not be told the last time, minutes ago at most. */
  readonly unreachableCards: number;
  readonly openAttention: readonly { readonly kind: string; readonly count: number }[];
}

export async function readRelayFigures(sql: Sql): Promise<RelayFigures> {
  const [row] = await sql<Omit<RelayFigures, 'openAttention'>[]>`
    select i.backlog, i.parked, coalesce(extract(epoch from now() - i.oldest), 0)::float8 as "oldestUnappliedS",
           u.unsent as "factsUnsent", coalesce(extract(epoch from now() - u.oldest), 0)::float8 as "oldestUnsentS",
           (select count(*)::int from (
              select 1 from facts
               where closed_at is null and signalled_at is not null
                 -- When it was sent last says nothing: it is sent again and again.
                 and created_at < now() - make_interval(secs => ${FACT_RESEND_AFTER_MS / 1000})
               limit ${COUNTED_MAX}) f) as "factsUnanswered",
           (select count(*)::int from card_leases
             where failures > 0 and until > now() - make_interval(secs => ${UNREACHABLE_FOR_S})) as "unreachableCards"
      from (select count(*) filter (where reason is null)::int as backlog,
                   count(*) filter (where reason is not null)::int as parked,
                   min(received_at) filter (where reason is null) as oldest
              -- A row that is parked says what it waits for.
              from (select reason, received_at from inbox where status = 'pending'
                     order by next_try_at limit ${COUNTED_MAX}) w) i,
           (select count(*)::int as unsent, min(created_at) as oldest
              from (select created_at from facts where signalled_at is null and closed_at is null
                     order by fact_id limit ${COUNTED_MAX}) w) u`;
  if (row === undefined) throw new Error('the figures have no row');
  const openAttention = await sql<{ kind: string; count: number }[]>`
    select kind, count(*)::int as count from attention_items where closed_at is null group by kind order by kind`;
  return { ...row, openAttention };
}
