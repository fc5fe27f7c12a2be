/** Facts for card workflows: written with what caused them, sent by the relay, closed by the workflow's save. */
import type { NumberedFact } from '../../domain/card-contract.ts';
import type { CardFact } from '../../domain/card-facts.ts';
import { type CardId, parseCardId } from '../../domain/ids.ts';
import { FACT_RESEND_AFTER_MS, FACTS_PER_SIGNAL_MAX } from '../../domain/limits.ts';
import type { Queryable, Sql } from './pool.ts';

/** Writes a fact; the same cause (`dedupeKey`) of one card writes it once. */
export async function insertFact(
  sql: Queryable,
  owner: { readonly tenantId: string; readonly cardId: string },
  fact: CardFact,
  dedupeKey: string,
): Promise<void> {
  await sql`
    insert into facts (tenant_id, card_id, kind, body, dedupe_key)
    values (${owner.tenantId}, ${owner.cardId}, ${fact.kind}, ${JSON.stringify(fact)}::text::jsonb, ${dedupeKey})
    on conflict (card_id, dedupe_key) do nothing`;
}

/** Writes a fact for each card of a holder that is not closed. */
export async function factForOpenCards(
  sql: Queryable,
  owner: { readonly tenantId: string; readonly cardholderId: string },
  fact: CardFact,
  options: { readonly key: string; readonly except?: CardId | null },
): Promise<void> {
  await sql`
    insert into facts (tenant_id, card_id, kind, body, dedupe_key)
    select ${owner.tenantId}, card_id, ${fact.kind}, ${JSON.stringify(fact)}::text::jsonb, ${options.key}
      from cards where cardholder_id = ${owner.cardholderId} and phase <> 'closed'
       and card_id is distinct from ${options.except ?? null}::text
     order by card_id
    on conflict (card_id, dedupe_key) do nothing`;
}

export interface WaitingFacts {
  readonly cardId: CardId;
  readonly facts: readonly NumberedFact[];
}

/** Whose turn it is: so many cards, without those that are left out for now. */
export interface CardChoice {
  readonly limit: number;
  /** Ids of cards left out, because they failed a moment ago. */
  readonly except: readonly string[];
}

/** Facts never sent, or sent so long ago without being closed that they are sent again; oldest cards first. */
export async function waitingFacts(sql: Sql, choice: CardChoice): Promise<readonly WaitingFacts[]> {
  const rows = await sql<{ card_id: string; facts: { id: string; body: CardFact }[] }[]>`
    select card_id, jsonb_agg(jsonb_build_object('id', fact_id::text, 'body', body) order by fact_id) as facts
      from (select f.card_id, f.fact_id, f.body,
                   row_number() over (partition by f.card_id order by f.fact_id) as place
              from facts f
             where f.closed_at is null and f.card_id <> all (${[...choice.except]})
               and (f.signalled_at is null or f.signalled_at < now() - make_interval(secs => ${FACT_RESEND_AFTER_MS / 1000}))
           ) waiting
     where place <= ${FACTS_PER_SIGNAL_MAX}
     group by card_id order by min(fact_id) limit ${choice.limit}`;
  return rows.map((row) => ({
    cardId: parseCardId(row.card_id),
    facts: row.facts.map((f) => ({ factId: f.id, fact: f.body })),
  }));
}

export async function markSent(sql: Sql, factIds: readonly string[]): Promise<void> {
  await sql`update facts set signalled_at = now() where fact_id = any(${[...factIds]}::bigint[])`;
}

export interface WaitingDigest {
  readonly cardId: CardId;
  readonly isActive: boolean;
  readonly revision: number;
  readonly fact: CardFact;
}

/**
 * Spending that the card's workflow has not heard of. A digest leaves at the end of its window, which the first change
 * begins: what comes within an interval is told in one, at most one a card and interval.
 */
export async function waitingDigests(
  sql: Sql,
  options: CardChoice & { readonly intervalMs: number },
): Promise<readonly WaitingDigest[]> {
  const rows = await sql<
    {
      card_id: string;
      phase: string;
      revision: number;
      purchases: number;
      last_ms: number | null;
    }[]
  >`
    select s.card_id, c.phase, s.revision, s.purchases,
           (extract(epoch from s.last_purchase_at) * 1000)::bigint as last_ms
      from card_spending s join cards c using (card_id)
     where s.sent_revision < s.revision and s.card_id <> all (${[...options.except]})
       and s.dirty_since <= now() - make_interval(secs => ${options.intervalMs / 1000})
     order by s.dirty_since limit ${options.limit}`;
  return rows.map((row) => ({
    cardId: parseCardId(row.card_id),
    isActive: row.phase === 'active',
    revision: row.revision,
    fact: {
      kind: 'spending_digest',
      purchases: row.purchases,
      lastPurchaseMs: row.last_ms,
    },
  }));
}

export async function markDigestSent(sql: Sql, cardId: CardId, revision: number): Promise<void> {
  await sql`
    update card_spending
       set sent_revision = greatest(sent_revision, ${revision}),
           -- What changed while the digest was under way begins the next window.
           dirty_since = case when revision > greatest(sent_revision, ${revision}) then changed_at end
     where card_id = ${cardId}`;
}

/** Cards whose request was stored but whose workflow was never started, older than the given age. */
export async function cardsWithoutWorkflow(
  sql: Sql,
  options: CardChoice & { readonly olderThanMs: number },
): Promise<readonly CardId[]> {
  const rows = await sql<{ card_id: string }[]>`
    select card_id from cards
     where workflow_started_at is null and created_at < now() - make_interval(secs => ${options.olderThanMs / 1000})
       and card_id <> all (${[...options.except]})
     order by created_at limit ${options.limit}`;
  return rows.map((row) => parseCardId(row.card_id));
}

/** Cards that are not closed, in the order of their ids, after the given one. */
export async function openCards(
  sql: Sql,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly CardId[]> {
  const rows = await sql<{ card_id: string }[]>`
    select card_id from cards where phase <> 'closed' and card_id > ${page.after} order by card_id limit ${page.limit}`;
  return rows.map((row) => parseCardId(row.card_id));
}

export async function markWorkflowStarted(sql: Sql, cardId: CardId): Promise<void> {
  await sql`
    update cards set workflow_started_at = now() where card_id = ${cardId} and workflow_started_at is null`;
}
