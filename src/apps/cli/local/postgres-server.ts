/** An embedded PostgreSQL server on the loopback address, with a password for each of its two roles. */
import { existsSync, readFileSync } from 'node:fs';
import { chown, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDatabase } from '../../../adapters/postgres/databases.ts';
import type { Environment } from '../../../platform/config-reader.ts';
import { createPart, type Part } from './part.ts';
import type { PortPicker } from './ports.ts';
import { type PostgresPrograms, postgresPrograms } from './postgres-programs.ts';
import type { ProcessOwner, Supervisor } from './supervisor.ts';

const DATABASE = 'issuing';
const OWNER_ROLE = 'issuing_owner';
const APP_ROLE = 'issuing_app';

export interface PostgresOptions {
  readonly env: Environment;
  /** A folder of its own, made by `locateData`; the cluster lies in `cluster/` below it. */
  readonly dataDir: string;
  readonly owner: ProcessOwner | undefined;
  readonly ports: PortPicker;
  readonly preferredPort?: number | undefined;
  /** False lets a power cut destroy the data, and makes commits faster: for tests only. */
  readonly durable: boolean;
  readonly logFile: string;
  readonly ownerPassword: string;
  readonly appPassword: string;
  readonly onCrash?: (line: string) => void;
}

export interface PostgresServer {
  readonly port: number;
  /** Connects as the administrator, who owns the schema. */
  readonly ownerUrl: string;
  /** Connects as the processes' role; usable once the migrations made that role. */
  readonly appUrl: string;
  readonly part: Part;
  stop(): Promise<void>;
}

/** Making a cluster takes a second; a slow, busy disk may take many. */
const INITDB_TIMEOUT_MS = 120_000;
/** Includes the recovery after a crash. */
const READY_TIMEOUT_MS = 60_000;
/** Between the choice of a free port and its use another program can take it. */
const PORT_ATTEMPTS_MAX = 3;
/** The line of postmaster.pid that tells the server's state, counted from 0, and its text when it is up. */
const STATUS_LINE = 7;

export async function startPostgres(
  supervisor: Supervisor,
  options: PostgresOptions,
): Promise<PostgresServer> {
  const programs = await postgresPrograms(options.env, options.owner);
  const cluster = join(options.dataDir, 'cluster');
  if (!existsSync(cluster)) await createCluster(supervisor, options, programs);
  const { part, port } = await startOnFreePort(supervisor, options, programs);
  const url = (role: string, password: string, database: string): string =>
    `postgres://${role}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
  await ensureDatabase(url(OWNER_ROLE, options.ownerPassword, 'postgres'), DATABASE);
  return {
    port,
    ownerUrl: url(OWNER_ROLE, options.ownerPassword, DATABASE),
    appUrl: url(APP_ROLE, options.appPassword, DATABASE),
    part,
    stop: () => part.stop(),
  };
}

/** The environment of PostgreSQL's programs: English messages, and none of the caller's PG* settings. */
function programEnvironment(env: Environment): Environment {
  const kept = Object.entries(env).filter(
    ([name]) => !name.startsWith('PG') && !name.startsWith('LC_'),
  );
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' };
}

/** The cluster is made beside its final place and moved there when it is complete. */
async function createCluster(
  supervisor: Supervisor,
  options: PostgresOptions,
  programs: PostgresPrograms,
): Promise<void> {
  const unfinished = join(options.dataDir, 'cluster.new');
  const passwordFile = join(options.dataDir, 'password');
  await rm(unfinished, { recursive: true, force: true });
  await writeFile(passwordFile, options.ownerPassword, { mode: 0o600 });
  if (options.owner !== undefined) await chown(passwordFile, options.owner.uid, options.owner.gid);
  try {
    const { code, words, output } = await supervisor.run({
      command: programs.initdb,
      args: [
        `--pgdata=${unfinished}`,
        `--username=${OWNER_ROLE}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        ...(options.durable ? [] : ['--no-sync']),
      ],
      env: programEnvironment(options.env),
      cwd: options.dataDir,
      owner: options.owner,
      timeoutMs: INITDB_TIMEOUT_MS,
    });
    supervisor.signal.throwIfAborted();
    if (code !== 0) throw new Error(`initdb ended with ${words}:\n${output.trimEnd()}`);
    await rename(unfinished, join(options.dataDir, 'cluster'));
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function startOnFreePort(
  supervisor: Supervisor,
  options: PostgresOptions,
  programs: PostgresPrograms,
): Promise<{ part: Part; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await options.ports.pick(attempt === 1 ? options.preferredPort : undefined);
    const part = serverPart(supervisor, options, programs, port);
    await options.ports.release(port);
    try {
      await part.start();
      return { part, port };
    } catch (error) {
      const isTaken = part.logTail().includes('Address already in use');
      if (!isTaken || attempt === PORT_ATTEMPTS_MAX || supervisor.signal.aborted) throw error;
    }
  }
}

function serverPart(
  supervisor: Supervisor,
  options: PostgresOptions,
  programs: PostgresPrograms,
  port: number,
): Part {
  const cluster = join(options.dataDir, 'cluster');
  const flush = options.durable ? 'on' : 'off';
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    // The path of a socket has a length limit that a folder name can exceed; TCP has none.
    unix_socket_directories: '',
    max_connections: '200',
    synchronous_commit: 'on',
    fsync: flush,
    full_page_writes: flush,
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] %q%a ',
  };
  const part: Part = createPart(supervisor, {
    name: 'postgres',
    service: {
      command: programs.postgres,
      args: ['-D', cluster, ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`])],
      env: programEnvironment(options.env),
      cwd: options.dataDir,
      owner: options.owner,
      stage: 'database',
      logFile: options.logFile,
      // The fast shutdown: connections are ended, everything is written.
      stopSignal: 'SIGINT',
    },
    ready: () => isReady(cluster, part.pid()),
    readyTimeoutMs: READY_TIMEOUT_MS,
    onCrash: options.onCrash,
  });
  return part;
}

/** The server writes its state into a file, as its own start program reads it. */
function isReady(cluster: string, pid: number | undefined): boolean {
  try {
    const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[STATUS_LINE]?.trim() === 'ready';
  } catch {
    return false;
  }
}
