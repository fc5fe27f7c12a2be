/** The embedded PostgreSQL as a newcomer's machine meets it: a folder with a space and mode 0700, maybe as root. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { describe, expect, it, onTestFinished } from 'vitest';
import { locateData } from '../../src/apps/cli/local/data-location.ts';
import { createPortPicker } from '../../src/apps/cli/local/ports.ts';
import { copyOnce, nativePackage } from '../../src/apps/cli/local/postgres-programs.ts';
import { startPostgres } from '../../src/apps/cli/local/postgres-server.ts';
import { createSupervisor } from '../../src/apps/cli/local/supervisor.ts';
import { canEnter, postgresOwner } from '../../src/apps/cli/local/unprivileged-user.ts';
import { eventually } from '../support/eventually.ts';
import { processesOf, stackEnvironment } from '../support/stack-environment.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function setUp() {
  const folder = await temporaryFolder();
  const env = stackEnvironment();
  const owner = postgresOwner();
  const data = await locateData(folder, owner, false);
  const supervisor = createSupervisor(env);
  onTestFinished(async () => {
    await supervisor.stop();
    await rm(data.path, { recursive: true, force: true });
    await supervisor.close();
  });
  const start = (durable: boolean) =>
    startPostgres(supervisor, {
      env,
      dataDir: data.path,
      owner,
      ports: createPortPicker({ prefersDefaults: false }),
      durable,
      logFile: join(folder, 'postgres.log'),
      ownerPassword: "it's a 'quoted' password",
      appPassword: 'app',
    });
  return { folder, env, owner, data, supervisor, start };
}

describe('the embedded PostgreSQL', () => {
  it('keeps its data over a restart and leaves no process behind', async () => {
    const { env, owner, data, supervisor, start } = await setUp();
    const first = await start(true);
    const sql = postgres(first.ownerUrl, { max: 1 });
    await sql`create table kept (id integer)`;
    const [settings] = await sql`
      select current_setting('fsync') as fsync, current_setting('listen_addresses') as address,
             current_setting('server_version_num')::int / 10000 as major, current_database() as name`;
    expect(settings).toEqual({ fsync: 'on', address: '127.0.0.1', major: 18, name: 'issuing' });
    await sql.end();
    expect((await stat(data.path)).mode & 0o077).toBe(0);
    expect((await stat(data.path)).uid).toBe(owner?.uid ?? process.geteuid?.());
    await first.stop();

    const second = await start(true);
    const again = postgres(second.ownerUrl, { max: 1 });
    expect(await again`select count(*)::int as n from kept`).toMatchObject([{ n: 0 }]);
    await again.end();
    const stoppedAt = performance.now();
    await supervisor.close();
    expect(performance.now() - stoppedAt).toBeLessThan(5_000);
    await eventually(async () => (await processesOf(env)).length === 0);
  });

  it('refuses a connection without the password', async () => {
    const { start } = await setUp();
    const server = await start(false);
    const url = new URL(server.ownerUrl);
    url.password = 'wrong';
    const sql = postgres(url.href, { max: 1 });
    await expect(sql`select 1`).rejects.toThrow('password authentication failed');
    await sql.end();
  });

  it('puts the data outside of a folder that the user of PostgreSQL cannot enter', async () => {
    const { folder, owner, data } = await setUp();
    expect(data.isOutside).toBe(owner !== undefined);
    expect(data.path.startsWith(folder)).toBe(owner === undefined);
    expect(owner === undefined || (await canEnter(data.path, owner))).toBe(true);
  });
});

describe('the copy of the programs', () => {
  const LINKS = [{ source: 'native/lib/a.so.1', target: 'native/lib/a.so' }];

  async function fakePackage(): Promise<{ source: string; target: string }> {
    const folder = await temporaryFolder();
    const source = join(folder, 'source');
    await mkdir(join(source, 'native', 'bin'), { recursive: true, mode: 0o700 });
    await mkdir(join(source, 'native', 'lib'), { mode: 0o700 });
    await writeFile(join(source, 'native', 'bin', 'postgres'), '#!/bin/sh\n', { mode: 0o600 });
    await writeFile(join(source, 'native', 'lib', 'a.so.1'), 'library', { mode: 0o600 });
    return { source, target: join(folder, 'copy') };
  }

  it('has the links and can be run by another user, whatever the umask was', async () => {
    const { source, target } = await fakePackage();
    expect(await copyOnce(source, target, LINKS)).toBe(target);
    expect((await stat(join(target, 'native', 'bin', 'postgres'))).mode & 0o777).toBe(0o755);
    expect((await stat(join(target, 'native', 'lib', 'a.so'))).size).toBe('library'.length);
  });

  it('is made once by two runs at once', async () => {
    const { source, target } = await fakePackage();
    const places = await Promise.all([1, 2, 3].map(() => copyOnce(source, target, LINKS)));
    expect(places).toEqual([target, target, target]);
  });

  it('is made again when a file of it was cut off', async () => {
    const { source, target } = await fakePackage();
    await copyOnce(source, target, LINKS);
    await truncate(join(target, 'native', 'lib', 'a.so.1'), 0);
    expect(await copyOnce(source, target, LINKS)).toBe(target);
    expect((await stat(join(target, 'native', 'lib', 'a.so.1'))).size).toBe('library'.length);
  });

  it('is not taken from a place that others can write to', async () => {
    const { source, target } = await fakePackage();
    await mkdir(target, { mode: 0o777 });
    await chmod(target, 0o777);
    await writeFile(join(target, 'trap'), '');
    const place = await copyOnce(source, target, LINKS);
    expect(place).not.toBe(target);
    expect(existsSync(join(place, 'native', 'bin', 'postgres'))).toBe(true);
  });

  it('comes from the installed package of this platform', async () => {
    const { folder, version } = await nativePackage();
    expect(version).toMatch(/^18\./);
    expect(existsSync(join(folder, 'native', 'bin', 'postgres'))).toBe(true);
  });
});
