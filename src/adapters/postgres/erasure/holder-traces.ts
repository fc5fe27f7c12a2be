/** Where a cardholder has left traces, and what stands against erasing them. */
import type { Queryable } from '../pool.ts';

/** What the rows of a holder are found by: ids, none of which is personal. */
export interface HolderTraces {
  readonly tenantId: string;
  readonly cardholderId: string;
  readonly cardIds: readonly string[];
  /** Ids of the holder, the cards and the checks, here and at their providers: what names one of them tells of the holder. */
  readonly names: readonly string[];
}

export type ErasureObstacle =
  | { readonly kind: 'open_cards'; readonly cardIds: readonly string[] }
  /** Events that are not on the books yet; without what they said they never would be. */
  | { readonly kind: 'events_waiting'; readonly count: number }
  | { readonly kind: 'open_items'; readonly itemIds: readonly string[] };

export async function findTraces(
  sql: Queryable,
  cardholderId: string,
): Promise<HolderTraces | undefined> {
  const [row] = await sql<{ tenantId: string; cardIds: string[]; names: string[] }[]>`
    select h.tenant_id as "tenantId",
           array(select c.card_id from cards c where c.cardholder_id = h.cardholder_id order by 1) as "cardIds",
           array(select distinct name from (
             values (h.cardholder_id), (h.stripe_cardholder_id), (h.kyc_session_id)
             union all
             select a.result_id from stripe_attempts a where a.subject_id = h.cardholder_id
             union all
             select unnest(array[c.card_id, c.stripe_card_id, s.stripe_card_id]) from cards c
               left join stripe_cards s on s.card_id = c.card_id where c.cardholder_id = h.cardholder_id) n (name)
            where name is not null order by 1) as names
      from cardholders h where h.cardholder_id = ${cardholderId}`;
  return row === undefined ? undefined : { cardholderId, ...row };
}

/** Ids at Stripe of what was done with the cards; their events tell of the card, and with it of the holder. */
export const objectsOf = (sql: Queryable, { cardIds }: HolderTraces) => sql`
  select z.authorization_id from authorizations z where z.card_id = any (${[...cardIds]})
  union all
  select t.transaction_id from transactions t where t.card_id = any (${[...cardIds]})
  union all
  select d.dispute_id from disputes d join transactions t on t.transaction_id = d.transaction_id
   where t.card_id = any (${[...cardIds]})
  union all
  select k.token_id from tokens k join stripe_cards s using (stripe_card_id) where s.card_id = any (${[...cardIds]})`;

/** What people may have dealt with that is about the holder: all of these names, objects and events, and items about them. */
export async function subjectsOf(
  sql: Queryable,
  traces: HolderTraces,
  eventIds: readonly string[],
): Promise<readonly string[]> {
  const rows = await sql<{ subject: string }[]>`
    with known as materialized (
      select unnest(${[...traces.names, ...eventIds]}::text[]) as subject union ${objectsOf(sql, traces)})
    select subject from known
    union
    select item_id from attention_items where card_id = any (${[...traces.cardIds]})
    union
    select a.item_id from known join attention_items a using (subject)`;
  return rows.map(({ subject }) => subject);
}

/** The condition on rows of the inbox that tell of the holder. */
export const tellsOf = (sql: Queryable, traces: HolderTraces) => {
  const names = [...traces.names];
  return sql`(group_key = any (${names}) or object_id = any (${names})
    or object_id in (${objectsOf(sql, traces)})
    or exists (select from unnest(${names}::text[]) name where strpos(payload, name) > 0))`;
};

export async function findObstacles(
  sql: Queryable,
  traces: HolderTraces,
): Promise<readonly ErasureObstacle[]> {
  const names = [...traces.names];
  const open = await sql<{ id: string }[]>`
    select card_id as id from cards where card_id = any (${[...traces.cardIds]}) and phase <> 'closed' order by 1`;
  const [waiting] = await sql<{ count: number }[]>`
    select count(*) from inbox where status = 'pending' and ${tellsOf(sql, traces)}`;
  const items = await sql<{ id: string }[]>`
    select item_id as id from attention_items
     where closed_at is null
       and (card_id = any (${[...traces.cardIds]}) or subject = any (${names})
            or subject in (${objectsOf(sql, traces)})
            or subject in (select event_id from inbox
                            where status = 'attention' and (group_key = any (${names}) or object_id = any (${names}))))
     order by opened_at`;
  const count = waiting?.count ?? 0;
  return [
    ...(open.length > 0
      ? [{ kind: 'open_cards' as const, cardIds: open.map(({ id }) => id) }]
      : []),
    ...(count > 0 ? [{ kind: 'events_waiting' as const, count }] : []),
    ...(items.length > 0
      ? [{ kind: 'open_items' as const, itemIds: items.map(({ id }) => id) }]
      : []),
  ];
}
