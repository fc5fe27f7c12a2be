/** The processes that are measured: started on a port of their own, ready when they answer. */
import { join } from 'node:path';
import { nodeCommand } from '../../src/apps/cli/local/module-command.ts';
import { createPart, type Part } from '../../src/apps/cli/local/part.ts';
import { createPortPicker } from '../../src/apps/cli/local/ports.ts';
import { answersOk } from '../../src/apps/cli/local/readiness.ts';
import { plainEnvironment } from '../../src/apps/cli/local/stack-apps.ts';
import { processEnvironment } from '../../src/platform/config.ts';
import type { Environment } from '../../src/platform/config-reader.ts';
import type { Cluster } from '../cluster.ts';
import { STRIPE_ACCOUNT } from '../ledger/program.ts';
import type { Compiled } from './compiled.ts';

export const AUTHORIZER = new URL('../../src/apps/authorizer/main.ts', import.meta.url);
export const BASELINE = new URL('./baseline-main.ts', import.meta.url);
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
  baseline(kind: 'signature' | 'hold', databaseUrl: string, poolSize: number): Promise<Measured>;
}

const ports = createPortPicker({ prefersDefaults: false });

export function createStarter(cluster: Cluster, compiled: Compiled): Starter {
  let started = 0;

  async function start(
    program: URL,
    argsOf: (port: number) => readonly string[],
    envOf: (port: number) => Environment,
  ): Promise<Measured> {
    const port = await ports.pick();
    started += 1;
    const url = `http://127.0.0.1:${port}`;
    const part = createPart(cluster.supervisor, {
      name: `measured ${started}`,
      service: {
        ...nodeCommand(compiled.file(program), argsOf(port)),
        env: { ...plainEnvironment(processEnvironment()), ...envOf(port) },
        cwd: cluster.folder,
        stage: 'app',
        logFile: join(cluster.folder, `measured-${started}.log`),
        stopSignal: 'SIGTERM',
      },
      ready: () => answersOk(`${url}/readyz`),
      readyTimeoutMs: READY_TIMEOUT_MS,
    });
    await ports.release(port);
    await part.start();
    return { port, part, cpuMs: () => readCpuMs(url), stop: () => part.stop() };
  }

  return {
    authorizer: (databaseUrl, env = {}) =>
      start(
        AUTHORIZER,
        () => [],
        (port) => ({
          HOST: '127.0.0.1',
          AUTHORIZER_PORT: String(port),
          DATABASE_URL: databaseUrl,
          AUTHORIZER_SIGNING_SECRETS: `${STRIPE_ACCOUNT}=${SECRET}`,
          ...env,
        }),
      ),
    baseline: (kind, databaseUrl, poolSize) =>
      start(
        BASELINE,
        (port) => [kind, String(port), SECRET, databaseUrl, String(poolSize)],
        () => ({}),
      ),
  };
}

async function readCpuMs(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const seconds = /^process_cpu_seconds_total(?:\{[^}]*\})? (\S+)/m.exec(text)?.[1];
  if (seconds === undefined) throw new Error('the metrics hold no processor time');
  return Number(seconds) * 1000;
}
