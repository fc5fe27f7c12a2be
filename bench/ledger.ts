/**
 * How many events a second the relay applies to the books, beside a program that only stores the same rows. Both run
 * in turn, on copies of one database, on a server that is durable as in production.
 */

import { type Cluster, startCluster } from './cluster.ts';
import { applyAll, type Round } from './ledger/apply.ts';
import { prepareStored, storeAll } from './ledger/baseline.ts';
import { fill } from './ledger/fill.ts';
import type { ProgramSize } from './ledger/program.ts';
import { createStream, type Stream } from './ledger/stream.ts';
import { captureTemplates, type Templates } from './ledger/templates.ts';
import type { Bar, Bench, Figures } from './report.ts';

const RATE_GOAL = 2_000;
const RATIO_GOAL = 0.5;
const CARDS = 500;

const FULL = { purchases: 8_000, rounds: 3 };
const QUICK = { purchases: 400, rounds: 1 };
type Plan = typeof FULL;

/** The same cards and events once as most programs have them, once with all money on one account. */
const VARIANTS: Readonly<Record<string, ProgramSize>> = {
  'many accounts': { cards: CARDS, accounts: CARDS },
  'one hot account': { cards: CARDS, accounts: 1 },
};

interface Measured {
  readonly real: readonly Round[];
  readonly stored: readonly Round[];
  /** Rows that the real runs settled in one transaction. */
  readonly batchSize: number;
  readonly payloadBytes: number;
}

export const ledger: Bench = async ({ quick }) => {
  const plan = quick ? QUICK : FULL;
  const templates = await captureTemplates();
  const cluster = await startCluster();
  try {
    const measured: [string, Measured, ProgramSize][] = [];
    for (const [name, size] of Object.entries(VARIANTS)) {
      measured.push([name, await measure(cluster, { plan, size, templates }), size]);
    }
    return {
      name: 'ledger',
      baselines: Object.fromEntries(
        measured.map(([name, { stored }]) => [`only stores, ${name}`, figuresOf(stored)]),
      ),
      results: Object.fromEntries(
        measured.map(([name, m]) => [
          `applies, ${name}`,
          {
            ...figuresOf(m.real),
            'share of only storing': ratio(m),
            'rows a transaction': m.batchSize,
            'bytes an event': m.payloadBytes,
          },
        ]),
      ),
      bars: measured.flatMap(([name, m, size]) => barsOf(name, m, size)),
    };
  } finally {
    await cluster.stop();
  }
};

/** Real and baseline in turn, so that a busy minute of the machine hits both. */
async function measure(
  cluster: Cluster,
  { plan, size, templates }: { plan: Plan; size: ProgramSize; templates: Templates },
): Promise<Measured> {
  const stream: Stream = createStream(templates, size.cards, plan.purchases);
  const prepared = await cluster.create('prepared');
  await fill(prepared.app, size, stream);
  await prepareStored(prepared.owner);
  await prepared.owner.unsafe('vacuum analyze');
  await prepared.close();
  const real: Round[] = [];
  const stored: Round[] = [];
  let batchSize = 0;
  for (let round = 0; round < plan.rounds; round += 1) {
    const books = await cluster.clone('prepared', 'books');
    real.push(await applyAll(books.app));
    batchSize = await rowsPerTransaction(books.owner);
    stored.push(await storeAll(books.owner, books.app, batchSize));
    await books.close();
    await cluster.drop('books');
  }
  await cluster.drop('prepared');
  const bytes = stream.events.reduce((sum, event) => sum + event.payload.length, 0);
  return { real, stored, batchSize, payloadBytes: Math.round(bytes / stream.events.length) };
}

/** Each transaction that settled rows left its number on them. */
async function rowsPerTransaction(sql: Parameters<typeof prepareStored>[0]): Promise<number> {
  const [row] = await sql<{ rows: number }[]>`
    select ceil(count(*)::float8 / count(distinct inbox.xmin::text))::int as rows
      from inbox join stored.inbox before using (inbox_id) where before.status = 'pending'`;
  return row?.rows ?? 1;
}

const rateOf = ({ events, seconds }: Round): number => Math.round(events / seconds);

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const ratio = ({ real, stored }: Measured): number =>
  Math.round((median(real.map(rateOf)) / median(stored.map(rateOf))) * 100) / 100;

const figuresOf = (rounds: readonly Round[]): Figures => ({
  'events/s': median(rounds.map(rateOf)),
  rounds: rounds.map(rateOf).join(' '),
  events: rounds[0]?.events ?? 0,
  'Node load': `${Math.round(median(rounds.map((r) => (r.nodeSeconds / r.seconds) * 100)))} %`,
});

/**
 * There is no bar for money that is all on one account: its batches follow one another so that decisions find it free in
 * between (docs/decisions.md), and so nothing runs side by side.
 */
function barsOf(name: string, m: Measured, size: ProgramSize): readonly Bar[] {
  if (size.accounts === 1) return [];
  const rate = median(m.real.map(rateOf));
  const share = ratio(m);
  return [
    {
      name: `events/s, ${name}`,
      goal: `>= ${RATE_GOAL}`,
      got: String(rate),
      ok: rate >= RATE_GOAL,
    },
    {
      name: `share of only storing, ${name}`,
      goal: `>= ${RATIO_GOAL}`,
      got: String(share),
      ok: share >= RATIO_GOAL,
    },
  ];
}
