/**
 * Writes a change of the books: each table once, whatever the size of the batch. Balances, holds and sequence numbers
 * are the posting trigger's to write; the accounts concerned are locked by the caller.
 */
import { randomUUID } from 'node:crypto';
import type { AuthorizationState, BooksChange, TransactionState } from '../../../domain/books.ts';
import { idFrom } from '../../../domain/ids.ts';
import { UNKNOWN_CARD } from '../../../domain/sighting-intake.ts';
import { writeEntries } from '../ledger.ts';
import type { Transaction } from '../pool.ts';

/**
 * Few statements, sent one after the other without waiting, which take effect in this order. What depends on nothing
 * else shares a statement: to send one costs as much as to write some rows.
 */
export async function writeBooks(tx: Transaction, change: BooksChange): Promise<void> {
  await Promise.all([
    insertRows(tx, change),
    updateTransactions(tx, change),
    writeEntries(tx, change.entries),
    updateRows(tx, change),
    insertFacts(tx, change),
    closeItems(tx, change),
    openItems(tx, change),
    wakeParked(tx, change),
  ]);
}

const json = (value: unknown): string => JSON.stringify(value);

const authorizationRow = (state: AuthorizationState) => ({
  tenant_id: state.tenantId,
  authorization_id: state.record.authorizationId,
  account_id: state.accountId,
  card_id: state.cardId,
  stripe_card_id: state.stripeCardId,
  currency: state.currency,
  snapshot: state.record.newest.length === 0 ? null : state.record.newest,
  evidence: state.record.evidence,
  status: state.status,
  captured_minor: state.capturedMinor,
  refunded_minor: state.refundedMinor,
  counted_minor: state.countedMinor,
  anchored_s: state.anchoredS,
  merchant: state.merchant ?? {},
  flags: state.flags,
  is_purchase: state.isPurchase,
});

const transactionRow = ({ transaction, tenantId, accountId, cardId, flags }: TransactionState) => ({
  tenant_id: tenantId,
  transaction_id: transaction.transactionId,
  type: transaction.type,
  authorization_id: transaction.authorizationId,
  account_id: accountId,
  card_id: cardId,
  stripe_card_id: transaction.stripeCardId,
  currency: transaction.currency,
  amount_minor: transaction.amountMinor,
  merchant: transaction.merchant,
  parts: transaction.parts,
  flags,
  created_s: transaction.createdS,
});

/** New authorizations start with a hold of zero; the entries that follow bring them to theirs. */
async function insertRows(tx: Transaction, change: BooksChange) {
  const ofNew = <T extends { readonly isNew: boolean }>(items: readonly T[]) =>
    items.filter(({ isNew }) => isNew);
  const authorizations = ofNew(change.authorizations).map(({ state }) => authorizationRow(state));
  const transactions = ofNew(change.transactions).map(({ state }) => transactionRow(state));
  if (authorizations.length + transactions.length === 0) return;
  await tx`
    with new_authorizations as (
      insert into authorizations (tenant_id, authorization_id, account_id, card_id, stripe_card_id, currency, snapshot,
        evidence, status, captured_minor, refunded_minor, counted_minor, anchored_at, merchant, flags, is_purchase)
      select tenant_id, authorization_id, account_id, card_id, stripe_card_id, currency, snapshot, evidence, status,
             captured_minor, refunded_minor, counted_minor, to_timestamp(anchored_s), merchant,
             array(select jsonb_array_elements_text(flags)), is_purchase
        from jsonb_to_recordset(${json(authorizations)}::text::jsonb) as r (tenant_id text, authorization_id text,
          account_id text, card_id text, stripe_card_id text, currency text, snapshot jsonb, evidence jsonb,
          status text, captured_minor bigint, refunded_minor bigint, counted_minor bigint, anchored_s float8,
          merchant jsonb, flags jsonb, is_purchase boolean))
    insert into transactions (tenant_id, transaction_id, type, authorization_id, account_id, card_id, stripe_card_id,
      currency, amount_minor, merchant, parts, flags, created_at)
    select tenant_id, transaction_id, type, authorization_id, account_id, card_id, stripe_card_id, currency,
           amount_minor, merchant, parts, array(select jsonb_array_elements_text(flags)), to_timestamp(created_s)
      from jsonb_to_recordset(${json(transactions)}::text::jsonb) as r (tenant_id text, transaction_id text, type text,
        authorization_id text, account_id text, card_id text, stripe_card_id text, currency text,
        amount_minor bigint, merchant jsonb, parts jsonb, flags jsonb, created_s bigint)`;
}

/** What may change of a clearing record: whose it is, its authorization, its flags. */
async function updateTransactions(tx: Transaction, { transactions }: BooksChange) {
  const rows = transactions.filter(({ isNew }) => !isNew).map(({ state }) => transactionRow(state));
  if (rows.length === 0) return;
  await tx`
    update transactions t set authorization_id = r.authorization_id, account_id = r.account_id, card_id = r.card_id,
           flags = array(select jsonb_array_elements_text(r.flags))
      from jsonb_to_recordset(${json(rows)}::text::jsonb) as r (transaction_id text, authorization_id text,
        account_id text, card_id text, flags jsonb)
     where t.transaction_id = r.transaction_id`;
}

/** What became of known authorizations, of our decisions, and of the cards' spending. */
async function updateRows(tx: Transaction, { authorizations, spending }: BooksChange) {
  if (authorizations.length + spending.length === 0) return;
  const rows = authorizations
    .filter(({ isNew }) => !isNew)
    .map(({ state }) => authorizationRow(state));
  const confirmed = authorizations.flatMap(({ confirmed: requests, state }) =>
    requests.map((requestId) => ({ tenant_id: state.tenantId, request_id: requestId })),
  );
  const spent = spending.map(({ tenantId, cardId, delta }) => ({
    tenant_id: tenantId,
    card_id: cardId,
    purchases: delta.purchases,
    captures: delta.captures,
    captured_minor: delta.capturedMinor,
    refunded_minor: delta.refundedMinor,
  }));
  await tx`
    with confirmed as (
      update decisions d set confirmed = true
        from jsonb_to_recordset(${json(confirmed)}::text::jsonb) as r (tenant_id text, request_id text)
       where d.tenant_id = r.tenant_id and d.request_id = r.request_id and not d.confirmed),
    spending as (
      insert into card_spending as s (tenant_id, card_id, purchases, captures, captured_minor, refunded_minor,
        last_purchase_at, revision)
      select tenant_id, card_id, purchases, captures, captured_minor, refunded_minor,
             case when purchases > 0 then now() end, 1
        from jsonb_to_recordset(${json(spent)}::text::jsonb) as r (tenant_id text, card_id text, purchases bigint,
          captures bigint, captured_minor bigint, refunded_minor bigint)
      on conflict (card_id) do update set
        purchases = s.purchases + excluded.purchases, captures = s.captures + excluded.captures,
        captured_minor = s.captured_minor + excluded.captured_minor,
        refunded_minor = s.refunded_minor + excluded.refunded_minor,
        last_purchase_at = coalesce(excluded.last_purchase_at, s.last_purchase_at),
        changed_at = now(), revision = s.revision + 1)
    update authorizations z set card_id = r.card_id, stripe_card_id = r.stripe_card_id, snapshot = r.snapshot,
           evidence = r.evidence, status = r.status, captured_minor = r.captured_minor,
           refunded_minor = r.refunded_minor, counted_minor = r.counted_minor,
           anchored_at = to_timestamp(r.anchored_s), merchant = r.merchant,
           flags = array(select jsonb_array_elements_text(r.flags)), is_purchase = r.is_purchase
      from jsonb_to_recordset(${json(rows)}::text::jsonb) as r (authorization_id text, card_id text,
        stripe_card_id text, snapshot jsonb, evidence jsonb, status text, captured_minor bigint,
        refunded_minor bigint, counted_minor bigint, anchored_s float8, merchant jsonb, flags jsonb,
        is_purchase boolean)
     where z.authorization_id = r.authorization_id`;
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
    update attention_items a set closed_at = now(), resolution = r.resolution
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
      update inbox set status = 'pending', reason = null, settled_at = null, next_try_at = now()
       where group_key = any (${[...woken]})
         and (status = 'pending' and next_try_at > now() or status = 'attention' and reason = ${UNKNOWN_CARD})
      returning tenant_id, event_id, object_id, source)
    update attention_items a set closed_at = now(), resolution = 'the card is known now'
      from woken w
     where a.kind = 'event_not_applied' and a.closed_at is null and a.tenant_id = w.tenant_id
       and a.subject = case when w.source = 'fetch' then coalesce(w.object_id, w.event_id) else w.event_id end`;
}
