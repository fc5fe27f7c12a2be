/** The lists that `post_entries` takes, with what a test leaves out. */
import { randomUUID } from 'node:crypto';
import type { Sql, Transaction } from '../../src/adapters/postgres/pool.ts';
import type { CardProgram } from '../support/card-program.ts';

/** When everything here happened, in seconds. */
export const S = 1_795_000_000;

export type Row = Readonly<Record<string, unknown>>;
export interface Lists {
  readonly begun?: readonly Row[];
  readonly changed?: readonly Row[];
  readonly entries?: readonly Row[];
  readonly postings?: readonly Row[];
}

const json = (rows: readonly Row[] | undefined): string | null =>
  rows === undefined ? null : JSON.stringify(rows);

export const post = (sql: Sql | Transaction, { begun, changed, entries, postings }: Lists) => sql`
  select post_entries(${json(begun)}::text::json, ${json(changed)}::text::json, ${json(entries)}::text::json,
    ${json(postings)}::text::json)`;

export const authorizationOf = (program: CardProgram, fields: Row = {}): Row => ({
  tenant_id: program.tenantId,
  authorization_id: `iauth_${randomUUID().replaceAll('-', '')}`,
  account_id: program.accountId,
  card_id: program.cardId,
  stripe_card_id: program.stripeCardId,
  currency: 'usd',
  snapshot: null,
  evidence: {},
  status: 'pending',
  captured_minor: 0,
  refunded_minor: 0,
  counted_minor: 0,
  anchored_s: S,
  merchant: {},
  flags: [],
  is_purchase: false,
  awaits: [],
  ...fields,
});

export const entryOf = (program: CardProgram, fields: Row = {}): Row => ({
  tenant_id: program.tenantId,
  currency: 'usd',
  account_id: program.accountId,
  kind: 'credit',
  authorization_id: null,
  transaction_id: null,
  effective_s: S,
  ...fields,
});

export const posting = (
  entry: number,
  debit: string,
  credit: string,
  amount_minor: number,
): Row => ({
  entry,
  debit,
  credit,
  amount_minor,
});
