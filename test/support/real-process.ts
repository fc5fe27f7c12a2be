/** Starts the real process of an app, and sees to it that it has ended after the test, whatever became of it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';

const START_MS = 20_000;

type ProcessEnvironment = Readonly<Record<string, string>>;

export function startProcess(app: string, env: ProcessEnvironment) {
  const main = fileURLToPath(new URL(`../../src/apps/${app}/main.ts`, import.meta.url));
  return startNode(['--import', 'tsx', main], env);
}

/** The same of an app that has been built, or otherwise started. */
export function startNode(args: readonly string[], env: ProcessEnvironment) {
  const child = spawn(process.execPath, args, {
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output.text += chunk.toString()));
  }
  /** Where it listens, as its log tells. */
  const address = () =>
    eventually(() => /"address":"(http:[^"]+)"/.exec(output.text)?.[1], { timeoutMs: START_MS });
  return { child, output, address };
}
