/** The rows that a random program begins with: a tenant, accounts in several currencies, and cards. */
import type { Sql } from '../../../src/adapters/postgres/pool.ts';

export const CURRENCIES = ['usd', 'usd', 'jpy'] as const;
/** The account of each card. The last card is known to Stripe alone until a step makes it known. */
export const CARDS = [0, 0, 1, 2, 0] as const;

export interface Rows {
  readonly name: string;
  readonly tenantId: string;
  readonly stripeAccount: string;
}

/** One statement: 300 programs are made in a test. */
export async function insertRows(sql: Sql, { name, tenantId, stripeAccount }: Rows): Promise<void> {
  await sql`
    with tenant as (
      insert into tenants (tenant_id, stripe_account, name) values (${tenantId}, ${stripeAccount}, 'Random')),
    holder as (
      insert into cardholders (tenant_id, cardholder_id, customer_ref, type, profile, kyc_status, kyc_verified_at)
      values (${tenantId}, ${`chr_${name}`}, 'x', 'individual', '{}', 'verified', now())),
    account as (
      insert into accounts (tenant_id, account_id, customer_ref, currency)
      select ${tenantId}, ${`acc_${name}`} || place - 1, 'x', code
        from unnest(${[...CURRENCIES]}::text[]) with ordinality as c (code, place)),
    card as (
      insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, stripe_card_id)
      select ${tenantId}, ${`card_${name}`} || place - 1, ${`chr_${name}`}, ${`acc_${name}`} || account, 'virtual',
             (${[...CURRENCIES]}::text[])[account + 1], 'active', ${`ic_${name}`} || place - 1
        from unnest(${CARDS.slice(0, -1)}::int[]) with ordinality as c (account, place))
    insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
    select ${tenantId}, ${`ic_${name}`} || place - 1, ${`card_${name}`} || place - 1, 1, 'active', '4242', 12, 2030
      from generate_series(1, ${CARDS.length - 1}::int) place`;
}
