/** What all parts of the benchmark work with: a server, a program of cards, a load, and processes to be started. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cluster, type Database, startCluster } from '../cluster.ts';
import { createProgram, type ProgramSize, stripeCardId } from '../ledger/program.ts';
import { Random } from '../ledger/random.ts';
import type { Bar, Figures } from '../report.ts';
import { type CapturedRequest, captureRequest } from './capture.ts';
import { type Compiled, compile } from './compiled.ts';
import { LOAD, type Load, startLoad } from './load.ts';
import type { LoadPlan } from './load-plan.ts';
import { createStarter, MEASURED_PROGRAMS, SECRET, type Starter } from './measured.ts';
import { fill } from './program.ts';
import type { Asked } from './request.ts';

/** An ordinary purchase costs between 1.00 and 200.00. */
const AMOUNTS_MINOR = { low: 100, high: 20_000 };
const ID_DIGITS = 23;

export interface Context {
  readonly isQuick: boolean;
  readonly cluster: Cluster;
  readonly database: Database;
  readonly compiled: Compiled;
  readonly load: Load;
  readonly start: Starter;
  readonly random: Random;
  /** So many new requests, each for a card chosen at random. */
  asked(count: number, cards: readonly number[], amounts?: typeof AMOUNTS_MINOR): readonly Asked[];
  /** One request for each card, so that nothing is met for the first time later. */
  askedOnce(cards: readonly number[]): readonly Asked[];
  /** A database with nothing but these cards and accounts in it, so that its books are checked in moments. */
  small(name: string, size: ProgramSize): Promise<Database>;
  plan(
    port: number | readonly number[],
    asked: readonly Asked[],
    pace: LoadPlan['pace'],
    keepAnswers?: boolean,
  ): LoadPlan;
}

/** What one part of the benchmark has to say. */
export interface Section {
  readonly baselines?: Readonly<Record<string, Figures>>;
  readonly results: Readonly<Record<string, Figures>>;
  readonly bars: readonly Bar[];
}

export interface OpenContext extends Context {
  close(): Promise<void>;
}

export async function openContext(isQuick: boolean): Promise<OpenContext> {
  const captured = await captureRequest();
  const cluster = await startCluster();
  let load: Load | undefined;
  try {
    const build = join(cluster.folder, 'build');
    await mkdir(build);
    const compiled = await compile(build, [...MEASURED_PROGRAMS, LOAD]);
    const database = await cluster.create('authorizer');
    // A checkpoint that falls into one round and not into the other would decide between them.
    await database.owner`alter system set max_wal_size = '8GB'`;
    await database.owner`alter system set checkpoint_timeout = '1h'`;
    await database.owner`select pg_reload_conf()`;
    await fill(database, captured.category);
    load = startLoad(compiled);
    return contextOf({ isQuick, cluster, database, compiled, load, captured });
  } catch (error) {
    load?.stop();
    await cluster.stop();
    throw error;
  }
}

type Parts = Pick<Context, 'isQuick' | 'cluster' | 'database' | 'compiled' | 'load'> & {
  readonly captured: CapturedRequest;
};

function contextOf(parts: Parts): OpenContext {
  const { cluster, database, load, captured } = parts;
  const random = new Random(3);
  let made = 0;
  const ask = (card: number, { low, high }: typeof AMOUNTS_MINOR): Asked => {
    made += 1;
    const id = String(made).padStart(ID_DIGITS, '0');
    return {
      requestId: `evt_1${id}`,
      authorizationId: `iauth_1${id}`,
      stripeCardId: stripeCardId(card),
      amountMinor: random.between(low, high),
    };
  };
  return {
    ...parts,
    random,
    start: createStarter(cluster, parts.compiled),
    asked: (count, cards, amounts = AMOUNTS_MINOR) =>
      Array.from({ length: count }, () =>
        ask(cards[random.between(0, cards.length - 1)] ?? 0, amounts),
      ),
    askedOnce: (cards) => cards.map((card) => ask(card, AMOUNTS_MINOR)),
    async small(name, size) {
      const small = await cluster.create(name);
      await createProgram(small.app, size);
      await small.owner.unsafe('vacuum analyze');
      return small;
    },
    plan: (port, asked, pace, keepAnswers = false) => ({
      template: captured.template,
      secret: SECRET,
      atS: Math.floor(Date.now() / 1000),
      ports: typeof port === 'number' ? [port] : port,
      asked,
      pace,
      keepAnswers,
    }),
    async close() {
      load.stop();
      await database.close();
      await cluster.stop();
    },
  };
}
