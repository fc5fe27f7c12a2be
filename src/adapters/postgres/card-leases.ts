/**
 * Whose turn it is to be told: cards are claimed for one relay, told, and given back. Every claim is committed before
 * the call to Temporal, so that several relays never tell one card at once; what a dead relay has claimed is free again
 * when its lease ends. A card that could not be told waits longer each time, whichever relay tries.
 */
import { type CardId, parseCardId } from '../../domain/ids.ts';
import type { Queryable, Sql } from './pool.ts';

/** A call takes 3 s at most; the rest is for a slow commit after it. */
const LEASE_S = 15;
/** The first wait after a failure; it doubles up to a minute. */
const RETRY_FIRST_S = 1;
const RETRY_MAX_S = 60;
/** A card that waited for longer than this has nothing to be told any more. */
const FORGET_AFTER_S = 3_600;

type Fragment = ReturnType<Queryable>;

export interface CardChoice {
  /** The relay. */
  readonly holder: string;
  /** Cards claimed at most. */
  readonly limit: number;
}

/** Without the cards that somebody tells at the moment, and those that failed a moment ago. */
export const notLeased = (sql: Sql, cardId: Fragment): Fragment => sql`
  not exists (select from card_leases l where l.card_id = ${cardId} and l.until > now())`;

/** Claims the cards that the query answers (`card_id`); those that another relay was faster with are left out. */
export async function claimCards(
  sql: Sql,
  holder: string,
  due: Fragment,
): Promise<readonly CardId[]> {
  const rows = await sql<{ card_id: string }[]>`
    with due as (${due})
    insert into card_leases as l (card_id, holder, until)
    select card_id, ${holder}, now() + make_interval(secs => ${LEASE_S}) from due order by card_id
    on conflict (card_id) do update set holder = excluded.holder, until = excluded.until where l.until <= now()
    returning card_id`;
  return rows.map((row) => parseCardId(row.card_id));
}

/** Part of a statement that ends the lease of a card that was told. */
export const endLease = (sql: Sql, cardId: CardId, holder: string): Fragment => sql`
  delete from card_leases where card_id = ${cardId} and holder = ${holder}`;

/** The card could not be told: it steps aside for the others. */
export async function leaseFailed(sql: Sql, cardId: CardId, holder: string): Promise<void> {
  await sql`
    update card_leases
       set until = now() + make_interval(secs => least(${RETRY_MAX_S}, ${RETRY_FIRST_S} * power(2, least(failures, 10)))),
           failures = failures + 1
     where card_id = ${cardId} and holder = ${holder}`;
}

/** The card can be told nothing for now, which is no failure. */
export async function postponeLease(
  sql: Sql,
  cardId: CardId,
  { holder, waitS }: { readonly holder: string; readonly waitS: number },
): Promise<void> {
  await sql`
    update card_leases set until = now() + make_interval(secs => ${waitS})
     where card_id = ${cardId} and holder = ${holder}`;
}

export async function forgetLeases(sql: Sql): Promise<void> {
  await sql`delete from card_leases where until < now() - make_interval(secs => ${FORGET_AFTER_S})`;
}
