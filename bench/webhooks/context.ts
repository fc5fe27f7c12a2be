/** What all parts of the benchmark work with: a server, a program of cards, a load, and processes to be started. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Compiled, compile } from '../authorizer/compiled.ts';
import type { Pace } from '../authorizer/load-plan.ts';
import { createProcesses, type Measured, type Processes } from '../authorizer/measured.ts';
import { type Cluster, type Database, startCluster } from '../cluster.ts';
import { createProgram } from '../ledger/program.ts';
import { captureTemplates, type Templates } from '../ledger/templates.ts';
import { type EventTemplate, eventTemplate, SECRET } from './event-template.ts';
import { LOAD, type Load, startLoad } from './load.ts';
import type { DeliveryPlan } from './load-plan.ts';

const INGRESS = new URL('../../src/apps/ingress/main.ts', import.meta.url);
const BASELINE = new URL('./baseline-main.ts', import.meta.url);
export const HOSTILE = new URL('./hostile-main.ts', import.meta.url);
export const CARDS = 50;

export interface Context {
  readonly isQuick: boolean;
  readonly cluster: Cluster;
  readonly database: Database;
  readonly compiled: Compiled;
  readonly processes: Processes;
  readonly templates: Templates;
  readonly load: Load;
  /** Our ingress as it runs in production, with Temporal out of reach: an event needs none. */
  ingress(): Promise<Measured>;
  baseline(kind: 'signature' | 'insert', poolSize: number): Promise<Measured>;
  /** So many deliveries that were not sent before. */
  plan(port: number, count: number, pace: Pace): DeliveryPlan;
}

export interface OpenContext extends Context {
  close(): Promise<void>;
}

export async function openContext(isQuick: boolean): Promise<OpenContext> {
  const templates = await captureTemplates();
  const cluster = await startCluster();
  let load: Load | undefined;
  try {
    const build = join(cluster.folder, 'build');
    await mkdir(build);
    const compiled = withSources(await compile(build, [LOAD, HOSTILE]), [INGRESS, BASELINE]);
    const database = await cluster.create('webhooks');
    // A checkpoint that falls into one round and not into the other would decide between them.
    await database.owner`alter system set max_wal_size = '8GB'`;
    await database.owner`alter system set checkpoint_timeout = '1h'`;
    await database.owner`select pg_reload_conf()`;
    await createProgram(database.app, { cards: CARDS, accounts: CARDS });
    await database.owner.unsafe('vacuum analyze');
    load = startLoad(compiled);
    return contextOf({ isQuick, cluster, database, compiled, templates, load });
  } catch (error) {
    load?.stop();
    await cluster.stop();
    throw error;
  }
}

/** The pages of the API find their files beside their module, so that programs with them run from their sources. */
const withSources = (compiled: Compiled, programs: readonly URL[]): Compiled => ({
  file: (source) => (programs.includes(source) ? fileURLToPath(source) : compiled.file(source)),
});

type Parts = Pick<Context, 'isQuick' | 'cluster' | 'database' | 'compiled' | 'templates' | 'load'>;

function contextOf(parts: Parts): OpenContext {
  const { cluster, compiled, database, load } = parts;
  const processes = createProcesses(cluster, compiled);
  const template: EventTemplate = eventTemplate(parts.templates);
  let made = 0;
  return {
    ...parts,
    processes,
    ingress: () =>
      processes.start({
        source: INGRESS,
        env: (port) => ({
          HOST: '127.0.0.1',
          INGRESS_PORT: String(port),
          DATABASE_URL: database.appUrl,
          API_KEYS: 'bench',
          STRIPE_WEBHOOK_SECRETS: SECRET,
          TEMPORAL_ADDRESS: '127.0.0.1:1',
        }),
      }),
    baseline: (kind, poolSize) =>
      processes.start({
        source: BASELINE,
        args: (port) => [kind, String(port), SECRET, database.appUrl, String(poolSize)],
      }),
    plan(port, count, pace) {
      const first = made;
      made += count;
      return { template, port, first, count, cards: CARDS, pace };
    },
    async close() {
      load.stop();
      await database.close();
      await cluster.stop();
    },
  };
}
