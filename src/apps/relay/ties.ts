/** Settles contradicting views of an authorization by a look at Stripe. */
import { storeFetched } from '../../adapters/postgres/fetched-authorizations.ts';
import type { Sql } from '../../adapters/postgres/pool.ts';
import { tiedAuthorizations } from '../../adapters/postgres/tie-store.ts';
import type { AuthorizationFetcher } from '../../ports/authorization-fetcher.ts';
import type { Clock } from '../../ports/clock.ts';
import { createBackoff } from './backoff.ts';

/** One after the other and few at a time: Stripe allows 25 calls a second to one endpoint. */
const FETCHES_PER_STEP_MAX = 10;

export interface TieSettler {
  /** Looks at those whose turn it is; false, because what it found is for the apply loop to work off. */
  settle(): Promise<boolean>;
}

export function createTieSettler(
  sql: Sql,
  fetcher: AuthorizationFetcher,
  options: { readonly clock: Clock; readonly onError: (error: unknown) => void },
): TieSettler {
  const backoff = createBackoff(() => options.clock.nowMs());
  return {
    async settle() {
      const tied = await tiedAuthorizations(sql, {
        limit: FETCHES_PER_STEP_MAX,
        nowS: Math.floor(options.clock.nowMs() / 1000),
        except: backoff.waiting(),
      });
      for (const authorization of tied) {
        const { stripeAccount, authorizationId } = authorization;
        try {
          const fetched = await fetcher.fetch(stripeAccount, authorizationId);
          if (fetched === null) throw new Error(`Stripe does not know ${authorizationId}`);
          await storeFetched(sql, [{ ...authorization, fetched }]);
          backoff.succeeded(authorizationId);
        } catch (error) {
          // The others have nothing to do with it.
          backoff.failed(authorizationId);
          options.onError(error);
        }
      }
      return false;
    },
  };
}
