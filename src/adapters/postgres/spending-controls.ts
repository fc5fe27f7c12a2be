/**
 * Spending controls in the rows of cards, accounts and tenants. A new version goes with each change, by which the
 * processes drop what they remember; nothing is written when nothing differs, so that a repeat makes none read anew.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Controls } from '../../domain/controls.ts';
import { invariant } from '../../domain/invariant.ts';
import type { Card } from '../../ports/cards.ts';
import type { SpendingControls } from '../../ports/spending-controls.ts';
import { lockAccounts } from './account-rows.ts';
import { heirsOf } from './card-heirs.ts';
import { addTimeline } from './card-timeline.ts';
import { insertFact } from './fact-store.ts';
import { jsonText } from './json-column.ts';
import type { Queryable } from './pool.ts';

/** A table whose rows have controls, and the column of its id. */
const CARDS = { table: 'cards', id: 'card_id' } as const;
const ACCOUNTS = { table: 'accounts', id: 'account_id' } as const;
const TENANTS = { table: 'tenants', id: 'tenant_id' } as const;
type Owner = typeof CARDS | typeof ACCOUNTS | typeof TENANTS;

export function createSpendingControls(sql: Queryable): SpendingControls {
  return {
    ofCard: (id) => read(sql, CARDS, id),
    ofAccount: (id) => read(sql, ACCOUNTS, id),
    ofTenant: (id) => read(sql, TENANTS, id),

    async setOfCard(card, wanted) {
      const before = await read(sql, CARDS, card.id);
      if (!(await change(sql, card, wanted))) return wanted;
      // A card that takes its place copied them when it was asked for, and follows until it gets its own.
      for (const heir of await heirsOf(sql, card, 'all')) {
        if (!isDeepStrictEqual(await read(sql, CARDS, heir.id), before)) break;
        await change(sql, heir, wanted);
      }
      return wanted;
    },

    async setOfAccount(id, wanted) {
      const account = (await lockAccounts(sql, [id])).get(id);
      if (account === undefined) return { kind: 'unknown_account' };
      if (account.status === 'closed') return { kind: 'is_closed' };
      await write(sql, ACCOUNTS, id, wanted);
      return { kind: 'set', controls: wanted };
    },

    async setOfTenant(id, wanted) {
      if ((await read(sql, TENANTS, id)) === undefined) return undefined;
      await write(sql, TENANTS, id, wanted);
      return wanted;
    },
  };
}

/** True when they were others. */
async function change(sql: Queryable, card: Card, wanted: Controls): Promise<boolean> {
  if (!(await write(sql, CARDS, card.id, wanted))) return false;
  await addTimeline(sql, card, 'controls_changed', { controls: wanted });
  const version = await nextControlsVersion(sql, card.id);
  const fact = { kind: 'mirror_wanted', what: 'controls', version } as const;
  const owner = { tenantId: card.tenantId, cardId: card.id };
  await insertFact(sql, owner, fact, `mirror/controls/${version}`);
  return true;
}

async function nextControlsVersion(sql: Queryable, cardId: string): Promise<number> {
  const [row] = await sql<{ controls_version: number }[]>`
    update cards set controls_version = controls_version + 1 where card_id = ${cardId} returning controls_version`;
  invariant(row !== undefined, `card ${cardId} is locked, so it is there`);
  return row.controls_version;
}

async function read(sql: Queryable, owner: Owner, id: string): Promise<Controls | undefined> {
  const [row] = await sql<{ controls: Controls }[]>`
    select controls from ${sql(owner.table)} where ${sql(owner.id)} = ${id}`;
  return row?.controls;
}

/** True when there was such a row and its controls were others. */
async function write(sql: Queryable, owner: Owner, id: string, wanted: Controls): Promise<boolean> {
  const rows = await sql`
    update ${sql(owner.table)} set controls = ${jsonText(wanted)}::text::jsonb, version = version + 1
     where ${sql(owner.id)} = ${id} and controls <> ${jsonText(wanted)}::text::jsonb
    returning version`;
  return rows.length > 0;
}
