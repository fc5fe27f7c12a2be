/**
 * How long the questions take that the ledger answers, with millions of postings: each asked many times, at random
 * places, as the API asks them. `--postings N` says how many are loaded; the bars are meant for ten million.
 */
import { createAccountHistory } from '../src/adapters/postgres/account-history-store.ts';
import { createAuthorizationStore } from '../src/adapters/postgres/authorization-store.ts';
import { rollUpLedger } from '../src/adapters/postgres/ledger-roll-up.ts';
import type { Sql } from '../src/adapters/postgres/pool.ts';
import { createProgramFigures } from '../src/adapters/postgres/program-figures.ts';
import { parseAccountId } from '../src/domain/ids.ts';
import { type Database, startCluster } from './cluster.ts';
import { type Latency, measure } from './latency.ts';
import {
  addCycles,
  authorizationId,
  HOT_ACCOUNT,
  load,
  POSTINGS_PER_CYCLE,
  PURCHASES_PER_CYCLE,
  type Size,
  SPAN_DAYS,
  sizeOf,
} from './ledger/load.ts';
import { accountId } from './ledger/program.ts';
import { Random } from './ledger/random.ts';
import type { Bar, Bench } from './report.ts';

const POSTINGS = 10_000_000;
const POSTINGS_QUICK = 100_000;
const RUNS = 2_000;
const RUNS_QUICK = 100;
/** Questions asked all the time are measured so often, all of them in turn; the median of their p99 counts. */
const ROUNDS = 3;
const GOAL_MS = 5;
const NEW_POSTINGS = 10_000;
const PAGE = 50;
const MONTH_DAYS = 30;
const DAY_MS = 86_400_000;
/** Not counted: while a process is young, Node compiles what it runs and Postgres plans anew each time. */
const WARM_UP_RUNS = 200;
/** One question in ten is about the account that has a tenth of all postings. */
const HOT_SHARE = 0.1;

export const ledgerQueries: Bench = async ({ quick, postings }) => {
  const size = sizeOf(postings ?? (quick ? POSTINGS_QUICK : POSTINGS));
  const runs = quick ? RUNS_QUICK : RUNS;
  const cluster = await startCluster();
  try {
    const database = await cluster.create('ledger');
    const startedAt = performance.now();
    const seconds = (): number => Math.round((performance.now() - startedAt) / 1000);
    await database.owner`alter system set max_wal_size = '8GB'`;
    await database.owner`select pg_reload_conf()`;
    await load(database.owner, size, (line) => console.error(`${line} after ${seconds()} s`));
    const loaded = { 's to load': seconds(), ...(await rowsOf(database.owner)) };
    const measured = await ask(database, size, runs);
    await database.close();
    const results = Object.fromEntries(
      Object.entries(measured).map(([name, { figures }]) => [name, figures]),
    );
    return {
      name: 'ledger-queries',
      baselines: { 'what was loaded': loaded },
      results,
      bars: [bar('balance at a past moment', measured), bar('authorization object', measured)],
    };
  } finally {
    await cluster.stop();
  }
};

async function rowsOf(owner: Sql): Promise<Record<string, number>> {
  const [row] = await owner<{ postings: number; mb: number; accounts: number }[]>`
    select (select count(*) from postings) as postings, (select count(*) from accounts) as accounts,
           pg_database_size(current_database()) / 1000000 as mb`;
  return { postings: row?.postings ?? 0, accounts: row?.accounts ?? 0, MB: row?.mb ?? 0 };
}

type Answers = Readonly<Record<string, Latency>>;

const daysAgo = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString();

async function ask(database: Database, size: Size, runs: number): Promise<Answers> {
  const random = new Random(7);
  const rounds: Answers[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push(await askLookUps(database.app, { random, size }, runs));
  }
  return { ...medians(rounds), ...(await askSums(database, { random, size }, runs)) };
}

/** Of each question the round with the median p99, so that a busy minute of the machine does not decide. */
function medians(rounds: readonly Answers[]): Answers {
  return Object.fromEntries(
    Object.keys(rounds[0] ?? {}).map((name) => {
      const inOrder = rounds
        .flatMap((round) => round[name] ?? [])
        .toSorted((a, b) => a.p99 - b.p99);
      const median = inOrder[Math.floor(inOrder.length / 2)];
      if (median === undefined) throw new Error(`nobody asked for the ${name}`);
      const all = rounds.map((round) => round[name]?.p99).join(' ');
      return [name, { ...median, figures: { ...median.figures, 'p99 of the rounds': all } }];
    }),
  );
}

/** Questions that are asked all the time. */
async function askLookUps(
  app: Sql,
  { random, size }: { readonly random: Random; readonly size: Size },
  runs: number,
): Promise<Answers> {
  const history = createAccountHistory(app);
  const authorizations = createAuthorizationStore(app);
  const account = () =>
    parseAccountId(
      accountId(random.fraction() < HOT_SHARE ? HOT_ACCOUNT : random.between(1, size.accounts - 1)),
    );
  const warm = (once: () => Promise<void>) => measure(runs, once, WARM_UP_RUNS);
  return {
    'Postgres round trip': await warm(async () => {
      await app`select 1`;
    }),
    'balance at a past moment': await warm(async () => {
      const found = await history.balanceAt(account(), daysAgo(random.fraction() * SPAN_DAYS));
      if (found === undefined) throw new Error('no balance');
    }),
    'authorization object': await warm(async () => {
      const found = await authorizations.find(anyAuthorization(random, size));
      if (found === undefined) throw new Error('no authorization');
    }),
    [`entries, a page of ${PAGE}`]: await warm(async () => {
      const after = String(random.between(1, POSTINGS_PER_CYCLE * 50));
      const page = await history.entries(account(), { limit: PAGE, after });
      if (page === 'bad_cursor') throw new Error('no page');
    }),
  };
}

/** Questions about many postings at once. */
async function askSums(
  { app, owner }: Database,
  { random, size }: { readonly random: Random; readonly size: Size },
  runs: number,
): Promise<Answers> {
  const history = createAccountHistory(app);
  const figures = createProgramFigures(app);
  const statement = await measure(Math.ceil(runs / 10), async () => {
    const from = MONTH_DAYS + random.fraction() * (SPAN_DAYS - MONTH_DAYS);
    const period = { from: daysAgo(from), to: daysAgo(from - MONTH_DAYS) };
    const id = parseAccountId(accountId(random.between(1, size.accounts - 1)));
    const frame = await history.statement(id, period);
    if (frame === undefined) throw new Error('no statement');
    let after: string | undefined;
    do {
      const page = await history.lines(frame, {
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      if (page === 'bad_cursor') throw new Error('no lines');
      after = page.nextCursor ?? undefined;
    } while (after !== undefined);
  });
  const trialBalance = await measure(Math.ceil(runs / 10), async () => {
    await figures.trialBalance(undefined);
  });
  await addCycles(owner, size, NEW_POSTINGS / POSTINGS_PER_CYCLE);
  const unsummed = await measure(Math.ceil(runs / 20), async () => {
    await figures.trialBalance(undefined);
  });
  const rollUp = await measure(1, async () => {
    await rollUpLedger(app);
  });
  return {
    'statement of a month with all lines': statement,
    'trial balance': trialBalance,
    [`trial balance with ${NEW_POSTINGS} newer postings`]: unsummed,
    [`roll-up of ${NEW_POSTINGS} postings`]: rollUp,
  };
}

const anyAuthorization = (random: Random, { cycles }: Size): string =>
  authorizationId(random.between(0, cycles - 1), random.between(0, PURCHASES_PER_CYCLE - 1));

function bar(name: string, measured: Readonly<Record<string, Latency>>): Bar {
  const { p99 = Number.POSITIVE_INFINITY } = measured[name] ?? {};
  return {
    name: `${name}, p99`,
    goal: `<= ${GOAL_MS} ms`,
    got: `${p99} ms`,
    ok: p99 <= GOAL_MS,
  };
}
