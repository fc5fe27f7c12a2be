/** Authorizations that were looked up at Stripe: into the inbox, where they are applied like events. */
import { storableJson } from '../../platform/storable-text.ts';
import type { FetchedAuthorization } from '../../ports/authorization-fetcher.ts';
import type { Sql } from './pool.ts';

/** What was looked up, and for whom. */
export interface LookedUp {
  readonly tenantId: string;
  readonly stripeAccount: string | null;
  readonly stripeCardId: string;
  readonly authorizationId: string;
}

/** Stores what Stripe showed, ranked as fetched. The same look, stored again, is stored once. */
export async function storeFetched(
  sql: Sql,
  found: readonly (LookedUp & { readonly fetched: FetchedAuthorization })[],
): Promise<void> {
  if (found.length === 0) return;
  const rows = found.map(({ tenantId, stripeAccount, stripeCardId, authorizationId, fetched }) => ({
    tenant_id: tenantId,
    stripe_account: stripeAccount,
    event_id: `fetch:${authorizationId}:${fetched.asOfS}`,
    object_id: authorizationId,
    group_key: stripeCardId,
    created: fetched.asOfS,
    payload: JSON.stringify({ created: fetched.asOfS, data: { object: fetched.object } }),
  }));
  await sql`
    insert into inbox (tenant_id, stripe_account, event_id, source, type, object_id, group_key, created, payload)
    select tenant_id, stripe_account, event_id, 'fetch', 'issuing_authorization.fetched', object_id, group_key, created,
           payload
      from jsonb_to_recordset(${storableJson(rows)}::text::jsonb) as r (tenant_id text, stripe_account text,
        event_id text, object_id text, group_key text, created bigint, payload text)
    on conflict do nothing`;
}
