/**
 * How fast a backlog gets from the inbox to the books. The same rows are applied on copies of two databases in turn: one
 * has a year of parts of the inbox, as a program that runs, and one only those of its own month and the next.
 */
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import type { Section } from '../authorizer/context.ts';
import type { Cluster } from '../cluster.ts';
import { applyAll, type Round } from '../ledger/apply.ts';
import { fill } from '../ledger/fill.ts';
import { createStream, type Stream } from '../ledger/stream.ts';
import type { Templates } from '../ledger/templates.ts';
import type { Figures } from '../report.ts';

const CARDS = 50;
const RATE_GOAL = 1_000;
/** Parts of earlier months, with nothing waiting in them. */
const EARLIER_MONTHS = 12;
const FULL = { purchases: 6_000, rounds: 3 };
const QUICK = { purchases: 300, rounds: 1 };

/** What this needs of the context of all sections. */
interface Wish {
  readonly isQuick: boolean;
  readonly cluster: Cluster;
  readonly templates: Templates;
}

export async function backlog({ isQuick, cluster, templates }: Wish): Promise<Section> {
  const plan = isQuick ? QUICK : FULL;
  const stream = createStream(templates, CARDS, plan.purchases);
  const young = await prepare(cluster, { name: 'backlog_young', months: 0 }, stream);
  const old = await prepare(cluster, { name: 'backlog_old', months: EARLIER_MONTHS }, stream);
  const [ofYoung, ofOld]: [Round[], Round[]] = [[], []];
  // In turn, so that a busy minute of the machine hits both.
  for (let round = 0; round < plan.rounds; round += 1) {
    ofYoung.push(await applied(cluster, young));
    ofOld.push(await applied(cluster, old));
  }
  for (const name of [young, old]) await cluster.drop(name);
  const rate = medianRate(ofOld);
  return {
    baselines: { 'backlog, an inbox of one month': figuresOf(ofYoung) },
    results: { [`backlog of ${CARDS} cards, an inbox of a year`]: figuresOf(ofOld) },
    bars: [
      {
        name: `events/s from a backlog over ${CARDS} cards`,
        goal: `>= ${RATE_GOAL}`,
        got: String(rate),
        ok: rate >= RATE_GOAL,
      },
    ],
  };
}

async function prepare(
  cluster: Cluster,
  { name, months }: { readonly name: string; readonly months: number },
  stream: Stream,
): Promise<string> {
  const database = await cluster.create(name);
  await preparePartsOf(database.owner, stream, months);
  await fill(database.app, { cards: CARDS, accounts: CARDS }, stream);
  await database.owner.unsafe('vacuum analyze');
  await database.close();
  return name;
}

/** The events have a time of their own, whatever the day on which this runs. */
async function preparePartsOf(owner: Sql, { events }: Stream, months: number): Promise<void> {
  await owner`
    select prepare_inbox(to_timestamp(${events[0]?.created ?? 0}) - make_interval(months => n))
      from generate_series(0, ${months}::int) n`;
}

async function applied(cluster: Cluster, template: string): Promise<Round> {
  const name = `${template}_run`;
  const database = await cluster.clone(template, name);
  const round = await applyAll(database.app);
  await database.close();
  await cluster.drop(name);
  return round;
}

const rateOf = ({ events, seconds }: Round): number => Math.round(events / seconds);

function medianRate(rounds: readonly Round[]): number {
  const sorted = rounds.map(rateOf).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const figuresOf = (rounds: readonly Round[]): Figures => ({
  'events/s': medianRate(rounds),
  rounds: rounds.map(rateOf).join(' '),
  events: rounds[0]?.events ?? 0,
});
