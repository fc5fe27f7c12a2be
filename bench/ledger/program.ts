/** A card program written straight into the tables: cards on accounts with funds. */
import type { Sql } from '../../src/adapters/postgres/pool.ts';

export const TENANT = 'ten_bench';
export const STRIPE_ACCOUNT = 'acct_bench';
/** Far above what a card spends in a run. */
const FUNDS_MINOR = 1_000_000_000;

export const accountId = (n: number): string => `acc_${n}`;
export const cardId = (n: number): string => `card_${n}`;
export const stripeCardId = (n: number): string => `ic_bench${String(n).padStart(18, '0')}`;

export interface ProgramSize {
  readonly cards: number;
  /** Cards are dealt out to the accounts in turn. */
  readonly accounts: number;
  /** Credited to each account at first. */
  readonly fundsMinor?: number;
}

/** Which account a card spends from. */
export const accountOfCard = (card: number, { accounts }: ProgramSize): string =>
  accountId(card % accounts);

export const cardholderOfCard = (card: number, { accounts }: ProgramSize): string =>
  `chr_${card % accounts}`;

/** Makes the rows; the funds are booked as credits. */
export async function createProgram(sql: Sql, size: ProgramSize): Promise<void> {
  const { cards, accounts, fundsMinor = FUNDS_MINOR } = size;
  await sql`insert into tenants (tenant_id, stripe_account, name) values (${TENANT}, ${STRIPE_ACCOUNT}, 'Bench')`;
  await sql`
    insert into accounts (tenant_id, account_id, customer_ref, currency)
    select ${TENANT}, 'acc_' || n, 'customer ' || n, 'usd' from generate_series(0, ${accounts - 1}::int) n`;
  await sql`
    insert into cardholders (tenant_id, cardholder_id, customer_ref, type, profile, kyc_status, kyc_verified_at)
    select ${TENANT}, 'chr_' || n, 'customer ' || n, 'individual', '{}', 'verified', now()
      from generate_series(0, ${accounts - 1}::int) n`;
  await sql`
    insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, stripe_card_id, state)
    select ${TENANT}, 'card_' || n, 'chr_' || n % ${accounts}::int, 'acc_' || n % ${accounts}::int, 'virtual', 'usd',
           'active', 'ic_bench' || lpad(n::text, 18, '0'), '{"usage":"spending"}'
      from generate_series(0, ${cards - 1}::int) n`;
  await sql`
    insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
    select tenant_id, stripe_card_id, card_id, 1, 'active', '4242', 12, 2030 from cards`;
  if (fundsMinor === 0) return;
  await sql.begin(async (tx) => {
    await tx`
      insert into journal_entries (tenant_id, currency, kind, account_id, external_ref)
      select tenant_id, currency, 'credit', account_id, 'funds' from accounts`;
    await tx`
      insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id)
      select entry_id, tenant_id, currency, 'funding', 'available', ${fundsMinor}, account_id
        from journal_entries`;
  });
}
