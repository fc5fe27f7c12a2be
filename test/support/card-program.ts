/** Rows of a small card program: a tenant, an account with money on it, a cardholder, and an active card. */
import { randomUUID } from 'node:crypto';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import {
  type AccountId,
  type CardholderId,
  type CardId,
  idFrom,
  parseAccountId,
  parseCardholderId,
  parseCardId,
  parseStripeCardId,
  parseTenantId,
  type StripeCardId,
  type TenantId,
} from '../../src/domain/ids.ts';

export interface CardProgram {
  readonly tenantId: TenantId;
  readonly accountId: AccountId;
  readonly cardholderId: CardholderId;
  readonly cardId: CardId;
  readonly stripeCardId: StripeCardId;
}

const random = (): string => randomUUID().replaceAll('-', '');

/** Makes the rows as the processes' role would. `fundsMinor` is credited through the ledger. */
export async function createCardProgram(
  sql: Sql,
  options: {
    readonly fundsMinor?: number;
    readonly currency?: string;
    readonly stripeAccount?: string | null;
    readonly phase?: string;
    readonly stripeCardId?: string;
  } = {},
): Promise<CardProgram> {
  const {
    fundsMinor = 0,
    currency = 'usd',
    stripeAccount = `acct_${random()}`,
    phase = 'active',
    stripeCardId: ownStripeCardId = `ic_${random()}`,
  } = options;
  const program = {
    tenantId: parseTenantId(idFrom('tenant', random())),
    accountId: parseAccountId(idFrom('account', random())),
    cardholderId: parseCardholderId(idFrom('cardholder', random())),
    cardId: parseCardId(idFrom('card', random())),
    stripeCardId: parseStripeCardId(ownStripeCardId),
  };
  const { tenantId, accountId, cardholderId, cardId, stripeCardId } = program;
  await sql`insert into tenants (tenant_id, stripe_account, name) values (${tenantId}, ${stripeAccount}, 'Test')`;
  await sql`insert into accounts (tenant_id, account_id, customer_ref, currency)
    values (${tenantId}, ${accountId}, ${random()}, ${currency})`;
  await sql`insert into cardholders (tenant_id, cardholder_id, customer_ref, type, profile, kyc_status, kyc_verified_at)
    values (${tenantId}, ${cardholderId}, ${random()}, 'individual', '{}', 'verified', now())`;
  await sql`insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, stripe_card_id)
    values (${tenantId}, ${cardId}, ${cardholderId}, ${accountId}, 'virtual', ${currency}, ${phase}, ${stripeCardId})`;
  await sql`insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
    values (${tenantId}, ${stripeCardId}, ${cardId}, 1, 'active', '4242', 12, 2030)`;
  if (fundsMinor > 0) await credit(sql, program, currency, fundsMinor);
  return program;
}

async function credit(
  sql: Sql,
  program: CardProgram,
  currency: string,
  amountMinor: number,
): Promise<void> {
  await sql.begin(async (tx) => {
    const [entry] = await tx<{ entry_id: number }[]>`
      insert into journal_entries (tenant_id, currency, kind, account_id, external_ref)
      values (${program.tenantId}, ${currency}, 'credit', ${program.accountId}, ${random()}) returning entry_id`;
    await tx`
      insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id)
      values (${entry?.entry_id ?? 0}, ${program.tenantId}, ${currency}, 'funding', 'available', ${amountMinor},
        ${program.accountId})`;
  });
}

export interface Balances {
  readonly available: number;
  readonly held: number;
  /** Credits less debits of the network's account, of the tenant. */
  readonly settlement: number;
  readonly suspense: number;
}

export async function balancesOf(sql: Sql, program: CardProgram): Promise<Balances> {
  const [row] = await sql<Balances[]>`
    select a.available_minor as available, a.held_minor as held,
           coalesce((select balance_minor from trial_balance where tenant_id = a.tenant_id
             and kind = 'network_settlement'), 0) as settlement,
           coalesce((select balance_minor from trial_balance where tenant_id = a.tenant_id
             and kind = 'suspense'), 0) as suspense
      from accounts a where account_id = ${program.accountId}`;
  if (row === undefined) throw new Error('the account is there');
  return { ...row };
}

/** The invariants that the database should make impossible to break; answers what is wrong, which is nothing. */
export async function brokenInvariants(sql: Sql): Promise<readonly string[]> {
  const rows = await sql<{ what: string }[]>`
    select 'balance of ' || a.account_id as what from accounts a
      left join lateral (
        select coalesce(sum(case when credit = 'available' then amount_minor when debit = 'available' then -amount_minor end), 0) as available,
               coalesce(sum(case when credit = 'held' then amount_minor when debit = 'held' then -amount_minor end), 0) as held
          from postings p where p.account_id = a.account_id) s on true
     where a.available_minor <> s.available or a.held_minor <> s.held
    union all
    select 'holds of ' || a.account_id from accounts a
     where a.held_minor <> (select coalesce(sum(held_minor), 0) from authorizations z where z.account_id = a.account_id)
    union all
    select 'sum of ' || currency from trial_balance group by currency having sum(balance_minor) <> 0`;
  return rows.map((row) => row.what);
}
