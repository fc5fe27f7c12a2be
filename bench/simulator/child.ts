/** A server in a process of its own, which prints its URL once it listens. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The command of `npm run simulator`, without npm. */
export const FROM_SOURCE = ['--import', 'tsx', 'src/simulator/main.ts'];
/** What the package's `issuing-simulator` runs. */
export const BUILT = ['dist/src/simulator/main.js'];
/** A start takes half a second; whoever needs this long will not start at all. */
const START_TIMEOUT_MS = 20_000;

export interface Child {
  readonly port: number;
  stop(): Promise<void>;
}

/** Compiles the code as `npm run build` does, so that `BUILT` is what stands in the source. */
export async function compile(): Promise<void> {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  await outputOf([tsc, '-p', 'tsconfig.build.json']);
}

/** Starts `node ARGS...` in the root of the project. Rejects when it ends or says nothing. */
export async function startChild(args: readonly string[]): Promise<Child> {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  return { port: await readPort(child, args), stop: () => stop(child) };
}

/** How long `node ARGS...` runs until it ends, in milliseconds. */
export async function runtimeMs(args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${String(code)}`);
  return performance.now() - startedAt;
}

/** All that `node ARGS...` prints. Rejects unless it ends well. */
export async function outputOf(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${String(code)}`);
  return Buffer.concat(chunks).toString('utf8');
}

function readPort(child: ChildProcess, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const command = `node ${args.join(' ')}`;
    let output = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${command} did not say its URL: ${output}`));
    }, START_TIMEOUT_MS);
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`${command} ended with ${String(code)}: ${output}`));
    });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
