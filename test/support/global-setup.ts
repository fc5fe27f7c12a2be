/**
 * Runs once before all test files: one PostgreSQL server without disk flushes, a migrated template database,
 * Temporal's programs, and the workflow bundle. Everything that takes time runs side by side.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import type { TestProject } from 'vitest/node';
import { ensureDatabase } from '../../src/adapters/postgres/databases.ts';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { locateData } from '../../src/apps/cli/local/data-location.ts';
import { projectRoot } from '../../src/apps/cli/local/module-command.ts';
import { createPortPicker } from '../../src/apps/cli/local/ports.ts';
import { startPostgres } from '../../src/apps/cli/local/postgres-server.ts';
import { findProgram } from '../../src/apps/cli/local/program-finder.ts';
import { createSupervisor, type Supervisor } from '../../src/apps/cli/local/supervisor.ts';
import {
  type ProgramSource,
  TEMPORAL_CLI,
  TEMPORAL_TEST_SERVER,
} from '../../src/apps/cli/local/temporal-programs.ts';
import { postgresOwner } from '../../src/apps/cli/local/unprivileged-user.ts';
import { processEnvironment } from '../../src/platform/config.ts';
import { type FoundProgram, TEMPLATE_DATABASE } from './provided.ts';

const PASSWORD_BYTES = 16;

const env = processEnvironment();
let supervisor: Supervisor | undefined;
let folders: readonly string[] = [];

export async function setup(project: TestProject): Promise<void> {
  const running = createSupervisor(env);
  supervisor = running;
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'issuing-test-'));
  folders = [folder];
  running.removeAfterKill(folder);
  try {
    const [urls, cli, testServer, bundle] = await Promise.all([
      startDatabase(running, folder),
      find(running, TEMPORAL_CLI),
      find(running, TEMPORAL_TEST_SERVER),
      bundleWorkflows(folder),
    ]);
    project.provide('ownerUrl', urls.ownerUrl);
    project.provide('appUrl', urls.appUrl);
    project.provide('temporalCli', cli);
    project.provide('temporalTestServer', testServer);
    project.provide('workflowBundlePath', bundle);
  } catch (error) {
    await teardown();
    throw error;
  }
}

export async function teardown(): Promise<void> {
  await supervisor?.stop();
  for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  await supervisor?.close();
}

async function startDatabase(
  running: Supervisor,
  folder: string,
): Promise<{ ownerUrl: string; appUrl: string }> {
  const owner = postgresOwner();
  const data = await locateData(folder, owner, false);
  folders = [folder, data.path];
  running.removeAfterKill(data.path);
  const appPassword = randomBytes(PASSWORD_BYTES).toString('hex');
  const server = await startPostgres(running, {
    env,
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

/** Unit tests must run where a program cannot be had; the tests that need it fail with this reason. */
async function find(running: Supervisor, source: ProgramSource): Promise<FoundProgram> {
  try {
    const report = (line: string): void => void process.stderr.write(`${line}\n`);
    return { path: await findProgram(source, { env, supervisor: running, report }) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

async function bundleWorkflows(folder: string): Promise<string> {
  const workflowsPath = join(projectRoot, 'workflows', 'index.ts');
  if (!existsSync(workflowsPath)) return '';
  // Loaded here, because loading it takes longer than everything else of a run without workflows.
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
  const path = join(folder, 'workflow-bundle.js');
  await writeFile(path, code);
  return path;
}
