/** `npm run erase`: nothing personal is left anywhere, and books, proofs and the feed of changes are as before. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createChangeFeed } from '../../src/adapters/postgres/change-feed.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { parseErase } from '../../src/apps/cli/erase/erase-arguments.ts';
import { readOn } from '../changes/read-all.ts';
import { ingressUnderTest } from '../ingress/ingress-under-test.ts';
import { runCommand } from '../support/run-command.ts';
import { MARKS, type MarkedHolder, markHolder, settle } from './marked-holder.ts';

const ingress = ingressUnderTest();
let owner: Sql;
let ownerUrl = '';
let appUrl = '';
let holder: MarkedHolder;

beforeAll(async () => {
  const [row] = await ingress.sql<{ name: string }[]>`select current_database() as name`;
  const inDatabase = (url: string): string => {
    const address = new URL(url);
    address.pathname = row?.name ?? '';
    return address.href;
  };
  ownerUrl = inDatabase(inject('ownerUrl'));
  appUrl = inDatabase(inject('appUrl'));
  owner = createSql({ url: ownerUrl, poolSize: 1, name: 'test-erase' });
  holder = await markHolder(ingress);
});
afterAll(() => owner.end());

const erase = (...args: readonly string[]) =>
  runCommand(['erase', ...args], { DATABASE_OWNER_URL: ownerUrl });

/** Tables with a row in which a mark is left, whatever its columns are. */
async function markedTables(): Promise<readonly string[]> {
  const tables = await owner<{ name: string }[]>`
    select c.oid::regclass::text as name from pg_class c
     where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace order by 1`;
  const marked: string[] = [];
  for (const { name } of tables) {
    const rows = await owner`
      select 1 from ${owner(name)} t
       where exists (select from unnest(${[...MARKS]}::text[]) mark where t::text ilike '%' || mark || '%') limit 1`;
    if (rows.length > 0) marked.push(name);
  }
  return marked;
}

const payloads = async (): Promise<number> =>
  (
    await owner`select 1 from inbox where event_id = any (${[...holder.eventIds]}) and payload is not null`
  ).length;

describe('what stands against it', () => {
  it('refuses while a card is open, an event waits or an item is open, and names them', async () => {
    const { code, output } = await erase('--cardholder', holder.cardholderId, '--yes');
    expect(code).toBe(1);
    expect(output).toContain(`not closed: ${holder.cardId}`);
    expect(output).toContain('5 events wait to be applied');
    expect(output).toMatch(/items are open: att_/);
    expect(await payloads()).toBe(5);
  });

  it('says that there is no such holder', async () => {
    expect(await erase('--cardholder', 'chr_nobody', '--yes')).toMatchObject({ code: 1 });
  });

  it('takes an id of a cardholder and nothing else', () => {
    expect(parseErase(['--cardholder', 'card_1'])).toMatchObject({ command: 'wrong' });
    expect(parseErase(['--all'])).toMatchObject({ command: 'wrong' });
    expect(parseErase(['--cardholder', 'chr_1'])).toMatchObject({ erase: { isConfirmed: false } });
  });
});

describe('an erased cardholder', () => {
  it('is only looked at without --yes', async () => {
    await settle(ingress.sql, holder);
    const { code, output } = await erase('--cardholder', holder.cardholderId);
    expect(code).toBe(0);
    expect(output).toContain('has 1 closed card, and 5 events with a body');
    expect(await payloads()).toBe(5);
  });

  it('has left no mark in any row of any table', async () => {
    const before = await markedTables();
    for (const table of [
      'cardholders',
      'cards',
      'stripe_cards',
      'stripe_attempts',
      'inbox',
      'idempotency_keys',
      'card_timeline',
      'attention_items',
      'audit_log',
    ]) {
      expect(before).toContain(table);
    }
    const { code, output } = await erase('--cardholder', holder.cardholderId, '--yes');
    expect(output).toContain('is erased');
    expect(code).toBe(0);
    expect(await markedTables()).toEqual([]);
  });

  it('is still a row, for whom no card is made', async () => {
    const { body } = await ingress.get(`/v1/cardholders/${holder.cardholderId}`);
    expect(body).toMatchObject({
      name: 'Erased',
      customerRef: `erased:${holder.cardholderId}`,
      kyc: { status: 'rejected', lastError: { code: 'erased', reason: null } },
    });
    expect((await ingress.get(`/v1/cards/${holder.cardId}`)).body).toMatchObject({
      phase: 'closed',
      shipping: null,
    });
    expect((await ingress.get(`/v1/cards/${holder.cardId}/timeline`)).status).toBe(200);
  });

  it('keeps its events as rows without a body, of which a repeat is still a duplicate', async () => {
    const rows = await owner`
      select 1 from inbox where event_id = any (${[...holder.eventIds]}) and payload is null and erased_at is not null`;
    expect(rows).toHaveLength(5);
  });

  it('keeps of a replay what the fate of its event is made of', async () => {
    const { body } = await ingress.get(`/v1/events/${String(holder.eventIds[2])}`);
    expect(body).toMatchObject({
      reason: 'erased',
      replays: [{ actor: 'api-key:API_KEYS/1', reason: 'erased', by: null }],
    });
    const [row] = await owner`
      select details ? 'replayedBy' as kept from audit_log where subject = ${String(holder.eventIds[2])}`;
    expect(row).toEqual({ kept: true });
  });

  it('leaves the books right and the feed of changes readable', async () => {
    const verified = await runCommand(['ledger-verify'], { DATABASE_URL: appUrl });
    expect(verified).toMatchObject({ code: 0 });
    const { changes } = await readOn(createChangeFeed(ingress.sql));
    expect(changes.some(({ cardId }) => cardId === holder.cardId)).toBe(true);
  });

  it('is in the audit log, and may be erased once more for what came afterwards', async () => {
    const late = `evt_late_${holder.stripeCardId}`;
    await ingress.sql`
      insert into inbox (tenant_id, event_id, source, type, object_id, group_key, created, payload, status, settled_at)
      values (${holder.tenantId}, ${late}, 'webhook', 'issuing_card.updated', ${holder.stripeCardId}, ${holder.stripeCardId},
        1, '{"name": "zyxq"}', 'applied', now())`;
    expect((await erase('--cardholder', holder.cardholderId, '--yes')).code).toBe(0);
    expect(await markedTables()).toEqual([]);
    const entries = await owner<{ action: string }[]>`
      select action from audit_log where subject = ${holder.cardholderId}`;
    expect(entries.map(({ action }) => action)).toEqual(['cardholder.erased', 'cardholder.erased']);
  });
});
