/** A PostgreSQL server without disk flushes and a migrated template, of which every test database is a clone. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import postgres from 'postgres';
import { ensureDatabase } from '../../src/adapters/postgres/databases.ts';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { locateData } from '../../src/apps/cli/local/data-location.ts';
import { createPortPicker } from '../../src/apps/cli/local/ports.ts';
import { startPostgres } from '../../src/apps/cli/local/postgres-server.ts';
import type { Supervisor } from '../../src/apps/cli/local/supervisor.ts';
import { postgresOwner } from '../../src/apps/cli/local/unprivileged-user.ts';
import { processEnvironment } from '../../src/platform/config.ts';
import { TEMPLATE_DATABASE } from './provided.ts';

const PASSWORD_BYTES = 16;

export interface TestServer {
  readonly ownerUrl: string;
  readonly appUrl: string;
}

/** `usesFolder` is told what has to be removed when the server has ended. */
export async function startTestServer(
  running: Supervisor,
  folder: string,
  usesFolder: (path: string) => void,
): Promise<TestServer> {
  const owner = postgresOwner();
  const data = await locateData(folder, owner, false);
  usesFolder(data.path);
  running.removeAfterKill(data.path);
  const appPassword = randomBytes(PASSWORD_BYTES).toString('hex');
  const server = await startPostgres(running, {
    env: processEnvironment(),
    dataDir: data.path,
    owner,
    ports: createPortPicker({ prefersDefaults: false }),
    durable: false,
    logFile: join(folder, 'postgres.log'),
    ownerPassword: randomBytes(PASSWORD_BYTES).toString('hex'),
    appPassword,
  });
  await ensureDatabase(server.ownerUrl, TEMPLATE_DATABASE);
  const template = new URL(server.ownerUrl);
  template.pathname = TEMPLATE_DATABASE;
  await migrate({ ownerUrl: template.href, appPassword });
  // A database with a connection cannot be cloned, so nobody may connect to this one any more.
  const sql = postgres(server.ownerUrl, { max: 1 });
  await sql.unsafe(`alter database ${TEMPLATE_DATABASE} allow_connections false`);
  await sql.end();
  return { ownerUrl: server.ownerUrl, appUrl: server.appUrl };
}
