/**
 * Signed events accepted a second at 32 connections, beside two baselines on the same route: the signature check alone, and
 * one INSERT an event at its best pool size. One server at a time, in turn, so that a busy minute of the machine hits all.
 */
import type { Section } from '../authorizer/context.ts';
import type { Measured } from '../authorizer/measured.ts';
import { postgresCpuMs } from '../authorizer/postgres-cpu.ts';
import type { Bar, Figures } from '../report.ts';
import { median } from '../simulator/start.ts';
import type { Context } from './context.ts';
import type { DeliveryResult } from './load-plan.ts';

const PACE = { kind: 'closed', connections: 32 } as const;
const SIGNATURE_GOAL = 0.5;
const INSERT_GOAL = 1.6;
/** Connections of the pool that makes one INSERT an event. */
const POOL_SIZES = [8, 16, 32];
const WARM_UP_DELIVERIES = 1_000;
/** Fewer say nothing about a rate. */
const DELIVERIES_MIN = 1_000;
const FULL = { rounds: 5, roundS: 4, warmUps: 4 };
const QUICK = { rounds: 1, roundS: 0.5, warmUps: 1 };

interface Round {
  readonly load: DeliveryResult;
  readonly perSecond: number;
  readonly serverCpuMs: number;
  readonly postgresCpuMs: number | undefined;
}

interface Variant {
  readonly name: string;
  readonly server: Measured;
  readonly rounds: Round[];
}

export async function accept(context: Context): Promise<Section> {
  const plan = context.isQuick ? QUICK : FULL;
  const variants: Variant[] = [
    { name: 'signature check alone', server: await context.baseline('signature', 1), rounds: [] },
    { name: 'stored, as in production', server: await context.ingress(), rounds: [] },
  ];
  for (const size of POOL_SIZES) {
    const server = await context.baseline('insert', size);
    variants.push({ name: `one INSERT an event, ${size} connections`, server, rounds: [] });
  }
  try {
    const expected = new Map<string, number>();
    for (const { name, server } of variants) {
      for (let n = 0; n < plan.warmUps; n += 1) {
        expected.set(name, (await run(context, server, WARM_UP_DELIVERIES)).perSecond);
      }
    }
    for (let round = 0; round < plan.rounds; round += 1) {
      for (const { name, server, rounds } of variants) {
        const count = Math.ceil((expected.get(name) ?? 0) * plan.roundS);
        rounds.push(await run(context, server, Math.max(DELIVERIES_MIN, count)));
      }
    }
    return sectionOf(variants);
  } finally {
    await Promise.all(variants.map(({ server }) => server.stop()));
  }
}

async function run(context: Context, server: Measured, count: number): Promise<Round> {
  // Each round begins with an empty inbox, so that none pays for the rows of the others.
  await context.database.owner.unsafe('truncate inbox; checkpoint');
  const postgres = (): Promise<number | undefined> => postgresCpuMs(context.cluster.server.pid());
  let before: { server: number; postgres: number | undefined } = { server: 0, postgres: undefined };
  const load = await context.load.run(context.plan(server.port, count, PACE), async () => {
    before = { server: await server.cpuMs(), postgres: await postgres() };
  });
  const serverMs = (await server.cpuMs()) - before.server;
  const postgresMs = await postgres();
  return {
    load,
    perSecond: load.accepted / load.seconds,
    serverCpuMs: serverMs / count,
    postgresCpuMs:
      postgresMs === undefined || before.postgres === undefined
        ? undefined
        : (postgresMs - before.postgres) / count,
  };
}

const rateOf = ({ rounds }: Variant): number => median(rounds.map(({ perSecond }) => perSecond));

function figuresOf({ rounds }: Variant): Figures {
  const of = (read: (round: Round) => number | undefined, digits: number): number | string => {
    const values = rounds.map(read).filter((value) => value !== undefined);
    return values.length === 0 ? 'unknown' : Number(median(values).toFixed(digits));
  };
  return {
    'events/s': of((round) => round.perSecond, 0),
    rounds: rounds.map((round) => Math.round(round.perSecond)).join(' '),
    'p50 ms': of((round) => round.load.p50, 1),
    'p99 ms': of((round) => round.load.p99, 1),
    'CPU ms an event': of((round) => round.serverCpuMs, 3),
    'of Postgres': of((round) => round.postgresCpuMs, 3),
    'of the load': of((round) => round.load.cpuMs / round.load.deliveries, 3),
    'not accepted': rounds.reduce((sum, { load }) => sum + load.deliveries - load.accepted, 0),
  };
}

function sectionOf(variants: readonly Variant[]): Section {
  const [signature, ours, ...inserts] = variants;
  if (signature === undefined || ours === undefined) throw new Error('nothing was measured');
  const best = inserts.toSorted((a, b) => rateOf(b) - rateOf(a))[0] ?? signature;
  // Of the same round, because a machine that others use too is faster in one minute than in the next.
  const share = (of: Variant): number =>
    median(ours.rounds.map((round, n) => round.perSecond / (of.rounds[n]?.perSecond ?? 0)));
  const bar = (of: Variant, goal: number): Bar => ({
    name: `stored / ${of.name}`,
    goal: `>= ${goal.toFixed(2)}`,
    got: share(of).toFixed(2),
    ok: share(of) >= goal,
  });
  const refused = ours.rounds.reduce((sum, { load }) => sum + load.deliveries - load.accepted, 0);
  return {
    baselines: Object.fromEntries([signature, ...inserts].map((v) => [v.name, figuresOf(v)])),
    results: { [ours.name]: figuresOf(ours) },
    bars: [
      bar(signature, SIGNATURE_GOAL),
      bar(best, INSERT_GOAL),
      { name: 'deliveries not accepted', goal: '0', got: String(refused), ok: refused === 0 },
    ],
  };
}
