/** The processes that are measured, or stand in between: each on a port of its own, ready when it answers. */
import { connect } from 'node:net';
import { join } from 'node:path';
import { nodeCommand } from '../../src/apps/cli/local/module-command.ts';
import { createPart, type Part } from '../../src/apps/cli/local/part.ts';
import { createPortPicker } from '../../src/apps/cli/local/ports.ts';
import { answersOk } from '../../src/apps/cli/local/readiness.ts';
import { plainEnvironment } from '../../src/apps/cli/local/stack-apps.ts';
import type { ServiceOptions } from '../../src/apps/cli/local/supervisor.ts';
import { processEnvironment } from '../../src/platform/config.ts';
import type { Environment } from '../../src/platform/config-reader.ts';
import type { Cluster } from '../cluster.ts';
import { STRIPE_ACCOUNT } from '../ledger/program.ts';
import type { Compiled } from './compiled.ts';

const AUTHORIZER = new URL('../../src/apps/authorizer/main.ts', import.meta.url);
const BASELINE = new URL('./baseline-main.ts', import.meta.url);
const DELAY = new URL('./delay-main.ts', import.meta.url);
export const MEASURED_PROGRAMS = [AUTHORIZER, BASELINE, DELAY];
const READY_TIMEOUT_MS = 20_000;
/** Signs the requests of the benchmark's tenant. */
export const SECRET = 'whsec_benchmark0123456789abcdefghijkl';

export interface Measured {
  readonly port: number;
  readonly part: Part;
  /** Processor time it has used since its start, in milliseconds. */
  cpuMs(): Promise<number>;
  stop(): Promise<void>;
}

export interface Starter {
  /** Our authorizer, with `env` added to its environment. */
  authorizer(databaseUrl: string, env?: Environment): Promise<Measured>;
  /** The same, not started: whoever starts it wants to know how long that takes. */
  authorizerService(databaseUrl: string): Promise<{ port: number; service: ServiceOptions }>;
  baseline(kind: 'signature' | 'hold', databaseUrl: string, poolSize: number): Promise<Measured>;
  /** The address of a database whose calls take so much longer, and what ends that. */
  delayed(databaseUrl: string, delayMs: number): Promise<{ url: string; stop(): Promise<void> }>;
}

export interface Program {
  readonly source: URL;
  readonly args?: (port: number) => readonly string[];
  readonly env?: (port: number) => Environment;
  readonly ready?: (port: number) => Promise<boolean>;
}

const ports = createPortPicker({ prefersDefaults: false });
const urlOf = (port: number): string => `http://127.0.0.1:${port}`;

export interface Processes {
  readonly serviceOf: (program: Program, port: number) => ServiceOptions;
  readonly start: (program: Program) => Promise<Measured>;
}

/** Starts compiled programs, each with a log of its own beside the server's. */
export function createProcesses(cluster: Cluster, compiled: Compiled): Processes {
  let started = 0;

  function serviceOf({ source, args, env }: Program, port: number): ServiceOptions {
    started += 1;
    return {
      ...nodeCommand(compiled.file(source), args?.(port)),
      env: { ...plainEnvironment(processEnvironment()), ...env?.(port) },
      cwd: cluster.folder,
      stage: 'app',
      logFile: join(cluster.folder, `measured-${started}.log`),
      stopSignal: 'SIGTERM',
    };
  }

  async function start(program: Program): Promise<Measured> {
    const port = await ports.pick();
    const { ready = (on) => answersOk(`${urlOf(on)}/readyz`) } = program;
    const part = createPart(cluster.supervisor, {
      name: `measured process ${started + 1}`,
      service: serviceOf(program, port),
      ready: () => ready(port),
      readyTimeoutMs: READY_TIMEOUT_MS,
    });
    await ports.release(port);
    await part.start();
    return { port, part, cpuMs: () => readCpuMs(port), stop: () => part.stop() };
  }

  return { serviceOf, start };
}

export function createStarter(cluster: Cluster, compiled: Compiled): Starter {
  const { serviceOf, start } = createProcesses(cluster, compiled);
  const authorizer = (databaseUrl: string, env: Environment): Program => ({
    source: AUTHORIZER,
    env: (port) => ({
      HOST: '127.0.0.1',
      AUTHORIZER_PORT: String(port),
      DATABASE_URL: databaseUrl,
      AUTHORIZER_SIGNING_SECRETS: `${STRIPE_ACCOUNT}=${SECRET}`,
      ...env,
    }),
  });

  return {
    authorizer: (databaseUrl, env = {}) => start(authorizer(databaseUrl, env)),
    async authorizerService(databaseUrl) {
      const port = await ports.pick();
      await ports.release(port);
      return { port, service: serviceOf(authorizer(databaseUrl, {}), port) };
    },
    baseline: (kind, databaseUrl, poolSize) =>
      start({
        source: BASELINE,
        args: (port) => [kind, String(port), SECRET, databaseUrl, String(poolSize)],
      }),
    async delayed(databaseUrl, delayMs) {
      const address = new URL(databaseUrl);
      const args = (port: number) => [String(port), address.port, String(delayMs)];
      const proxy = await start({ source: DELAY, args, ready: accepts });
      address.port = String(proxy.port);
      return { url: address.href, stop: () => proxy.stop() };
    },
  };
}

/** Whether something listens there. */
const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

async function readCpuMs(port: number): Promise<number> {
  const text = await (await fetch(`${urlOf(port)}/metrics`)).text();
  const seconds = /^process_cpu_seconds_total(?:\{[^}]*\})? (\S+)/m.exec(text)?.[1];
  if (seconds === undefined) throw new Error('the metrics hold no processor time');
  return Number(seconds) * 1000;
}
