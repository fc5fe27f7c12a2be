/**
 * Freeze, unfreeze and cancel: committed in Postgres alone. The account is locked before the card, in the order
 * of every other transaction that locks accounts, so that no decision commits after them on older facts.
 */
import type { NumberedFact } from '../../domain/card-contract.ts';
import type { CardFact } from '../../domain/card-facts.ts';
import { invariant } from '../../domain/invariant.ts';
import type { Card, CardControls } from '../../ports/cards.ts';
import { findCard } from './card-directory.ts';
import { jsonText } from './json-column.ts';
import type { Queryable } from './pool.ts';

/** Name of the freeze that an operator sets; other freezes of a card stand beside it. */
const OPERATOR = 'operator';

export function createCardControls(sql: Queryable): CardControls {
  return {
    async lock(id) {
      await sql`
        select 1 from accounts
         where account_id = (select account_id from cards where card_id = ${id}) for no key update`;
      await sql`select 1 from cards where card_id = ${id} for no key update`;
      return findCard(sql, id);
    },

    async freeze(card, reason) {
      const version = await bump(
        sql,
        card,
        sql`freezes = freezes || jsonb_build_object(${OPERATOR}::text, ${reason}::text)`,
      );
      await addTimeline(sql, card, 'frozen', { by: OPERATOR, reason });
      const fact: CardFact = { kind: 'freeze_changed', frozen: true, version };
      return addFact(sql, card, fact, `freeze/${version}`);
    },

    async unfreeze(card) {
      const stillFrozen = Object.keys(card.freezes).some((by) => by !== OPERATOR);
      const version = await bump(sql, card, sql`freezes = freezes - ${OPERATOR}::text`);
      await addTimeline(sql, card, 'unfrozen', { by: OPERATOR });
      const fact: CardFact = { kind: 'freeze_changed', frozen: stillFrozen, version };
      return addFact(sql, card, fact, `freeze/${version}`);
    },

    async requestCancel(card, reason, at) {
      await bump(sql, card, sql`cancel_requested_at = ${at}, cancel_reason = ${reason}`);
      await addTimeline(sql, card, 'cancel_requested', { reason });
      return addFact(sql, card, { kind: 'cancel_requested', reason }, 'cancel');
    },

    async markSent(factIds) {
      await sql`
        update facts set signalled_at = now()
         where fact_id = any(${[...factIds]}::bigint[]) and signalled_at is null`;
    },
  };
}

/** Changes the card and returns its new version, by which the processes drop what they remember of it. */
async function bump(sql: Queryable, card: Card, change: ReturnType<Queryable>): Promise<number> {
  const [row] = await sql<{ version: number }[]>`
    update cards set ${change}, version = version + 1 where card_id = ${card.id} returning version`;
  invariant(row !== undefined, `card ${card.id} is locked, so it is there`);
  return row.version;
}

export async function addTimeline(
  sql: Queryable,
  card: Pick<Card, 'id' | 'tenantId' | 'phase'>,
  kind: string,
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  await sql`
    insert into card_timeline (tenant_id, card_id, kind, phase, body)
    values (${card.tenantId}, ${card.id}, ${kind}, ${card.phase}, ${jsonText(body)}::text::jsonb)`;
}

async function addFact(
  sql: Queryable,
  card: Card,
  fact: CardFact,
  dedupeKey: string,
): Promise<NumberedFact> {
  const [row] = await sql<{ fact_id: number }[]>`
    insert into facts (tenant_id, card_id, kind, body, dedupe_key)
    values (${card.tenantId}, ${card.id}, ${fact.kind}, ${jsonText(fact)}::text::jsonb, ${dedupeKey})
    returning fact_id`;
  invariant(row !== undefined, 'an insert returns its row');
  return { factId: String(row.fact_id), fact };
}
