/** `npm run ledger:verify` as a process: what it prints and how it ends. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql } from '../../src/adapters/postgres/pool.ts';
import { localDatabaseUrl } from '../../src/apps/cli/ledger-verify/local-database.ts';
import { newState, writeState } from '../../src/apps/cli/local/stack-state.ts';
import { createCardProgram } from '../support/card-program.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let database: TestDatabase;
let accountId = '';

beforeAll(async () => {
  database = await createTestDatabase();
  const sql = createSql({ url: database.appUrl, poolSize: 1, name: 'test-verify' });
  ({ accountId } = await createCardProgram(sql, { fundsMinor: 500 }));
  await sql.end();
});
afterAll(() => database.drop());

describe('ledger:verify', () => {
  it("ends with 0 when the books are right, as the processes' role", async () => {
    const { code, output } = await runCommand(['ledger-verify'], { DATABASE_URL: database.appUrl });
    expect(output).toMatch(/^The books are right: 1 accounts, 0 authorizations, .* 1 postings, /);
    expect(code).toBe(0);
  });

  it('names the first difference, or all of them, and ends with 1', async () => {
    const owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-owner' });
    await owner.unsafe(`set session_replication_role = replica;
      update accounts set available_minor = 499, seq = 7`);
    await owner.end();
    const env = { DATABASE_URL: database.appUrl };
    const first = await runCommand(['ledger-verify'], env);
    expect(first.output).toContain(
      `account ${accountId}: available balance, by its postings\n  expected  500\n  found     499\n`,
    );
    expect(first.output).toContain('The books are wrong.');
    expect(first.output).not.toContain('number of the last posting');
    expect(first.code).toBe(1);
    const all = await runCommand(['ledger-verify', '--all'], env);
    expect(all.output).toContain('number of the last posting\n  expected  1\n  found     7\n');
    expect(all.code).toBe(1);
  });

  it('ends with 2 when the database cannot be read', async () => {
    const away = 'postgres://issuing_app:hush@127.0.0.1:1/issuing';
    const unreachable = await runCommand(['ledger-verify'], { DATABASE_URL: away });
    expect(unreachable.output).toBe(
      'DATABASE_URL: postgres://issuing_app@127.0.0.1:1/issuing cannot be used: connect ECONNREFUSED 127.0.0.1:1\n',
    );
    expect(unreachable.code).toBe(2);
    const empty = await createEmptyDatabase();
    const without = await runCommand(['ledger-verify'], { DATABASE_URL: empty.ownerUrl });
    await empty.drop();
    expect(without.output).toContain('cannot be used: relation "accounts" does not exist');
    expect(without.code).toBe(2);
    const wrong = await runCommand(['ledger-verify'], { DATABASE_URL: 'mysql://x' });
    expect([wrong.code, wrong.output]).toEqual([2, expect.stringContaining('DATABASE_URL')]);
  });
});

describe('the database of the local stack', () => {
  it('is found by what the stack and its server have written', async () => {
    const folder = await temporaryFolder();
    await expect(localDatabaseUrl(folder)).rejects.toThrow(
      `No database to read: set DATABASE_URL, or run \`npm start\` (nothing runs in ${folder})`,
    );
    const data = join(folder, 'data');
    const state = newState({ postgres: true, temporal: true, simulator: true });
    await writeState(folder, { ...state, isEstablished: true, postgresData: data });
    await expect(localDatabaseUrl(folder)).rejects.toThrow('No database to read');
    await mkdir(join(data, 'cluster'), { recursive: true });
    await writeFile(
      join(data, 'cluster', 'postmaster.pid'),
      '11\n/x\n1700000000\n54400\n\n127.0.0.1\n',
    );
    expect(await localDatabaseUrl(folder)).toBe(
      `postgres://issuing_app:${state.secrets.appPassword}@127.0.0.1:54400/issuing`,
    );
  });
});
