/** Writes journal entries. Balances, holds and sequence numbers are the posting trigger's to write. */
import type { AccountId, DecisionId, TenantId } from '../../domain/ids.ts';
import type { JournalEntry } from '../../domain/ledger.ts';
import type { Currency } from '../../domain/money.ts';
import type { Queryable } from './pool.ts';

export interface EntryOwner {
  readonly tenantId: TenantId;
  readonly currency: Currency;
  /** Null for entries that touch tenant accounts only. */
  readonly accountId: AccountId | null;
}

export interface EntryReferences {
  readonly decisionId?: DecisionId;
  readonly externalRef?: string;
}

/** Writes one entry with its postings; the caller holds the account's lock. Answers the entry's id. */
export async function writeEntry(
  sql: Queryable,
  owner: EntryOwner,
  entry: JournalEntry,
  references: EntryReferences = {},
): Promise<number> {
  const [row] = await sql<{ entry_id: number }[]>`
    insert into journal_entries (tenant_id, currency, kind, account_id, authorization_id, transaction_id,
      decision_id, external_ref, effective_at)
    values (${owner.tenantId}, ${owner.currency}, ${entry.kind}, ${owner.accountId}, ${entry.authorizationId},
      ${entry.transactionId}, ${references.decisionId ?? null}, ${references.externalRef ?? null},
      to_timestamp(${entry.effectiveS}))
    returning entry_id`;
  if (row === undefined) throw new Error('insert returned no row');
  for (const posting of entry.postings) {
    const isCustomers = [posting.debit, posting.credit].some(
      (k) => k === 'available' || k === 'held',
    );
    const isHold = posting.debit === 'held' || posting.credit === 'held';
    await sql`
      insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id, authorization_id)
      values (${row.entry_id}, ${owner.tenantId}, ${owner.currency}, ${posting.debit}, ${posting.credit},
        ${posting.amountMinor}, ${isCustomers ? owner.accountId : null}, ${isHold ? entry.authorizationId : null})`;
  }
  return row.entry_id;
}
