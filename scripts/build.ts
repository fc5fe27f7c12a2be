/**
 * `npm run build`: compiles to dist/, bundles the workflows ahead, so that a worker starts without a bundler, and makes
 * one file of the authorizer, so that it decides half a second after its start.
 * SQL migrations are not copied: the package ships them where they are, and the migrator finds them from dist/.
 */
import { spawnSync } from 'node:child_process';
import { cp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { bundle } from './bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const AUTHORIZER = new URL('../src/apps/authorizer/main.ts', import.meta.url);

function compile(): void {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('The code does not compile');
}

/** The simulator's page is plain files that a browser takes as they are. */
async function copyPage(): Promise<void> {
  const folder = join('src', 'simulator', 'page');
  await cp(join(root, folder), join(dist, folder), { recursive: true });
}

/** The bundle belongs to this very version of @temporalio/worker, so it is never kept over an upgrade. */
async function bundleWorkflows(): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows', 'index.ts'),
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
  await writeFile(join(dist, 'workflow-bundle.js'), code);
}

await rm(dist, { recursive: true, force: true });
compile();
await copyPage();
await bundleWorkflows();
await bundle([AUTHORIZER], dist);
console.log('Built dist/ and dist/workflow-bundle.js');
