/** The migration runner against a real server, with folders of small migrations. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { describe, expect, it, onTestFinished } from 'vitest';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import {
  defaultMigrationDirectory,
  readMigrations,
} from '../../src/adapters/postgres/migration-files.ts';
import { createEmptyDatabase } from '../support/database.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FILES = {
  '0001-first.sql': 'create table first (id integer); grant select on first to issuing_app;',
  '0002-second.sql': 'create table second (id integer);',
};

/** An empty database and a folder with the files; both go with the test. */
async function setUp(files: Readonly<Record<string, string>> = FILES) {
  const database = await createEmptyDatabase();
  const directory = join(await temporaryFolder(), 'migrations');
  await mkdir(directory);
  const write = (name: string, sql: string) => writeFile(join(directory, name), sql);
  for (const [name, sql] of Object.entries(files)) await write(name, sql);
  const sql = postgres(database.ownerUrl, { max: 2, onnotice: () => {} });
  onTestFinished(async () => {
    await sql.end();
    await database.drop();
  });
  const run = () => migrate({ ownerUrl: database.ownerUrl, directory });
  return { database, directory, write, sql, run };
}

describe('migrate', () => {
  it('applies the files in order, once, and records their hashes', async () => {
    const { sql, run } = await setUp();
    expect(await run()).toEqual({ applied: ['0001-first.sql', '0002-second.sql'] });
    expect(await run()).toEqual({ applied: [] });
    const rows =
      await sql`select version, name, length(sha256) as digits from schema_migrations order by version`;
    expect([...rows]).toEqual([
      { version: 1, name: '0001-first.sql', digits: 64 },
      { version: 2, name: '0002-second.sql', digits: 64 },
    ]);
  });

  it('makes a role that may log in and owns nothing', async () => {
    const { database, directory, sql } = await setUp();
    await migrate({ ownerUrl: database.ownerUrl, directory });
    const [role] = await sql`
      select rolcanlogin, rolsuper, rolcreatedb, rolcreaterole,
             (select count(*)::int from pg_class where relowner = r.oid) as owned
      from pg_roles r where rolname = 'issuing_app'`;
    expect(role).toEqual({
      rolcanlogin: true,
      rolsuper: false,
      rolcreatedb: false,
      rolcreaterole: false,
      owned: 0,
    });
    const app = postgres(database.appUrl, { max: 1 });
    expect(await app`select count(*)::int as n from first`).toMatchObject([{ n: 0 }]);
    await expect(app`create table mine (id integer)`).rejects.toThrow('permission denied');
    await expect(app`select * from second`).rejects.toThrow('permission denied');
    await app.end();
  });

  it('refuses an applied migration that was edited', async () => {
    const { write, run } = await setUp();
    await run();
    await write('0002-second.sql', 'create table second (id bigint);');
    await expect(run()).rejects.toThrow('0002-second.sql differs from what was applied');
  });

  it('accepts an applied migration whose line ends changed', async () => {
    const { write, run } = await setUp({ '0001-first.sql': 'create table first\n(id integer);\n' });
    await run();
    await write('0001-first.sql', 'create table first\r\n(id integer);\r\n');
    expect(await run()).toEqual({ applied: [] });
  });

  it('refuses a gap, a number used twice and a file with another kind of name', async () => {
    const { directory, write, run } = await setUp();
    await write('0004-fourth.sql', 'select 1');
    await expect(run()).rejects.toThrow(
      '0004-fourth.sql does not follow: the next migration must be 0003',
    );
    await rm(join(directory, '0004-fourth.sql'));
    await write('0002-other.sql', 'select 1');
    await expect(run()).rejects.toThrow('must be 0003');
    await rm(join(directory, '0002-other.sql'));
    await write('3-third.sql', 'select 1');
    await expect(run()).rejects.toThrow('3-third.sql is not named NNNN-name.sql');
  });

  it('refuses a database that is newer than the files', async () => {
    const { directory, run } = await setUp();
    await run();
    await rm(join(directory, '0002-second.sql'));
    await expect(run()).rejects.toThrow('The database has migration 0002-second.sql');
  });

  it('rolls a failing file back, keeps those before it, and names the line', async () => {
    const { sql, run } = await setUp({
      '0001-first.sql': 'create table first (id integer);',
      '0002-second.sql': 'create table second (id integer);\ncreate tabel third (id integer);',
    });
    await expect(run()).rejects.toThrow(
      /0002-second\.sql failed and was rolled back: .*tabel.* \(line 2\)/,
    );
    const tables =
      await sql`select tablename from pg_tables where schemaname = 'public' order by 1`;
    expect(tables.map((row) => row['tablename'])).toEqual(['first', 'schema_migrations']);
  });

  it('lets one of two runners at once do the work', async () => {
    const { run } = await setUp();
    const results = await Promise.all([run(), run()]);
    const counts = new Set(results.map(({ applied }) => applied.length));
    expect(counts).toEqual(new Set([0, 2]));
  });

  it('reads the migrations of the product without a gap', async () => {
    const files = await readMigrations(defaultMigrationDirectory());
    expect(files.map((file) => file.version)).toEqual(files.map((_, index) => index + 1));
    expect(files.length).toBeGreaterThan(0);
  });
});
