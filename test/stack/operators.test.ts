/** `npm run attention` and `npm run api-keys` as processes: what they print and how they end. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiKeys } from '../../src/adapters/postgres/api-key-store.ts';
import { openAttention } from '../../src/adapters/postgres/attention.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { listText } from '../../src/apps/cli/api-keys/run-api-keys.ts';
import { attentionText } from '../../src/apps/cli/attention/attention-text.ts';
import { parseCommandLine } from '../../src/apps/cli/command-line.ts';
import { localOwnerUrl } from '../../src/apps/cli/ledger-verify/local-database.ts';
import { newState, writeState } from '../../src/apps/cli/local/stack-state.ts';
import { apiKeyHash } from '../../src/platform/api-key-token.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Four processes one after the other, each of which loads everything anew beside other tests. */
const TIMEOUT_MS = 90_000;

let database: TestDatabase;
let sql: Sql;
let program: CardProgram;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 1, name: 'test-operators' });
  program = await createCardProgram(sql);
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

const attention = (...args: readonly string[]) =>
  runCommand(['attention', ...args], { DATABASE_URL: database.appUrl });
const apiKeys = (...args: readonly string[]) =>
  runCommand(['api-keys', ...args], { DATABASE_OWNER_URL: database.ownerUrl });

describe('attention', () => {
  it('lists what is open, the newest last, with what to do', async () => {
    expect(await attention()).toEqual({ code: 0, output: 'Nothing needs a person.\n' });
    const { tenantId, cardId, accountId } = program;
    const details = { merchant: 'Shop\u001b[2J\u202e', amount: '12.50 USD' };
    await openAttention(sql, {
      tenantId,
      kind: 'forced_capture',
      subject: 'ipi_1',
      cardId,
      accountId,
      details,
    });
    await openAttention(sql, { tenantId, kind: 'parcel_returned', subject: cardId, cardId });
    const { code, output } = await attention();
    expect(code).toBe(0);
    expect(output).toMatch(
      /^\S+ \S+ {2}forced_capture {2}ipi_1 {2}of card_\w+ {2}\(att_\w+\)\n {4}amount: 12\.50 USD, merchant: Shop \[2J \n {4}-> Ask/,
    );
    expect(output).toMatch(/parcel_returned {2}card_\w+ {2}\(att_\w+\)\n {4}-> Ask the customer/);
    expect(output).toMatch(/\n\n2 items are open\. Times are UTC\.\n$/);
    expect((await attention('--card', 'card_other')).output).toBe('Nothing needs a person.\n');
  });

  it('says when there are more than it shows', () => {
    expect(attentionText([], false)).toBe('Nothing needs a person.');
    const item = {
      id: 'att_1',
      tenantId: null,
      kind: 'event_not_applied',
      subject: 'evt_1',
      cardId: null,
      accountId: null,
      details: {},
      openedAt: '2026-11-23T09:30:00.000Z',
      closedAt: null,
      resolution: null,
      resolvedBy: null,
      remedy: 'Read it.',
    };
    expect(attentionText([item], true)).toBe(
      '2026-11-23 09:30  event_not_applied  evt_1  (att_1)\n    -> Read it.\n\n' +
        'The newest 1 open items are shown; GET /v1/attention lists all. Times are UTC.',
    );
  });

  it('ends with 2 when the database cannot be read', async () => {
    const away = { DATABASE_URL: 'postgres://issuing_app:hush@127.0.0.1:1/issuing' };
    const { code, output } = await runCommand(['attention'], away);
    expect([code, output]).toEqual([
      2,
      expect.stringContaining('DATABASE_URL: postgres://issuing_app@'),
    ]);
  });
});

describe('api-keys', () => {
  it(
    'makes a key that works, shows it in the list without its secret, and revokes it',
    async () => {
      expect(listText([])).toContain('No key was made yet.');
      const made = await apiKeys('create', '--name', 'back-office', '--scope', 'operate');
      const [, token = ''] = /^(iok_[A-Za-z0-9_-]{43})$/m.exec(made.output) ?? [];
      const [, id = ''] = /^(key_\w+), named back-office, may operate/m.exec(made.output) ?? [];
      expect(made.code).toBe(0);
      const find = () => createApiKeys(sql).find(apiKeyHash(token));
      expect(await find()).toEqual({ id, name: 'back-office', scope: 'operate' });

      const again = await apiKeys('create', '--name', 'back-office', '--scope', 'read');
      expect([again.code, again.output]).toEqual([1, expect.stringContaining('is in use')]);

      const { output } = await apiKeys('list');
      expect(output).toMatch(new RegExp(`^${id}  back-office  operate  \\S+ \\S+  never$`, 'm'));
      expect(output).not.toContain(token);

      expect((await apiKeys('revoke', id)).code).toBe(0);
      expect(await find()).toBeUndefined();
      const log = await sql`select action, subject from audit_log order by audit_id`;
      expect(log).toEqual([
        { action: 'api_key.created', subject: id },
        { action: 'api_key.revoked', subject: id },
      ]);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['nothing', [], 'create, list, revoke'],
    ['a scope that there is not', ['create', '--name', 'a', '--scope', 'root'], '--scope must be'],
    ['no scope', ['create', '--name', 'a'], '--scope must be'],
    ['a name of two words', ['create', '--name', 'a b', '--scope', 'read'], '--name must be'],
    ['an option that there is not', ['create', '--nam', 'a'], '--nam'],
    ['a key in place of its id', ['revoke', 'iok_x'], 'takes the id'],
  ])('refuses %s', (_what, args, words) => {
    const line = parseCommandLine(['api-keys', ...args]);
    expect(line).toMatchObject({ command: 'wrong', problem: expect.stringContaining(words) });
  });

  it("finds the local stack's database as its owner", async () => {
    const folder = await temporaryFolder();
    await expect(localOwnerUrl(folder)).rejects.toThrow('set DATABASE_OWNER_URL');
    const data = join(folder, 'data');
    const state = newState({ postgres: true, temporal: true, simulator: true });
    await writeState(folder, { ...state, isEstablished: true, postgresData: data });
    await mkdir(join(data, 'cluster'), { recursive: true });
    await writeFile(join(data, 'cluster', 'postmaster.pid'), '11\n/x\n17\n54400\n\n127.0.0.1\n');
    expect(await localOwnerUrl(folder)).toBe(
      `postgres://issuing_owner:${state.secrets.ownerPassword}@127.0.0.1:54400/issuing`,
    );
  });
});
