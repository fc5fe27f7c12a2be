/** Settles contradicting views of an authorization by a look at Stripe. */
import type { Sql } from '../../adapters/postgres/pool.ts';
import { storeFetched, tiedAuthorizations } from '../../adapters/postgres/tie-store.ts';
import type { AuthorizationFetcher } from '../../ports/authorization-fetcher.ts';

/** One after the other and few at a time: Stripe allows 25 calls a second to one endpoint. */
const FETCHES_PER_STEP_MAX = 10;

export async function settleTies(sql: Sql, fetcher: AuthorizationFetcher): Promise<boolean> {
  const tied = await tiedAuthorizations(sql, FETCHES_PER_STEP_MAX);
  for (const authorization of tied) {
    const { stripeAccount, authorizationId } = authorization;
    await storeFetched(sql, authorization, await fetcher.fetch(stripeAccount, authorizationId));
  }
  return false;
}
