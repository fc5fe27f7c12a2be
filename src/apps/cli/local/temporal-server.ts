/** A Temporal development server with its web UI, on the loopback address. */
import { SEARCH_ATTRIBUTES } from '../../../domain/card-contract.ts';
import type { Environment } from '../../../platform/config-reader.ts';
import { createPart, type Part } from './part.ts';
import type { PortPicker } from './ports.ts';
import { answersOk } from './readiness.ts';
import type { Supervisor } from './supervisor.ts';

export const TEMPORAL_NAMESPACE = 'default';

export interface TemporalOptions {
  readonly env: Environment;
  readonly program: string;
  readonly ports: PortPicker;
  readonly preferredPort?: number | undefined;
  readonly preferredUiPort?: number | undefined;
  /** Where workflows are kept; without it they are gone with the server. */
  readonly databaseFile?: string | undefined;
  readonly logFile: string;
  readonly cwd: string;
  readonly onCrash?: (line: string) => void;
}

export interface TemporalServer {
  readonly port: number;
  readonly uiPort: number;
  readonly address: string;
  readonly part: Part;
  stop(): Promise<void>;
}

/** It is up in under a second on an idle machine; a kept database of many cards takes longer. */
const READY_TIMEOUT_MS = 60_000;
const PORT_ATTEMPTS_MAX = 3;

export async function startTemporal(
  supervisor: Supervisor,
  options: TemporalOptions,
): Promise<TemporalServer> {
  for (let attempt = 1; ; attempt += 1) {
    const isFirst = attempt === 1;
    const port = await options.ports.pick(isFirst ? options.preferredPort : undefined);
    const uiPort = await options.ports.pick(isFirst ? options.preferredUiPort : undefined);
    const part = serverPart(supervisor, options, { port, uiPort });
    await Promise.all([options.ports.release(port), options.ports.release(uiPort)]);
    try {
      await part.start();
      return { port, uiPort, address: `127.0.0.1:${port}`, part, stop: () => part.stop() };
    } catch (error) {
      const isTaken = /address already in use|can't set frontend port/i.test(part.logTail());
      if (!isTaken || attempt === PORT_ATTEMPTS_MAX || supervisor.signal.aborted) throw error;
    }
  }
}

function serverPart(
  supervisor: Supervisor,
  options: TemporalOptions,
  ports: { readonly port: number; readonly uiPort: number },
): Part {
  const storage =
    options.databaseFile === undefined
      ? []
      : [
          `--db-filename=${options.databaseFile}`,
          // Measured: two to five times the signals a second of the defaults.
          '--sqlite-pragma=journal_mode=WAL',
          '--sqlite-pragma=synchronous=NORMAL',
        ];
  // The UI passes this on to the server, so its answer means that both are up and the attributes known.
  const probe = `http://127.0.0.1:${ports.uiPort}/api/v1/namespaces/${TEMPORAL_NAMESPACE}`;
  return createPart(supervisor, {
    name: 'temporal',
    service: {
      command: options.program,
      args: [
        'server',
        'start-dev',
        '--ip=127.0.0.1',
        `--port=${ports.port}`,
        `--ui-port=${ports.uiPort}`,
        `--namespace=${TEMPORAL_NAMESPACE}`,
        '--log-level=warn',
        ...storage,
        ...Object.entries(SEARCH_ATTRIBUTES).map(
          ([name, type]) => `--search-attribute=${name}=${type}`,
        ),
      ],
      env: withoutTemporal(options.env),
      cwd: options.cwd,
      stage: 'service',
      logFile: options.logFile,
      stopSignal: 'SIGTERM',
    },
    ready: async () => (await answersOk(probe)) && answersOk(`${probe}/search-attributes`),
    readyTimeoutMs: READY_TIMEOUT_MS,
    onCrash: options.onCrash,
  });
}

/** Settings of another Temporal cluster must not reach the local one. */
export const withoutTemporal = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
