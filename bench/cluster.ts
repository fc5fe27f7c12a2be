/** A Postgres server of the benchmark's own, durable as in production, whose databases are clones of a template. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { ensureDatabase } from '../src/adapters/postgres/databases.ts';
import { migrate } from '../src/adapters/postgres/migrate.ts';
import { createSql, type Sql } from '../src/adapters/postgres/pool.ts';
import { locateData } from '../src/apps/cli/local/data-location.ts';
import type { Part } from '../src/apps/cli/local/part.ts';
import { createPortPicker } from '../src/apps/cli/local/ports.ts';
import { type PostgresServer, startPostgres } from '../src/apps/cli/local/postgres-server.ts';
import { createSupervisor, type Supervisor } from '../src/apps/cli/local/supervisor.ts';
import { postgresOwner } from '../src/apps/cli/local/unprivileged-user.ts';
import { processEnvironment } from '../src/platform/config.ts';

/** Connections of the processes' role: as many as the relay has by default. */
const APP_POOL_SIZE = 10;
/** Loads of millions of rows are one statement. */
const LOAD_TIMEOUT_MS = 3_600_000;

export interface Database {
  readonly name: string;
  /** Connects as the owner, who fills it. */
  readonly owner: Sql;
  /** Connects as the processes do. */
  readonly app: Sql;
  /** The addresses of both, for processes. */
  readonly ownerUrl: string;
  readonly appUrl: string;
  close(): Promise<void>;
}

export interface Cluster {
  /** The server itself, which can be killed and started again on its port and data. */
  readonly server: Part;
  /** Starts and ends the processes that are measured. */
  readonly supervisor: Supervisor;
  /** For their logs; gone after `stop`. */
  readonly folder: string;
  /** A migrated database. */
  create(name: string): Promise<Database>;
  /** A copy of a database that nobody is connected to. */
  clone(template: string, name: string): Promise<Database>;
  drop(name: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startCluster(): Promise<Cluster> {
  const env = processEnvironment();
  const supervisor = createSupervisor(env);
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'issuing-bench-'));
  supervisor.removeAfterKill(folder);
  const appPassword = randomBytes(16).toString('hex');
  const owner = postgresOwner();
  const data = await locateData(folder, owner, false);
  supervisor.removeAfterKill(data.path);
  const stop = (): Promise<void> => removeAll(supervisor, [folder, data.path]);
  try {
    const server = await startPostgres(supervisor, {
      env,
      dataDir: data.path,
      owner,
      ports: createPortPicker({ prefersDefaults: false }),
      durable: true,
      logFile: join(folder, 'postgres.log'),
      ownerPassword: randomBytes(16).toString('hex'),
      appPassword,
    });
    return { ...databasesOf(server, appPassword), server: server.part, supervisor, folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function removeAll(supervisor: Supervisor, folders: readonly string[]): Promise<void> {
  await supervisor.stop();
  for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  await supervisor.close();
}

function databasesOf(
  server: PostgresServer,
  appPassword: string,
): Pick<Cluster, 'create' | 'clone' | 'drop'> {
  const urlOf = (url: string, name: string): string => {
    const address = new URL(url);
    address.pathname = name;
    return address.href;
  };
  const open = (name: string): Database => {
    const pool = { name: 'bench', statementTimeoutMs: LOAD_TIMEOUT_MS };
    const ownerUrl = urlOf(server.ownerUrl, name);
    const appUrl = urlOf(server.appUrl, name);
    const owner = createSql({ ...pool, url: ownerUrl, poolSize: 2 });
    const app = createSql({ ...pool, url: appUrl, poolSize: APP_POOL_SIZE });
    return {
      name,
      owner,
      app,
      ownerUrl,
      appUrl,
      close: async () => {
        await Promise.all([owner.end(), app.end()]);
      },
    };
  };
  const administer = async (statement: string): Promise<void> => {
    const sql = postgres(server.ownerUrl, { max: 1, onnotice: () => {} });
    try {
      await sql.unsafe(statement);
    } finally {
      await sql.end();
    }
  };
  return {
    async create(name) {
      await ensureDatabase(server.ownerUrl, name);
      await migrate({ ownerUrl: urlOf(server.ownerUrl, name), appPassword });
      return open(name);
    },
    async clone(template, name) {
      await administer(`create database ${name} template ${template}`);
      // What the copy has left to write must not be written while something is measured.
      await administer('checkpoint');
      return open(name);
    },
    drop: (name) => administer(`drop database ${name} with (force)`),
  };
}
