/** One process of the stack that can be started, waited for, killed and started again on its own. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Environment } from '../../../platform/config-reader.ts';
import { waitUntil } from './readiness.ts';
import type { Child, ServiceOptions, Supervisor } from './supervisor.ts';

export interface Part {
  readonly name: string;
  readonly logFile: string;
  /** The end of what it printed since it was last started; a kept log holds earlier runs too. */
  logTail(): string;
  /** Undefined while the part is not running. */
  pid(): number | undefined;
  /**
   * Starts the process and resolves when it is ready. Rejects with the end of its log when it is not. What is given here
   * is added to its environment, and stays there for later starts.
   */
  start(more?: Environment): Promise<void>;
  /** Asks it to end in order, and kills it if it does not. */
  stop(): Promise<void>;
  /** Sends the signal and resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface PartOptions {
  readonly name: string;
  readonly service: ServiceOptions;
  readonly ready: () => Promise<boolean> | boolean;
  /** How long the part may take until it is ready. */
  readonly readyTimeoutMs: number;
  /** Called when the process ends without having been asked to, after it was ready once. */
  readonly onCrash?: ((line: string) => void) | undefined;
}

/** A process killed by hand in a test gets this long to end in order before it is killed outright. */
const STOP_GRACE_MS = 3_000;
/** A signal that does not end the process within this time is followed by SIGKILL. */
const KILL_GRACE_MS = 10_000;
/** Frequent enough that nobody notices the wait, rare enough to cost nothing. */
const READY_POLL_MS = 50;
const LOG_LINES_SHOWN = 25;
/** Room for that many long lines; a log kept for weeks is not read as a whole. */
const LOG_BYTES_READ = 64_000;

export function createPart(supervisor: Supervisor, options: PartOptions): Part {
  const { name, service } = options;
  let { env } = service;
  let child: Child | undefined;
  let expected = false;
  let logStart = 0;

  const logTail = (): string => tailSince(service.logFile, logStart);
  const shownLog = (): string => {
    const tail = logTail();
    return tail === ''
      ? ' It printed nothing.'
      : ` The end of ${service.logFile}:\n${tail.replaceAll(/^/gm, '    ')}`;
  };

  const isRunning = (): boolean => child !== undefined && child.exit() === undefined;
  async function end(how: (running: Child) => Promise<void>): Promise<void> {
    expected = true;
    if (child !== undefined && isRunning()) await how(child);
  }
  return {
    name,
    logFile: service.logFile,
    logTail,
    pid: () => (isRunning() ? child?.pid : undefined),
    async start(more = {}) {
      if (isRunning()) throw new Error(`${name} is running already`);
      logStart = statSync(service.logFile, { throwIfNoEntry: false })?.size ?? 0;
      env = { ...env, ...more };
      const started = supervisor.start({ ...service, env });
      child = started;
      expected = false;
      const isReady = await waitUntil(
        async () => started.exit() !== undefined || (await options.ready()),
        { timeoutMs: options.readyTimeoutMs, everyMs: READY_POLL_MS, signal: supervisor.signal },
      );
      const exit = started.exit();
      if (exit !== undefined) {
        throw new Error(`${name} ended with ${exit.words} before it was ready.${shownLog()}`);
      }
      if (!isReady) {
        const seconds = options.readyTimeoutMs / 1000;
        throw new Error(`${name} was not ready after ${seconds} s.${shownLog()}`);
      }
      void started.exited.then(({ words }) => {
        if (expected || child !== started || supervisor.signal.aborted) return;
        options.onCrash?.(
          `${name} ended unexpectedly with ${words}; its log is ${service.logFile}`,
        );
      });
    },
    stop: () => end((running) => running.stop(STOP_GRACE_MS)),
    kill: (signal) =>
      end(async (running) => {
        running.signal(signal);
        const late = setTimeout(() => running.signal('SIGKILL'), KILL_GRACE_MS);
        await running.exited;
        clearTimeout(late);
      }),
  };
}

/** The last lines that were written to the log after its first `start` bytes. */
function tailSince(logFile: string, start: number): string {
  let file: number;
  try {
    file = openSync(logFile, 'r');
  } catch {
    // No log was written.
    return '';
  }
  try {
    const end = fstatSync(file).size;
    const from = Math.max(start, end - LOG_BYTES_READ);
    const bytes = Buffer.alloc(Math.max(0, end - from));
    const length = readSync(file, bytes, 0, bytes.length, from);
    const text = bytes.toString('utf8', 0, length).trim();
    return text.split('\n').slice(-LOG_LINES_SHOWN).join('\n');
  } finally {
    closeSync(file);
  }
}
