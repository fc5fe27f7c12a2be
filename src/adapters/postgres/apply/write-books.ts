/**
 * Writes a change of the books. Balances, holds and sequence numbers follow from the postings, in the database; the
 * accounts concerned are locked by the caller.
 */
import { randomUUID } from 'node:crypto';
import type { BooksChange } from '../../../domain/books.ts';
import { idFrom } from '../../../domain/ids.ts';
import { UNKNOWN_CARD } from '../../../domain/sighting-intake.ts';
import type { Transaction } from '../pool.ts';
import {
  authorizationRows,
  confirmationRows,
  entryRows,
  listOf,
  postingRows,
  spendingRows,
  transactionRows,
} from './book-rows.ts';

/**
 * Few statements, sent one after the other without waiting, which take effect in this order: to send one costs as much
 * as to write some rows.
 */
export async function writeBooks(tx: Transaction, change: BooksChange): Promise<void> {
  await Promise.all([
    writeRows(tx, change),
    insertFacts(tx, change),
    closeItems(tx, change),
    openItems(tx, change),
    wakeParked(tx, change),
  ]);
}

const json = (value: unknown): string => JSON.stringify(value);

async function writeRows(tx: Transaction, change: BooksChange): Promise<void> {
  const { authorizations, transactions, entries, spending } = change;
  const changes = authorizations.length + transactions.length + entries.length + spending.length;
  if (changes === 0) return;
  await tx`
    select write_books(${listOf(transactionRows(change, true))}::text::json,
      ${listOf(transactionRows(change, false))}::text::json,
      ${listOf(authorizationRows(change, true))}::text::json,
      ${listOf(authorizationRows(change, false))}::text::json,
      ${listOf(entryRows(change))}::text::json, ${listOf(postingRows(entries))}::text::json,
      ${listOf(confirmationRows(change))}::text::json, ${listOf(spendingRows(change))}::text::json)`;
}

async function insertFacts(tx: Transaction, { facts }: BooksChange) {
  if (facts.length === 0) return;
  const rows = facts.map(({ tenantId, cardId, fact, dedupeKey }) => ({
    tenant_id: tenantId,
    card_id: cardId,
    kind: fact.kind,
    body: fact,
    dedupe_key: dedupeKey,
  }));
  await tx`
    insert into facts (tenant_id, card_id, kind, body, dedupe_key)
    select tenant_id, card_id, kind, body, dedupe_key
      from jsonb_to_recordset(${json(rows)}::text::jsonb)
        as r (tenant_id text, card_id text, kind text, body jsonb, dedupe_key text)
    on conflict (card_id, dedupe_key) do nothing`;
}

/** Opens items; one that is open already for its kind and subject is told anew. */
async function openItems(tx: Transaction, { opened }: BooksChange) {
  if (opened.length === 0) return;
  const rows = opened.map((item) => ({
    item_id: idFrom('attention', randomUUID().replaceAll('-', '')),
    tenant_id: item.tenantId,
    kind: item.kind,
    subject: item.subject,
    card_id: item.cardId,
    account_id: item.accountId,
    details: item.details,
  }));
  await tx`
    insert into attention_items (item_id, tenant_id, kind, subject, card_id, account_id, details)
    select item_id, tenant_id, kind, subject, card_id, account_id, details
      from jsonb_to_recordset(${json(rows)}::text::jsonb) as r (item_id text, tenant_id text, kind text,
        subject text, card_id text, account_id text, details jsonb)
    on conflict (coalesce(tenant_id, ''), kind, subject) where closed_at is null
    do update set details = excluded.details`;
}

async function closeItems(tx: Transaction, { closed }: BooksChange) {
  if (closed.length === 0) return;
  await tx`
    update attention_items a set closed_at = clock_timestamp(), resolution = r.resolution
      from jsonb_to_recordset(${json(closed)}::text::jsonb)
        as r ("tenantId" text, kind text, subject text, resolution text)
     where coalesce(a.tenant_id, '') = r."tenantId" and a.kind = r.kind and a.subject = r.subject
       and a.closed_at is null`;
}

/** Rows of a card that has become known need not wait for their next try, and those given up get another one. */
async function wakeParked(tx: Transaction, { woken }: BooksChange) {
  if (woken.length === 0) return;
  await tx`
    with woken as (
      update inbox set status = 'pending', reason = null, settled_at = null, settled_by = null, next_try_at = now(),
             -- What was given up begins anew; what fails and was about to be tried again goes on counting.
             failures = case status when 'attention' then 0 else failures end
       where group_key = any (${[...woken]})
         and (status = 'pending' and next_try_at > now() or status = 'attention' and reason = ${UNKNOWN_CARD})
      returning tenant_id, event_id, object_id, source)
    update attention_items a set closed_at = clock_timestamp(), resolution = 'the card is known now'
      from woken w
     where a.kind = 'event_not_applied' and a.closed_at is null and a.tenant_id = w.tenant_id
       and a.subject = case when w.source = 'fetch' then coalesce(w.object_id, w.event_id) else w.event_id end`;
}
