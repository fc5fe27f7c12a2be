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
/** Its workflow says when it has room; should that be missed, it is looked at again after this long. */
const ROOM_LOOK_S = 10;
/** Holds the lease of such a card, so that no relay asks in vain. */
const AWAITS_ROOM = 'awaits room';
/** A card that waited for longer than this has nothing to be told any more. */
const FORGET_AFTER_S = 3_600;

type Fragment = ReturnType<Queryable>;

export interface CardChoice {
  /** The relay. */
  readonly holder: string;
  /** Cards claimed at most. */
  readonly limit: number;
}

/** A card that nobody tells at the moment, and that nobody has failed to tell since it was told last. */
export const isFresh = (sql: Sql, cardId: Fragment): Fragment => sql`
  not exists (select from card_leases l where l.card_id = ${cardId} and (l.until > now() or l.failures > 0))`;

export interface CardsDue {
  /** Answers fresh cards (`card_id`) in their order, as many as are wanted. */
  readonly fresh: Fragment;
  /** Whether there is something to tell a card that could not be told before. */
  readonly isDue: (cardId: Fragment) => Fragment;
}

/**
 * Claims cards for a relay; those that another was faster with are left out. Cards that could not be told before come
 * after all others: however many there are, and however long a call to them takes, they hold up nobody.
 */
export async function claimCards(
  sql: Sql,
  { holder, limit }: CardChoice,
  { fresh, isDue }: CardsDue,
): Promise<readonly CardId[]> {
  const rows = await sql<{ card_id: string }[]>`
    with fresh as (${fresh}),
    failed as (
      select waited.card_id from card_leases waited
       where waited.failures > 0 and waited.until <= now() and ${isDue(sql`waited.card_id`)}
       order by waited.until limit greatest(0, ${limit} - (select count(*) from fresh)))
    insert into card_leases as l (card_id, holder, until)
    select card_id, ${holder}, now() + make_interval(secs => ${LEASE_S})
      from (select card_id from fresh union select card_id from failed) due order by card_id
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

/** Nothing was to be told. */
export async function giveBack(sql: Sql, cardId: CardId, holder: string): Promise<void> {
  await endLease(sql, cardId, holder);
}

/** The card has to work off what it was told first: it is left alone until it has, or somebody looks again. */
export async function awaitRoom(sql: Sql, cardId: CardId, holder: string): Promise<void> {
  await sql`
    update card_leases set holder = ${AWAITS_ROOM}, until = now() + make_interval(secs => ${ROOM_LOOK_S}), failures = 0
     where card_id = ${cardId} and holder = ${holder}`;
}

/** The card has worked off facts: it can be told more at once. Waits for nobody who is about to look at it. */
export async function roomMade(sql: Queryable, cardId: string): Promise<void> {
  await sql`
    with free as (
      delete from card_leases
       where card_id in (select card_id from card_leases where card_id = ${cardId} and holder = ${AWAITS_ROOM}
                            for update skip locked)
      returning 1)
    select pg_notify('facts_waiting', '') from free`;
}

export async function forgetLeases(sql: Sql): Promise<void> {
  await sql`delete from card_leases where until < now() - make_interval(secs => ${FORGET_AFTER_S})`;
}
