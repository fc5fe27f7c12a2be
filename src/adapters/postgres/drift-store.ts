/** Compares our side with Stripe's: what we hold of objects, and what their comparison leads to. */
import { DRIFT_ITEM_KINDS } from '../../domain/drift.ts';
import type { CardId } from '../../domain/ids.ts';
import { storableValue } from '../../platform/storable-text.ts';
import type { DriftScope, DriftStore, DriftSubject } from '../../ports/drift-store.ts';
import type { FetchedKind } from '../../ports/stripe-reader.ts';
import { openAttention } from './attention.ts';
import { tenantOf } from './card-store.ts';
import { findOurs } from './drift-views.ts';
import { storeFetchedObjects } from './fetched-objects.ts';
import type { Queryable, Sql } from './pool.ts';

export const createDriftStore = (sql: Sql): DriftStore => ({
  find: (tenant, kind, ids) => findOurs(sql, tenant, kind, ids),
  expected: (scope, kind, page) => expected(sql, scope, kind, page),

  async waiting(ids) {
    const rows = await sql<{ id: string }[]>`
      select distinct object_id as id from inbox where object_id = any (${[...ids]}) and status = 'pending'`;
    return new Set(rows.map(({ id }) => id));
  },

  async ownCards({ tenantId }, stripeCardIds) {
    const rows = await sql<{ id: string }[]>`
      select stripe_card_id as id from stripe_cards
       where tenant_id = ${tenantId} and stripe_card_id = any (${[...new Set(stripeCardIds)]})`;
    return new Set(rows.map(({ id }) => id));
  },

  async lastApplied({ tenantId }, id) {
    const [row] = await sql<{ asOfS: number; payload: string }[]>`
      select created as "asOfS", payload from inbox f
       where object_id = ${id} and tenant_id = ${tenantId} and source = 'fetch' and status = 'applied'
         and payload is not null
         and not exists (select from inbox e
                          where e.object_id = ${id} and e.created = f.created and e.source in ('webhook', 'catch_up'))
       order by created desc limit 1`;
    if (row === undefined) return null;
    const body = storableValue(row.payload) as Readonly<Record<string, unknown>>;
    return { asOfS: row.asOfS, body };
  },

  store: ({ tenantId, stripeAccount }, objects) =>
    storeFetchedObjects(
      sql,
      objects.map((object) => ({ tenantId, stripeAccount, ...object })),
    ),

  async openItems({ tenantId }, items) {
    if (items.length === 0) return;
    await sql.begin(async (tx) => {
      for (const item of items) {
        const accountId = await accountOf(tx, item.cardId);
        await openAttention(tx, { tenantId, accountId, ...item });
      }
    });
  },

  async openSubjects({ tenant, cardId }) {
    return sql<DriftSubject[]>`
      select distinct subject as id, details ->> 'object' as kind from attention_items
       where tenant_id = ${tenant.tenantId} and closed_at is null and kind = any (${[...DRIFT_ITEM_KINDS]})
         and (${cardId}::text is null or card_id = ${cardId})`;
  },

  async closeItems({ tenantId }, subjects) {
    if (subjects.length === 0) return;
    await sql`
      update attention_items set closed_at = clock_timestamp(), resolution = 'a later comparison with Stripe found no difference'
       where tenant_id = ${tenantId} and closed_at is null and kind = any (${[...DRIFT_ITEM_KINDS]})
         and subject = any (${[...subjects]})`;
  },
});

async function accountOf(sql: Queryable, cardId: CardId | null): Promise<string | null> {
  if (cardId === null) return null;
  const [row] = await sql<
    { id: string }[]
  >`select account_id as id from cards where card_id = ${cardId}`;
  return row?.id ?? null;
}

async function expected(
  sql: Sql,
  { tenant: { tenantId }, cardId }: DriftScope,
  kind: FetchedKind,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const ofCard = (column: ReturnType<Queryable>) =>
    sql`(${cardId}::text is null or ${column} = ${cardId})`;
  const query = {
    card: () => sql`
      select stripe_card_id as id from stripe_cards
       where tenant_id = ${tenantId} and stripe_card_id > ${after} and ${ofCard(sql`card_id`)}`,
    cardholder: () => sql`
      select stripe_cardholder_id as id from cardholders
       where tenant_id = ${tenantId} and stripe_cardholder_id > ${after}
         and (${cardId}::text is null
           or cardholder_id = (select c.cardholder_id from cards c where c.card_id = ${cardId}))`,
    // What Stripe has never shown may be unknown to it: the looks at unconfirmed approvals are about those.
    authorization: () => sql`
      select authorization_id as id from authorizations
       where tenant_id = ${tenantId} and authorization_id > ${after} and status = 'pending' and snapshot is not null
         and ${ofCard(sql`card_id`)}`,
    transaction: () => sql`select null::text as id where false`,
    dispute: () => sql`
      select d.dispute_id as id from disputes d join transactions t using (transaction_id)
       where d.tenant_id = ${tenantId} and d.dispute_id > ${after} and d.status in ('unsubmitted', 'submitted')
         and ${ofCard(sql`t.card_id`)}`,
  }[kind];
  const rows = await sql<{ id: string }[]>`${query()} order by id limit ${limit}`;
  return rows.map(({ id }) => id);
}

/** What is compared: the tenant of the card, or all tenants in the order of their ids. */
export async function driftScopes(sql: Sql, cardId: CardId | null): Promise<readonly DriftScope[]> {
  const rows = await sql<{ tenant_id: string; stripe_account: string | null }[]>`
    select tenant_id, stripe_account from tenants t
     where ${cardId}::text is null
        or exists (select from cards c where c.tenant_id = t.tenant_id and c.card_id = ${cardId})
     order by tenant_id`;
  return rows.map((row) => ({ tenant: tenantOf(row), cardId }));
}
