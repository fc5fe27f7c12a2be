/** Facts for card workflows: written with what caused them, sent by the relay, closed by the workflow's save. */
import type { NumberedFact } from '../../domain/card-contract.ts';
import type { CardFact } from '../../domain/card-facts.ts';
import { type CardId, parseCardId } from '../../domain/ids.ts';
import {
  FACT_RESEND_AFTER_MS,
  FACTS_PER_SIGNAL_MAX,
  FACTS_UNCLOSED_MAX,
} from '../../domain/limits.ts';
import { type CardChoice, claimCards, endLease, isFresh } from './card-leases.ts';
import type { Queryable, Sql } from './pool.ts';

/** Waiting facts looked at to find cards: read from the index, whatever waits behind them. */
const CANDIDATE_FACTS_MAX = 1_000;

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

export interface ClaimedFacts {
  readonly cardId: CardId;
  readonly facts: readonly NumberedFact[];
  /** It has as many open as it may have, so that more may wait than `facts` shows. */
  readonly isFull: boolean;
}

/**
 * Claims cards with facts that were never sent, or sent so long ago without being closed that they are sent again; the
 * oldest facts first. Of one card so many are sent at once, and so many may be open at its workflow: where no worker
 * works them off, its history must not fill with them.
 */
export async function claimFacts(sql: Sql, choice: CardChoice): Promise<readonly ClaimedFacts[]> {
  const isLate = sql`f.signalled_at < now() - make_interval(secs => ${FACT_RESEND_AFTER_MS / 1000})`;
  const cardIds = await claimCards(sql, choice, {
    fresh: sql`
    select card_id
      from ((select f.card_id, f.fact_id from facts f
              where f.signalled_at is null and f.closed_at is null and ${isFresh(sql, sql`f.card_id`)}
              order by f.fact_id limit ${CANDIDATE_FACTS_MAX})
            union all
            (select f.card_id, f.fact_id from facts f
              where f.closed_at is null and ${isLate} and ${isFresh(sql, sql`f.card_id`)}
              order by f.signalled_at limit ${CANDIDATE_FACTS_MAX})) waiting
     group by card_id order by min(fact_id) limit ${choice.limit}`,
    isDue: (cardId) => sql`
    exists (select from facts f
             where f.card_id = ${cardId} and f.closed_at is null and (f.signalled_at is null or ${isLate}))`,
  });
  if (cardIds.length === 0) return [];
  // Read once the lease is ours: what another relay has sent meanwhile is not sent again.
  const rows = await sql<
    { card_id: string; open: number; facts: { id: string; body: CardFact }[] }[]
  >`
    select c.card_id, count(o.fact_id)::int as open,
           coalesce(jsonb_agg(jsonb_build_object('id', o.fact_id::text, 'body', o.body) order by o.fact_id)
             filter (where o.is_due), '[]') as facts
      from unnest(${[...cardIds]}::text[]) c (card_id)
      left join lateral (
        select f.fact_id, f.body, f.signalled_at is null or ${isLate} as is_due
          from facts f where f.card_id = c.card_id and f.closed_at is null
         order by f.fact_id limit ${FACTS_UNCLOSED_MAX}) o on true
     group by c.card_id`;
  return rows.map((row) => ({
    cardId: parseCardId(row.card_id),
    facts: row.facts
      .slice(0, FACTS_PER_SIGNAL_MAX)
      .map(({ id, body }) => ({ factId: id, fact: body })),
    isFull: row.open === FACTS_UNCLOSED_MAX,
  }));
}

/** The card's facts were accepted: notes it, and gives the card back. */
export async function factsSent(
  sql: Sql,
  { cardId, facts }: ClaimedFacts,
  by: { readonly holder: string; readonly runId: string | null },
): Promise<void> {
  const ids = facts.flatMap(({ factId }) => (factId === null ? [] : [factId]));
  await sql`
    with sent as (
      update facts set signalled_at = now(), signalled_run_id = ${by.runId}
       where fact_id = any(${ids}::bigint[]))
    ${endLease(sql, cardId, by.holder)}`;
}

export interface ClaimedDigest {
  readonly cardId: CardId;
  readonly isActive: boolean;
  readonly revision: number;
  readonly fact: CardFact;
}

/**
 * Claims cards with spending that their workflow has not heard of. A digest leaves at the end of its window, which the
 * first change begins: what comes within an interval is told in one, at most one a card and interval.
 */
export async function claimDigests(
  sql: Sql,
  choice: CardChoice & { readonly intervalMs: number },
): Promise<readonly ClaimedDigest[]> {
  const isDue = sql`s.sent_revision < s.revision
       and s.dirty_since <= now() - make_interval(secs => ${choice.intervalMs / 1000})`;
  const cardIds = await claimCards(sql, choice, {
    fresh: sql`
    select s.card_id from card_spending s where ${isDue} and ${isFresh(sql, sql`s.card_id`)}
     order by s.dirty_since limit ${choice.limit}`,
    isDue: (cardId) =>
      sql`exists (select from card_spending s where s.card_id = ${cardId} and ${isDue})`,
  });
  if (cardIds.length === 0) return [];
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
     where s.card_id = any(${[...cardIds]}) order by s.dirty_since`;
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

/** The digest was accepted, or is not wanted: notes it, and gives the card back. */
export async function digestSent(
  sql: Sql,
  { cardId, revision }: ClaimedDigest,
  holder: string,
): Promise<void> {
  await sql`
    with sent as (
      update card_spending
         set sent_revision = greatest(sent_revision, ${revision}),
             -- What changed while the digest was under way begins the next window.
             dirty_since = case when revision > greatest(sent_revision, ${revision}) then changed_at end
       where card_id = ${cardId})
    ${endLease(sql, cardId, holder)}`;
}

/** Claims cards whose request was stored but whose workflow was never started, older than the given age. */
export function claimStarts(
  sql: Sql,
  choice: CardChoice & { readonly olderThanMs: number },
): Promise<readonly CardId[]> {
  const isDue = sql`c.workflow_started_at is null
       and c.created_at < now() - make_interval(secs => ${choice.olderThanMs / 1000})`;
  return claimCards(sql, choice, {
    fresh: sql`
    select c.card_id from cards c where ${isDue} and ${isFresh(sql, sql`c.card_id`)}
     order by c.created_at limit ${choice.limit}`,
    isDue: (cardId) => sql`exists (select from cards c where c.card_id = ${cardId} and ${isDue})`,
  });
}

/** The workflow was started: notes it, and gives the card back. */
export async function startDone(sql: Sql, cardId: CardId, holder: string): Promise<void> {
  await sql`
    with started as (
      update cards set workflow_started_at = now() where card_id = ${cardId} and workflow_started_at is null)
    ${endLease(sql, cardId, holder)}`;
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
