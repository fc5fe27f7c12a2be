/** Purchases as they are read: the columns of a list, and one with all that belongs to it, by one statement. */
import type { Merchant, NewestSnapshots } from '../../domain/authorization-state.ts';
import type { Evidence } from '../../domain/confirmation.ts';
import type { Explanation } from '../../domain/finding.ts';
import type { MinorUnits } from '../../domain/money.ts';
import type { SurplusRule } from '../../domain/surplus.ts';
import type { AuthorizationSummary, HoldMovement } from '../../ports/authorizations.ts';
import { type AttentionRow, attentionColumns } from './attention-rows.ts';
import type { Queryable } from './pool.ts';
import {
  isoTime,
  type TransactionRow,
  toMerchant,
  transactionColumns,
} from './transaction-rows.ts';

export interface SummaryRow
  extends Omit<AuthorizationSummary, 'merchant' | 'purchasedAt' | 'createdAt'> {
  readonly merchant: Partial<Merchant>;
  readonly purchasedAt: Date | string;
  readonly createdAt: Date | string;
}

/** Times are texts here: these rows come as JSON. */
export interface DecisionRow {
  readonly id: string;
  readonly requestId: string;
  readonly tenantId: string;
  readonly cardId: string | null;
  readonly accountId: string | null;
  /** Null where the request was unreadable; the same goes for currency and amount. */
  readonly stripeCardId: string | null;
  readonly currency: string | null;
  readonly approved: boolean;
  readonly reason: string;
  readonly askedMinor: MinorUnits | null;
  readonly approvedMinor: MinorUnits;
  readonly surplus: SurplusRule;
  readonly availableBeforeMinor: MinorUnits | null;
  readonly facts: Explanation;
  readonly confirmed: boolean;
  readonly requestedS: number;
  readonly decidedS: number;
  readonly decidedAt: string;
}

export interface WholeRow {
  /** Null while only declines, or clearing records in suspense, are known. */
  readonly summary: SummaryRow | null;
  readonly newest: NewestSnapshots | null;
  readonly evidence: Partial<Evidence> | null;
  readonly decisions: readonly DecisionRow[];
  readonly transactions: readonly TransactionRow[];
  readonly holds: readonly HoldMovement[];
  readonly attention: readonly AttentionRow[];
}

/** Named as the fields of the row. */
export const summaryColumns = (sql: Queryable) => sql`
  authorization_id as id, tenant_id as "tenantId", card_id as "cardId", account_id as "accountId",
  stripe_card_id as "stripeCardId", currency, status, merchant, held_minor as "heldMinor",
  captured_minor as "capturedMinor", refunded_minor as "refundedMinor",
  counted_minor - captured_minor as "leftMinor", flags, anchored_at as "purchasedAt",
  created_at as "createdAt"`;

export const toSummary = (row: SummaryRow): AuthorizationSummary => ({
  ...row,
  merchant: toMerchant(row.merchant),
  purchasedAt: isoTime(row.purchasedAt),
  createdAt: isoTime(row.createdAt),
});

/** One statement, so that all of it is of one moment. */
export async function readWhole(sql: Queryable, id: string): Promise<WholeRow> {
  const [row] = await sql<[WholeRow]>`
    select row_to_json(s) as summary, z.snapshot as newest, z.evidence,
           ${decisionsOf(sql, id)} as decisions, ${transactionsOf(sql, id)} as transactions,
           ${holdsOf(sql, id)} as holds, ${attentionOf(sql, id)} as attention
      from (select) only_row
      left join authorizations z on z.authorization_id = ${id}
      left join lateral (select ${summaryColumns(sql)} from (select z.*) own
                          where authorization_id is not null) s on true`;
  return row;
}

const decisionsOf = (sql: Queryable, id: string) => sql`
  (select coalesce(json_agg(d), '[]') from (
     select decision_id as id, request_id as "requestId", tenant_id as "tenantId", card_id as "cardId",
            account_id as "accountId", stripe_card_id as "stripeCardId", currency, approved, reason,
            asked_minor as "askedMinor", approved_minor as "approvedMinor", surplus,
            available_before_minor as "availableBeforeMinor", explanation as facts, confirmed,
            requested_at as "requestedS", extract(epoch from counts_at)::float8 as "decidedS",
            decided_at as "decidedAt"
       from decisions where authorization_id = ${id} order by decided_at, request_id) d)`;

const transactionsOf = (sql: Queryable, id: string) => sql`
  (select coalesce(json_agg(t), '[]') from (
     select ${transactionColumns(sql)} from transactions
      where authorization_id = ${id} order by created_at, transaction_id) t)`;

const holdsOf = (sql: Queryable, id: string) => sql`
  (select coalesce(json_agg(h), '[]') from (
     select p.entry_id::text as "entryId", e.kind,
            case when p.credit = 'held' then p.amount_minor else -p.amount_minor end as "amountMinor",
            sum(case when p.credit = 'held' then p.amount_minor else -p.amount_minor end)
              over (order by p.seq) as "heldAfterMinor",
            e.decision_id as "decisionId", e.transaction_id as "transactionId",
            e.effective_at as "effectiveAt", p.posted_at as "postedAt"
       from postings p join journal_entries e using (entry_id)
      where p.authorization_id = ${id} order by p.seq) h)`;

const attentionOf = (sql: Queryable, id: string) => sql`
  (select coalesce(json_agg(i), '[]') from (
     select ${attentionColumns(sql)} from attention_items
      where closed_at is null
        and subject = any (array[${id}::text] || array(
              select transaction_id from transactions where authorization_id = ${id}))
      order by opened_at, item_id) i)`;
