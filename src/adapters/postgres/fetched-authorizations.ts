/** Authorizations that were looked up at Stripe one by one, or found in a list, for whoever waits for them. */
import type { FetchedAuthorization } from '../../ports/authorization-fetcher.ts';
import { storeFetchedObjects } from './fetched-objects.ts';
import type { Sql } from './pool.ts';

/** What was looked up, and for whom. */
export interface LookedUp {
  readonly tenantId: string;
  readonly stripeAccount: string | null;
  readonly stripeCardId: string;
  readonly authorizationId: string;
}

/** Stores what Stripe showed, ranked as fetched. */
export async function storeFetched(
  sql: Sql,
  found: readonly (LookedUp & { readonly fetched: FetchedAuthorization })[],
): Promise<void> {
  await storeFetchedObjects(
    sql,
    found.map(({ tenantId, stripeAccount, stripeCardId, authorizationId, fetched }) => ({
      tenantId,
      stripeAccount,
      id: authorizationId,
      groupKey: stripeCardId,
      type: 'issuing_authorization.fetched',
      ...fetched,
    })),
  );
}
