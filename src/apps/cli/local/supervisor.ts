/**
 * Every process of the local stack is started here, so that one `stop` ends them all: in the middle of a
 * start as well, in stages, within 5 s. Each child leads its own process group, so that a terminal's Ctrl-C
 * reaches only us; the guardian ends the children if we are killed outright.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Environment } from '../../../platform/config-reader.ts';
import type { GuardianMessage } from './guardian.ts';
import { modulePath, nodeCommand } from './module-command.ts';

/**
 * Stages are ended one after the other: what uses a service ends before the service. The graces are the
 * time each stage has before it is killed; together they stay below the 5 s that a stop may take.
 */
const STAGES = [
  { stage: 'app', graceMs: 2_200 },
  { stage: 'service', graceMs: 1_400 },
  { stage: 'database', graceMs: 1_000 },
] as const;
type Stage = (typeof STAGES)[number]['stage'];

export interface ProcessOwner {
  readonly uid: number;
  readonly gid: number;
}

interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Environment;
  readonly cwd: string;
  /** Run as this user instead of ours; only root can. */
  readonly owner?: ProcessOwner | undefined;
}

export interface ServiceOptions extends ChildOptions {
  readonly stage: Stage;
  /** Both output streams are appended to it. */
  readonly logFile: string;
  /** Asks the process to end in order. */
  readonly stopSignal: NodeJS.Signals;
}

/** How a process ended, as words: `code 1`, `signal SIGKILL`, or why it could not be started. */
interface Exit {
  readonly code: number | undefined;
  readonly words: string;
}

export interface Child {
  readonly pid: number | undefined;
  readonly exited: Promise<Exit>;
  /** Set once the process has ended. */
  readonly exit: () => Exit | undefined;
  signal(signal: NodeJS.Signals): void;
  /** Asks, then kills after the grace. Resolves when the process is gone. */
  stop(graceMs: number): Promise<void>;
}

export interface Supervisor {
  /** Aborted as soon as a stop begins. */
  readonly signal: AbortSignal;
  /** The process that cleans up after ours; it is started if it does not run yet. */
  guardianPid(): number | undefined;
  start(options: ServiceOptions): Child;
  /** Runs a program to its end and returns what it printed; it is killed by a stop or at the deadline. */
  run(
    options: ChildOptions & { readonly timeoutMs: number },
  ): Promise<Exit & { readonly output: string }>;
  /** A folder to be removed by the guardian if we are killed. */
  removeAfterKill(folder: string): void;
  /** Ends everything; repeated calls wait for the first one. Nothing can be started afterwards. */
  stop(): Promise<void>;
  /** Stops, and ends the guardian too. Called when nothing is left for it to remove. */
  close(): Promise<void>;
}

/** Enough to explain a failure; a program that prints more than this is not worth holding in memory. */
const OUTPUT_CHARACTERS_MAX = 64_000;
/** A killed process is gone at once unless the system hangs in a disk operation of it. */
const KILL_WAIT_MS = 300;

export function createSupervisor(env: Environment): Supervisor {
  const aborter = new AbortController();
  const children = new Map<Child, { stage: Stage }>();
  const guardian = createGuardianLink(env);
  let stopping: Promise<void> | undefined;

  const adopt = (process: ChildProcess, stage: Stage, stopSignal: NodeJS.Signals): Child => {
    const child = wrap(process, stopSignal);
    children.set(child, { stage });
    const { pid } = child;
    if (pid !== undefined) guardian.tell({ kind: 'started', pid, stopSignal });
    void child.exited.then(() => {
      children.delete(child);
      if (pid !== undefined) guardian.tell({ kind: 'ended', pid });
    });
    return child;
  };
  const launch = (options: ChildOptions, stdio: 'pipe' | number): ChildProcess => {
    aborter.signal.throwIfAborted();
    return spawn(options.command, [...options.args], {
      cwd: options.cwd,
      env: { ...options.env },
      detached: true,
      stdio: ['ignore', stdio, stdio],
      ...options.owner,
    });
  };
  async function stopAll(): Promise<void> {
    aborter.abort(new Error('The stack is being stopped'));
    for (const { stage, graceMs } of STAGES) {
      const members = [...children].filter(([, entry]) => entry.stage === stage);
      await Promise.all(members.map(([child]) => child.stop(graceMs)));
    }
  }
  const stop = (): Promise<void> => {
    stopping ??= stopAll();
    return stopping;
  };
  return {
    signal: aborter.signal,
    guardianPid: () => guardian.pid(),
    start(options) {
      const log = openSync(options.logFile, 'a', 0o600);
      try {
        return adopt(launch(options, log), options.stage, options.stopSignal);
      } finally {
        closeSync(log);
      }
    },
    async run(options) {
      const process = launch(options, 'pipe');
      const child = adopt(process, 'app', 'SIGKILL');
      let output = '';
      const keep = (chunk: Buffer): void => {
        output = (output + chunk.toString('utf8')).slice(-OUTPUT_CHARACTERS_MAX);
      };
      process.stdout?.on('data', keep);
      process.stderr?.on('data', keep);
      const timer = setTimeout(() => child.signal('SIGKILL'), options.timeoutMs);
      const exit = await child.exited;
      clearTimeout(timer);
      return { ...exit, output };
    },
    removeAfterKill: (path) => guardian.tell({ kind: 'folder', path }),
    stop,
    async close() {
      await stop();
      guardian.dismiss();
    },
  };
}

function wrap(process: ChildProcess, stopSignal: NodeJS.Signals): Child {
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    const end = (code: number | undefined, words: string): void => {
      exit ??= { code, words };
      resolve(exit);
    };
    process.once('error', (error) => {
      // An error after the start, e.g. of a signal, does not mean that the process has ended.
      if (process.pid === undefined) end(undefined, error.message);
    });
    // `close` comes after the last output, `exit` may come before it.
    process.once('close', (code, signal) => {
      end(code ?? undefined, signal === null ? `code ${code}` : `signal ${signal}`);
    });
  });
  const signal = (name: NodeJS.Signals): void => {
    if (exit !== undefined) return;
    // What cannot be caught cannot be passed on either, so a program's own children are killed with it.
    if (name === 'SIGKILL') killGroup(process.pid);
    else process.kill(name);
  };
  const stop = async (graceMs: number): Promise<void> => {
    signal(stopSignal);
    if (await endsWithin(exited, graceMs)) return;
    killGroup(process.pid);
    await endsWithin(exited, KILL_WAIT_MS);
  };
  return { pid: process.pid, exited, exit: () => exit, signal, stop };
}

async function endsWithin(exited: Promise<Exit>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const ended = await Promise.race([exited.then(() => true), late]);
  clearTimeout(timer);
  return ended;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group ended between the deadline and the signal.
  }
}

interface GuardianLink {
  pid(): number | undefined;
  tell(message: GuardianMessage): void;
  /** Ends the guardian, because nothing is left for it to do. */
  dismiss(): void;
}

function createGuardianLink(env: Environment): GuardianLink {
  let guardian: ChildProcess | undefined;
  let dismissed = false;
  const open = (): ChildProcess => {
    const { command, args } = nodeCommand(modulePath('src/apps/cli/local/guardian'));
    const opened = spawn(command, [...args], {
      cwd: '/',
      env: { ...env },
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // Without a guardian the stack works as well, it is only less tidy after a kill.
    opened.on('error', () => {});
    opened.stdin?.on('error', () => {});
    return opened;
  };
  return {
    pid() {
      guardian ??= open();
      return guardian.pid;
    },
    tell(message) {
      if (dismissed) return;
      guardian ??= open();
      guardian.stdin?.write(`${JSON.stringify(message)}\n`);
    },
    dismiss() {
      dismissed = true;
      guardian?.kill('SIGKILL');
    },
  };
}
