/**
 * A small process that outlives the stack's own process if that is killed outright. It is told over its
 * standard input which processes run; when that closes without a goodbye, it ends them and removes the
 * throw-away folder. One line is one JSON message.
 */
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning } from './liveness.ts';

export type GuardianMessage =
  | { readonly kind: 'started'; readonly pid: number; readonly stopSignal: NodeJS.Signals }
  | { readonly kind: 'ended'; readonly pid: number }
  | { readonly kind: 'folder'; readonly path: string };

/** What is left after this is killed; a database needs about a second to write its last checkpoint. */
const GRACE_MS = 4_000;
const POLL_MS = 50;

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
};

async function watch(): Promise<void> {
  const running = new Map<number, NodeJS.Signals>();
  const folders = new Set<string>();
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line) as GuardianMessage;
    if (message.kind === 'started') running.set(message.pid, message.stopSignal);
    else if (message.kind === 'ended') running.delete(message.pid);
    else folders.add(message.path);
  }
  for (const [pid, signal] of running) send(pid, signal);
  const deadline = performance.now() + GRACE_MS;
  while ([...running.keys()].some(isRunning) && performance.now() < deadline) await delay(POLL_MS);
  // Each part leads a process group of its own; a negative id reaches all of it.
  for (const pid of running.keys()) if (isRunning(pid)) send(-pid, 'SIGKILL');
  // One folder that cannot be removed must not keep the others.
  await Promise.allSettled(
    [...folders].map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 3 })),
  );
}

// A terminal's Ctrl-C is the supervisor's business; the guardian ends when its input does.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
await watch();
