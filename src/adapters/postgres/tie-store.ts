/** Authorizations whose newest views contradict each other: listed for a look at Stripe, and stored as fetched. */
import type { FetchedAuthorization } from '../../ports/authorization-fetcher.ts';
import type { Sql } from './pool.ts';

export interface TiedAuthorization {
  readonly tenantId: string;
  readonly stripeAccount: string | null;
  readonly stripeCardId: string;
  readonly authorizationId: string;
}

/** Ties whose second is over: a fetch within that second could not settle them. */
export async function tiedAuthorizations(
  sql: Sql,
  limit: number,
): Promise<readonly TiedAuthorization[]> {
  return sql<TiedAuthorization[]>`
    select z.tenant_id as "tenantId", t.stripe_account as "stripeAccount", z.stripe_card_id as "stripeCardId",
           z.authorization_id as "authorizationId"
      from authorizations z join tenants t using (tenant_id)
     where 'tied' = any (z.flags)
     order by z.created_at limit ${limit}`;
}

/** Puts a fetched object into the inbox, where it is applied like an event, but ranked as fetched. */
export async function storeFetched(
  sql: Sql,
  tied: TiedAuthorization,
  fetched: FetchedAuthorization,
): Promise<void> {
  const payload = JSON.stringify({ created: fetched.asOfS, data: { object: fetched.object } });
  await sql`
    insert into inbox (tenant_id, stripe_account, event_id, source, type, object_id, group_key, created, payload)
    values (${tied.tenantId}, ${tied.stripeAccount}, ${`fetch:${tied.authorizationId}:${fetched.asOfS}`}, 'fetch',
      'issuing_authorization.fetched', ${tied.authorizationId}, ${tied.stripeCardId}, ${fetched.asOfS},
      ${payload}::text::jsonb)
    on conflict do nothing`;
}
