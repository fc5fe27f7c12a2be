/**
 * Freeze, unfreeze and cancel: committed in Postgres alone. The account is locked before the card, in the order
 * of every other transaction that locks accounts, so that no decision commits after them on older facts.
 */
import type { NumberedFact } from '../../domain/card-contract.ts';
import { type CardFact, FREEZE_OWNERS } from '../../domain/card-facts.ts';
import { invariant } from '../../domain/invariant.ts';
import type { Card, CardControls } from '../../ports/cards.ts';
import { closeAttention, openAttention } from './attention.ts';
import { findCard } from './card-directory.ts';
import { heirsOf } from './card-heirs.ts';
import { addTimeline } from './card-timeline.ts';
import { jsonText } from './json-column.ts';
import type { Queryable } from './pool.ts';

/** Open while a freeze after a warning waits for a person: replace the card, or lift the freeze. */
const FRAUD_WARNING = 'fraud_warning';

export const createCardControls = (sql: Queryable): CardControls => ({
  lock: (id) => lockCard(sql, id),

  async freeze(card, { by, reason }) {
    const put = async (on: Card, told: object): Promise<NumberedFact> => {
      await addTimeline(sql, on, 'frozen', { by, reason, ...told });
      return setFreezes(sql, on, { ...on.freezes, [by]: reason });
    };
    // A freeze stands against a number. One that an heir has for a reason of its own stays as it is.
    for (const heir of await heirsOf(sql, card, 'same_number')) {
      if (heir.freezes[by] === card.freezes[by]) await put(heir, { togetherWith: card.id });
    }
    return put(card, {});
  },

  async unfreeze(card, { by, reason }) {
    const lift = async (from: Card, told: object): Promise<NumberedFact> => {
      const { [by]: _lifted, ...standing } = from.freezes;
      await addTimeline(sql, from, 'unfrozen', { by, reason, ...told });
      if (by === 'fraud') await closeWarning(sql, from, `the freeze was lifted: ${reason}`);
      return setFreezes(sql, from, standing);
    };
    for (const heir of await heirsOf(sql, card, 'same_number')) {
      if (heir.freezes[by] === card.freezes[by]) await lift(heir, { togetherWith: card.id });
    }
    return lift(card, {});
  },

  async requestCancel(card, reason, at) {
    const fact = await writeCancel(sql, card, { reason, at });
    await closeWarning(sql, card, 'the card was cancelled');
    return fact;
  },

  async markSent(factIds, runId) {
    await sql`
      update facts set signalled_at = now(), signalled_run_id = ${runId}
       where fact_id = any(${[...factIds]}::bigint[]) and signalled_at is null`;
  },
});

/** Locks the account, then the card, each in a statement of its own. Also the order of the relay. */
export async function lockCard(sql: Queryable, id: string): Promise<Card | undefined> {
  await sql`
    select 1 from accounts
     where account_id = (select account_id from cards where card_id = ${id}) for no key update`;
  await sql`select 1 from cards where card_id = ${id} for no key update`;
  return findCard(sql, id);
}

/** Writes whose freezes stand, and their fact. */
export async function setFreezes(
  sql: Queryable,
  card: Pick<Card, 'id' | 'tenantId'>,
  standing: Card['freezes'],
): Promise<NumberedFact> {
  const version = await bump(sql, card, sql`freezes = ${jsonText(standing)}::text::jsonb`);
  const by = FREEZE_OWNERS.filter((owner) => Object.hasOwn(standing, owner));
  const frozen = Object.keys(standing).length > 0;
  return addFact(sql, card, { kind: 'freeze_changed', frozen, version, by }, `freeze/${version}`);
}

export async function writeCancel(
  sql: Queryable,
  card: Card,
  cancel: {
    readonly reason: Parameters<CardControls['requestCancel']>[1];
    readonly at: Date;
  },
): Promise<NumberedFact> {
  const { reason, at } = cancel;
  await bump(sql, card, sql`cancel_requested_at = ${at}, cancel_reason = ${reason}`);
  await addTimeline(sql, card, 'cancel_requested', { reason });
  return addFact(sql, card, { kind: 'cancel_requested', reason }, 'cancel');
}

/** What a person may do about a warning, but for dismissing it: the command of the API, and what to call it with. */
export const WARNING_OFFER = { offer: 'replace', reason: 'stolen' } as const;

export const openWarning = (
  sql: Queryable,
  card: Pick<Card, 'id' | 'tenantId' | 'accountId'>,
  details: Readonly<Record<string, string>>,
): Promise<void> =>
  openAttention(sql, {
    tenantId: card.tenantId,
    kind: FRAUD_WARNING,
    subject: card.id,
    cardId: card.id,
    accountId: card.accountId,
    details: { ...details, ...WARNING_OFFER },
  });

export const closeWarning = (
  sql: Queryable,
  card: Pick<Card, 'id'>,
  resolution: string,
): Promise<void> => closeAttention(sql, { kind: FRAUD_WARNING, subject: card.id, resolution });

/** Changes the card and returns its new version, by which the processes drop what they remember of it. */
async function bump(
  sql: Queryable,
  card: Pick<Card, 'id'>,
  change: ReturnType<Queryable>,
): Promise<number> {
  const [row] = await sql<{ version: number }[]>`
    update cards set ${change}, version = version + 1 where card_id = ${card.id} returning version`;
  invariant(row !== undefined, `card ${card.id} is locked, so it is there`);
  return row.version;
}

export async function addFact(
  sql: Queryable,
  card: Pick<Card, 'id' | 'tenantId'>,
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
