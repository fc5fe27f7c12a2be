/**
 * Runs once before all test files: one PostgreSQL server without disk flushes, a migrated template database,
 * Temporal's programs, and the workflow bundle. Everything that takes time runs side by side.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { projectRoot } from '../../src/apps/cli/local/module-command.ts';
import { findProgram } from '../../src/apps/cli/local/program-finder.ts';
import { createSupervisor, type Supervisor } from '../../src/apps/cli/local/supervisor.ts';
import {
  type ProgramSource,
  TEMPORAL_CLI,
  TEMPORAL_TEST_SERVER,
} from '../../src/apps/cli/local/temporal-programs.ts';
import { processEnvironment } from '../../src/platform/config.ts';
import { type FoundProgram, TEMPLATE_DATABASE } from './provided.ts';
import { startTestServer } from './test-server.ts';

const env = processEnvironment();
let supervisor: Supervisor | undefined;
const folders: string[] = [];

export async function setup(project: TestProject): Promise<void> {
  const running = createSupervisor(env);
  supervisor = running;
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'issuing-test-'));
  folders.push(folder);
  running.removeAfterKill(folder);
  try {
    const [urls, cli, testServer, bundle] = await Promise.all([
      startTestServer(running, folder, (path) => folders.push(path)),
      find(running, TEMPORAL_CLI),
      find(running, TEMPORAL_TEST_SERVER),
      bundleWorkflows(folder),
    ]);
    project.provide('templateDatabase', TEMPLATE_DATABASE);
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
