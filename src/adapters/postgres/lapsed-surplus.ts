/**
 * Fuel purchases whose configured hold has lapsed: time alone changes them, so somebody has to ask for another look.
 * The look is a row of the inbox, like that of a decision that came after its event.
 */
import type { Sql } from './pool.ts';

/** Longer than any fuel authorization stays open; older ones have long been looked at. */
const LOOK_BACK_S = 14 * 24 * 3_600;
/** Another relay may apply the look by a clock that is behind ours; it must find the hold lapsed as well. */
const CLOCK_SKEW_S = 60;
/** Of one call: the rest is taken by the next. */
const LAPSED_MAX = 500;

/** Asks for another look at each, once. `nowS` is the processes' time. Answers how many were new. */
export async function recheckLapsedSurplus(sql: Sql, nowS: number): Promise<number> {
  const rows = await sql`
    insert into inbox (tenant_id, stripe_account, event_id, source, type, object_id, group_key, created, payload)
    select d.tenant_id, t.stripe_account, 'lapsed:' || d.decision_id, 'decision', 'decision.recorded',
           d.authorization_id, d.stripe_card_id, ${nowS}::bigint,
           jsonb_build_object('authorizationId', d.authorization_id)::text
      from decisions d
      join tenants t using (tenant_id)
      join authorizations z on z.authorization_id = d.authorization_id
     where d.approved and d.surplus ->> 'kind' = 'fuel'
       and (d.surplus ->> 'validUntilS')::bigint between ${nowS - LOOK_BACK_S}::bigint and ${nowS - CLOCK_SKEW_S}::bigint
       and z.held_minor > 0
       and not exists (select from inbox i where i.event_id = 'lapsed:' || d.decision_id)
     limit ${LAPSED_MAX}
    on conflict do nothing returning 1`;
  return rows.length;
}
