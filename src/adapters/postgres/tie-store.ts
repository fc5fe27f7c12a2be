/** Authorizations whose newest views contradict each other, for a look at Stripe. */
import type { LookedUp } from './fetched-authorizations.ts';
import type { Sql } from './pool.ts';

/** A second is over for certain this long after it began: itself, and 2 s between Stripe's clock and ours. */
const SECOND_OVER_AFTER_S = 3;
/** A look that settled nothing is not repeated sooner. */
const LOOK_AGAIN_AFTER_S = 60;
/** What could not be read will hardly be readable soon; a person has been told. */
const UNREADABLE_AGAIN_AFTER_S = 3_600;

/**
 * Ties that a look at Stripe can settle now: their second is over, and no look waits to be applied or has just
 * been. Those looked at longest ago come first. `nowS` is in Stripe's time.
 */
export async function tiedAuthorizations(
  sql: Sql,
  options: {
    readonly limit: number;
    readonly nowS: number;
    /** Authorizations left out. */
    readonly except: readonly string[];
  },
): Promise<readonly LookedUp[]> {
  return sql<LookedUp[]>`
    select z.tenant_id as "tenantId", t.stripe_account as "stripeAccount", z.stripe_card_id as "stripeCardId",
           z.authorization_id as "authorizationId"
      from authorizations z join tenants t using (tenant_id)
      left join lateral (
        select i.status, i.settled_at from inbox i
         where i.source = 'fetch' and i.object_id = z.authorization_id
         order by i.inbox_id desc limit 1) looked on true
     where 'tied' = any (z.flags)
       and z.authorization_id <> all (${[...options.except]})
       and coalesce((z.snapshot -> 0 -> 'rank' ->> 'atS')::bigint, 0) <= ${options.nowS - SECOND_OVER_AFTER_S}::bigint
       and looked.status is distinct from 'pending'
       and (looked.settled_at is null or looked.settled_at < now() - make_interval(secs =>
             case when looked.status = 'attention' then ${UNREADABLE_AGAIN_AFTER_S}::int
                  else ${LOOK_AGAIN_AFTER_S}::int end))
     order by looked.settled_at nulls first, z.created_at limit ${options.limit}`;
}
