/** The rows that tellings in Postgres begin with, and what its tables hold in the end. */

import { entryRows, listOf, postingRows } from '../../src/adapters/postgres/apply/book-rows.ts';
import { loadBooks } from '../../src/adapters/postgres/apply/load-books.ts';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import type { AttentionItem } from '../../src/domain/books.ts';
import type { AuthorizationId, TransactionId } from '../../src/domain/ids.ts';
import { move } from '../../src/domain/ledger.ts';
import { minorUnits, parseCurrency } from '../../src/domain/money.ts';
import type { MemoryCommand } from '../support/memory-books.ts';
import type { Ledger, SpendingCounter } from './ending.ts';
import type { PostgresTelling } from './postgres-telling.ts';

const json = (value: unknown): string => JSON.stringify(value);

/** Tenants, accounts with money, and cards. */
export async function openPostgres(sql: Sql, tellings: readonly PostgresTelling[]): Promise<void> {
  const rows = tellings.map(({ tenantId, accountId, stripeAccount, recorded }) => ({
    tenant_id: tenantId,
    account_id: accountId,
    stripe_account: stripeAccount,
    currency: recorded.currency,
    status: recorded.script.accountStatus ?? 'open',
  }));
  await sql`
    insert into tenants (tenant_id, stripe_account, name)
    select tenant_id, stripe_account, 'Orders'
      from jsonb_to_recordset(${json(rows)}::text::jsonb) as r (tenant_id text, stripe_account text)`;
  await sql`
    insert into accounts (tenant_id, account_id, customer_ref, currency, status)
    select tenant_id, account_id, account_id, currency, status
      from jsonb_to_recordset(${json(rows)}::text::jsonb)
        as r (tenant_id text, account_id text, currency text, status text)`;
  await sql`
    insert into cardholders (tenant_id, cardholder_id, customer_ref, type, profile)
    select tenant_id, 'chr_' || substr(tenant_id, 5), tenant_id, 'individual', '{}'
      from jsonb_to_recordset(${json(rows)}::text::jsonb) as r (tenant_id text)`;
  const cards = tellings.flatMap((telling) =>
    telling.cardIds.map((card_id) => ({ ...rowOf(telling), card_id })),
  );
  await sql`
    insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, stripe_card_id)
    select tenant_id, card_id, 'chr_' || substr(tenant_id, 5), account_id, 'virtual', currency, 'active', 'ic_none'
      from jsonb_to_recordset(${json(cards)}::text::jsonb)
        as r (tenant_id text, card_id text, account_id text, currency text)`;
  const stripeCards = tellings.flatMap((telling) =>
    [...telling.cards].map((id) => ({
      tenant_id: telling.tenantId,
      stripe_card_id: telling.own(id),
      card_id: telling.cardId(id),
      attempt: telling.attempt(id),
    })),
  );
  await sql`
    insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
    select tenant_id, stripe_card_id, card_id, attempt, 'active', '4242', 12, 2030
      from jsonb_to_recordset(${json(stripeCards)}::text::jsonb)
        as r (tenant_id text, stripe_card_id text, card_id text, attempt integer)`;
  const funds = tellings.map(({ tenantId, accountId, recorded }) => ({
    tenantId,
    accountId,
    currency: currencyOf(recorded.currency),
    entry: {
      kind: 'credit' as const,
      authorizationId: null,
      transactionId: null,
      effectiveS: 0,
      postings: move('funding', 'available', minorUnits(recorded.fundsMinor)),
    },
  }));
  await sql`
    select post_entries(null, null, ${listOf(entryRows({ entries: funds, authorizations: [], transactions: [] }))}::text::json,
      ${listOf(postingRows(funds))}::text::json)`;
}

const rowOf = ({ tenantId, accountId, recorded }: PostgresTelling) => ({
  tenant_id: tenantId,
  account_id: accountId,
  currency: recorded.currency,
});

function currencyOf(text: string) {
  const currency = parseCurrency(text);
  if (currency === undefined) throw new Error(`${text} is no currency`);
  return currency;
}

/** What Postgres holds in the end, by tenant. */
export async function readPostgres(sql: Sql): Promise<ReadonlyMap<string, Ledger>> {
  const ids = async <Id>(table: string, column: string): Promise<readonly Id[]> =>
    (await sql<{ id: Id }[]>`select ${sql(column)} as id from ${sql(table)}`).map((row) => row.id);
  const authorizations = await ids<AuthorizationId>('authorizations', 'authorization_id');
  const transactions = await ids<TransactionId>('transactions', 'transaction_id');
  const books = await sql.begin((tx) =>
    loadBooks(tx, { cards: [], authorizations, transactions, unlinked: [], shared: [] }, []),
  );
  const totals = await sql<
    {
      tenant_id: string;
      available: number;
      held: number;
      funding: number;
      settlement: number;
      suspense: number;
    }[]
  >`
    select a.tenant_id, a.available_minor as available, a.held_minor as held,
           coalesce(sum(t.balance_minor) filter (where kind = 'funding'), 0)::float8 as funding,
           coalesce(sum(t.balance_minor) filter (where kind = 'network_settlement'), 0)::float8 as settlement,
           coalesce(sum(t.balance_minor) filter (where kind = 'suspense'), 0)::float8 as suspense
      from accounts a left join trial_balance t using (tenant_id) group by 1, 2, 3`;
  const items = await sql<AttentionItem[]>`
    select tenant_id as "tenantId", kind, subject, card_id as "cardId", account_id as "accountId", details
      from attention_items where closed_at is null`;
  const spending = await sql<
    { tenant_id: string; card_id: string; sums: Ledger['spending'][0][1] }[]
  >`
    select tenant_id, card_id, jsonb_build_object('purchases', purchases, 'captures', captures,
             'capturedMinor', captured_minor, 'refundedMinor', refunded_minor) as sums
      from card_spending`;
  const counters = await sql<{ tenant_id: string; counter: SpendingCounter }[]>`
    select o.tenant_id, jsonb_build_object('owner', s.owner_id, 'category', s.category,
             'amountMinor', sum(s.amount_minor), 'purchases', sum(s.purchases)) as counter
      from spending s
      join (select tenant_id, account_id as id from accounts union all select tenant_id, card_id from cards) o
        on o.id = s.owner_id
     group by o.tenant_id, s.owner_id, s.category`;
  const commands = await sql<{ tenant_id: string; command: MemoryCommand }[]>`
    select e.tenant_id, jsonb_build_object('kind', e.kind, 'externalRef', e.external_ref,
             'corrects', c.external_ref,
             'changeMinor', case p.credit when 'available' then p.amount_minor else -p.amount_minor end) as command
      from journal_entries e join postings p using (entry_id)
      left join journal_entries c on c.entry_id = e.corrects_entry_id
     where e.external_ref is not null`;
  const confirmed = await sql<
    { id: string }[]
  >`select request_id as id from decisions where confirmed`;
  const confirmedIds = new Set(confirmed.map((row) => row.id));
  const byTenant = <T>(list: Iterable<T>, tenantOf: (item: T) => string) => {
    const groups = new Map<string, T[]>();
    for (const item of list) {
      const group = groups.get(tenantOf(item)) ?? [];
      group.push(item);
      groups.set(tenantOf(item), group);
    }
    return groups;
  };
  const states = byTenant(books.authorizations.values(), (state) => state.tenantId);
  const records = byTenant(books.transactions.values(), (state) => state.tenantId);
  const open = byTenant(items, (item) => item.tenantId);
  const commanded = byTenant(commands, (row) => row.tenant_id);
  const spent = byTenant(spending, (row) => row.tenant_id);
  const counted = byTenant(counters, (row) => row.tenant_id);
  return new Map(
    totals.map((row) => [
      row.tenant_id,
      {
        availableMinor: row.available,
        heldMinor: row.held,
        fundingMinor: row.funding,
        settlementMinor: row.settlement,
        suspenseMinor: row.suspense,
        authorizations: states.get(row.tenant_id) ?? [],
        transactions: records.get(row.tenant_id) ?? [],
        confirmed: confirmedIds,
        commands: (commanded.get(row.tenant_id) ?? []).map(({ command }) => command),
        items: (open.get(row.tenant_id) ?? []).map((item) => ({ ...item })),
        spending: (spent.get(row.tenant_id) ?? []).map((s) => [s.card_id, s.sums] as const),
        counters: (counted.get(row.tenant_id) ?? []).map(({ counter }) => counter),
      },
    ]),
  );
}
