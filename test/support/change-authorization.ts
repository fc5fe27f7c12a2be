/** Writes authorizations as the relay does, which has no privilege to write them by itself. */
import type { Sql } from '../../src/adapters/postgres/pool.ts';

/** An open authorization of which nobody has seen more than that it is there; `fields` are columns with their values. */
export async function beginAuthorization(
  sql: Sql,
  authorizationId: string,
  of: Readonly<Record<'tenantId' | 'accountId' | 'cardId' | 'stripeCardId', string>>,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const begun = {
    tenant_id: of.tenantId,
    authorization_id: authorizationId,
    account_id: of.accountId,
    card_id: of.cardId,
    stripe_card_id: of.stripeCardId,
    currency: 'usd',
    evidence: {},
    status: 'pending',
    captured_minor: 0,
    refunded_minor: 0,
    counted_minor: 0,
    anchored_s: Date.now() / 1000,
    merchant: {},
    flags: [],
    is_purchase: false,
    awaits: [],
    ...fields,
  };
  await sql`select post_entries(${JSON.stringify([begun])}::text::json, null, null, null)`;
}

/** `fields` are columns with their values. */
export async function changeAuthorization(
  sql: Sql,
  authorizationId: string,
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  await sql`
    select post_entries(null, (
      select json_agg(to_jsonb(z) || jsonb_build_object('anchored_s', extract(epoch from anchored_at))
               || ${JSON.stringify(fields)}::text::jsonb)
        from authorizations z where authorization_id = ${authorizationId}), null, null)`;
}
