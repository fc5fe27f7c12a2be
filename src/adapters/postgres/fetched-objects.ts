/** Objects that were fetched from Stripe: into the inbox, where they are applied like events. */
import { storableJson } from '../../platform/storable-text.ts';
import type { Sql } from './pool.ts';

interface StoredFetch {
  readonly tenantId: string;
  readonly stripeAccount: string | null;
  readonly id: string;
  readonly groupKey: string;
  readonly type: string;
  /** The second in which the call was sent; it ranks the view. */
  readonly asOfS: number;
  readonly object: Readonly<Record<string, unknown>>;
}

/** Answers how many were not stored before: the same look, stored again, is stored once. */
export async function storeFetchedObjects(
  sql: Sql,
  objects: readonly StoredFetch[],
): Promise<number> {
  if (objects.length === 0) return 0;
  const rows = objects.map(({ tenantId, stripeAccount, id, groupKey, type, asOfS, object }) => ({
    tenant_id: tenantId,
    stripe_account: stripeAccount,
    event_id: `fetch:${id}:${asOfS}`,
    type,
    object_id: id,
    group_key: groupKey,
    created: asOfS,
    payload: JSON.stringify({ created: asOfS, data: { object } }),
  }));
  const stored = await sql`
    insert into inbox (tenant_id, stripe_account, event_id, source, type, object_id, group_key, created, payload)
    select tenant_id, stripe_account, event_id, 'fetch', type, object_id, group_key, created,
           -- Where the parcel went was erased with whom it went to.
           case when erased.at is null then payload else (payload::jsonb #- '{data,object,shipping}')::text end
      from jsonb_to_recordset(${storableJson(rows)}::text::jsonb) as r (tenant_id text, stripe_account text, event_id text, type text,
        object_id text, group_key text, created bigint, payload text)
      left join lateral (
        select h.erased_at as at from stripe_cards s join cards c using (card_id) join cardholders h using (cardholder_id)
         where s.stripe_card_id = r.object_id) erased on true
     -- The order of all who store events, because others may have looked at the same objects.
     order by created, event_id
    on conflict do nothing
    returning 1`;
  return stored.length;
}
