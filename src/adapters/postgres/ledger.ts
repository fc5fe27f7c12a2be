/** Writes journal entries. Balances, holds and sequence numbers are the posting trigger's to write. */
import type { OwnedEntry } from '../../domain/books.ts';
import { invariant } from '../../domain/invariant.ts';
import type { Queryable } from './pool.ts';

/** Writes entries with their postings, in their order; the caller holds the accounts' locks. */
export async function writeEntries(sql: Queryable, entries: readonly OwnedEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map(({ tenantId, currency, accountId, entry }, place) => ({
    place,
    tenant_id: tenantId,
    currency,
    account_id: accountId,
    kind: entry.kind,
    authorization_id: entry.authorizationId,
    transaction_id: entry.transactionId,
    effective_s: entry.effectiveS,
  }));
  // Numbers are given, and returned, in the order of the sorted rows.
  const numbered = await sql<{ entry_id: number }[]>`
    insert into journal_entries (tenant_id, currency, kind, account_id, authorization_id, transaction_id,
      effective_at)
    select tenant_id, currency, kind, account_id, authorization_id, transaction_id, to_timestamp(effective_s)
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r (place integer, tenant_id text,
        currency text, kind text, account_id text, authorization_id text, transaction_id text,
        effective_s float8)
     order by place returning entry_id`;
  const ids = numbered.map((row) => row.entry_id);
  invariant(ids.length === entries.length, 'every entry has its number');
  await writePostings(sql, entries, ids);
}

async function writePostings(
  sql: Queryable,
  entries: readonly OwnedEntry[],
  ids: readonly number[],
): Promise<void> {
  const rows = entries.flatMap(({ tenantId, currency, accountId, entry }, index) =>
    entry.postings.map(({ debit, credit, amountMinor }) => {
      const isCustomers = [debit, credit].some((kind) => kind === 'available' || kind === 'held');
      const isHold = debit === 'held' || credit === 'held';
      return {
        entry_id: ids[index],
        tenant_id: tenantId,
        currency,
        debit,
        credit,
        amount_minor: amountMinor,
        account_id: isCustomers ? accountId : null,
        authorization_id: isHold ? entry.authorizationId : null,
      };
    }),
  );
  if (rows.length === 0) return;
  await sql`
    insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id, authorization_id)
    select entry_id, tenant_id, currency, debit, credit, amount_minor, account_id, authorization_id
      from rows from (jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as (entry_id bigint, tenant_id text,
        currency text, debit text, credit text, amount_minor bigint, account_id text, authorization_id text))
        with ordinality as r (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id,
          authorization_id, place)
     order by place`;
}
