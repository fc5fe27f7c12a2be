/**
 * Calls a second, against a bare Fastify route in the same run: the same client on the same number of connections,
 * one server at a time, in alternating rounds, each server in a process of its own.
 */
import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { type Latency, latencyOf } from '../latency.ts';
import { BUILT, type Child, startChild } from './child.ts';
import { Connection, get, post, succeed } from './connection.ts';
import { Program } from './program.ts';
import { median } from './start.ts';

const BARE_SERVER = new URL('./bare-server.ts', import.meta.url);
const WEBHOOK_RECEIVER = new URL('./webhook-receiver.ts', import.meta.url);
const CONNECTIONS = 16;
const CARDS = 100;
/** Compilers and heaps need this long until rounds resemble each other. */
const WARM_UP_SECONDS = 2;
const SETTLE_POLL_MS = 10;
const SETTLE_TIMEOUT_MS = 120_000;

export interface ThroughputPlan {
  readonly rounds: number;
  readonly seconds: number;
}

export interface Throughput {
  readonly connections: number;
  /** Medians of the rounds, in calls a second. */
  readonly bare: number;
  /** Of a bare route whose answer is as large as the simulator's. */
  readonly sameJson: number;
  readonly simulator: number;
  readonly withWebhooks: WebhookThroughput;
  readonly bareLatency: Latency;
  readonly reads: Latency;
  readonly writes: Latency;
  /** How busy the client was, from 0 to 1; near 1 it is itself what is measured. */
  readonly clientLoad: { readonly bare: number; readonly simulator: number };
}

export interface WebhookThroughput {
  /** While calls are made; deliveries may fall behind. */
  readonly calls: number;
  /** The same calls over the time until the last delivery. */
  readonly callsUntilDelivered: number;
  readonly deliveries: number;
}

/** Makes some calls on a connection, one after the other, and tells how many. */
type Work = (connection: Connection) => Promise<number>;
interface Round {
  readonly rate: number;
  readonly calls: number;
  readonly elapsedMs: number;
  readonly clientLoad: number;
}

export async function measureThroughput(plan: ThroughputPlan): Promise<Throughput> {
  const simulator = await startChild([...BUILT, '--port', '0']);
  const first = await Connection.open(simulator.port);
  const program = await Program.open(first, CARDS);
  const sample = await succeed(first, get('/v1/issuing/authorizations?limit=1'));
  first.close();
  const bareServer = await startChild([
    '--import',
    'tsx',
    fileURLToPath(BARE_SERVER),
    sample.toString('utf8'),
  ]);
  try {
    const latencies = {
      bare: createHistogram(),
      reads: createHistogram(),
      writes: createHistogram(),
    };
    const bareWork: Work = async (connection) => {
      await timed(latencies.bare, succeed(connection, get('/card')));
      return 1;
    };
    const sameJson: Work = async (open) => {
      await succeed(open, get('/authorization'));
      return 1;
    };
    const mix = mixed(program, latencies);
    await round(bareServer, bareWork, WARM_UP_SECONDS);
    await round(bareServer, sameJson, WARM_UP_SECONDS);
    await round(simulator, mix, WARM_UP_SECONDS);
    for (const histogram of Object.values(latencies)) histogram.reset();
    const rounds: { bare: Round; sameJson: Round; simulator: Round }[] = [];
    for (let index = 0; index < plan.rounds; index += 1) {
      const bare = await round(bareServer, bareWork, plan.seconds);
      const same = await round(bareServer, sameJson, plan.seconds);
      rounds.push({ bare, sameJson: same, simulator: await round(simulator, mix, plan.seconds) });
    }
    const load = (of: 'bare' | 'simulator') => median(rounds.map((each) => each[of].clientLoad));
    return {
      connections: CONNECTIONS,
      bare: median(rounds.map(({ bare }) => bare.rate)),
      sameJson: median(rounds.map((each) => each.sameJson.rate)),
      simulator: median(rounds.map((each) => each.simulator.rate)),
      withWebhooks: await measureWithWebhooks(plan),
      bareLatency: latencyOf(latencies.bare),
      reads: latencyOf(latencies.reads),
      writes: latencyOf(latencies.writes),
      clientLoad: { bare: load('bare'), simulator: load('simulator') },
    };
  } finally {
    await Promise.all([bareServer.stop(), simulator.stop()]);
  }
}

/** A simulator of its own, so that its deliveries take nothing from the other rounds. */
async function measureWithWebhooks(plan: ThroughputPlan): Promise<WebhookThroughput> {
  const receiver = await startChild(['--import', 'tsx', fileURLToPath(WEBHOOK_RECEIVER)]);
  const simulator = await startChild([...BUILT, '--port', '0']);
  try {
    const connection = await Connection.open(simulator.port);
    const program = await Program.open(connection, CARDS);
    const form = `url=http://127.0.0.1:${receiver.port}/&enabled_events[]=*`;
    await succeed(connection, post('/v1/webhook_endpoints', form));
    const unused = { reads: createHistogram(), writes: createHistogram() };
    const mix = mixed(program, unused);
    await round(simulator, mix, WARM_UP_SECONDS);
    await settle(connection);
    const rates: number[] = [];
    const ratesUntilDelivered: number[] = [];
    for (let index = 0; index < plan.rounds; index += 1) {
      const startedAt = performance.now();
      const { rate, calls } = await round(simulator, mix, plan.seconds);
      await settle(connection);
      rates.push(rate);
      ratesUntilDelivered.push(perSecond(calls, performance.now() - startedAt));
    }
    const deliveries = await settle(connection);
    connection.close();
    return { calls: median(rates), callsUntilDelivered: median(ratesUntilDelivered), deliveries };
  } finally {
    await Promise.all([receiver.stop(), simulator.stop()]);
  }
}

const perSecond = (calls: number, elapsedMs: number): number =>
  Math.round((calls / elapsedMs) * 1000);

/** Half reads; the other half authorizations, each captured a little later on the same connection. */
function mixed(
  program: Program,
  latencies: { reads: RecordableHistogram; writes: RecordableHistogram },
): Work {
  return async (connection) => {
    const authorization = await timed(latencies.writes, program.authorize(connection));
    await timed(latencies.reads, program.read(connection));
    await timed(latencies.writes, program.capture(connection, authorization));
    await timed(latencies.reads, program.read(connection));
    return 4;
  };
}

async function timed<T>(histogram: RecordableHistogram, call: Promise<T>): Promise<T> {
  const startedAt = process.hrtime.bigint();
  const result = await call;
  histogram.record(process.hrtime.bigint() - startedAt);
  return result;
}

/** Keeps all connections busy for so many seconds. Rejects at the first answer that is not 200. */
async function round(server: Child, work: Work, seconds: number): Promise<Round> {
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => Connection.open(server.port)),
  );
  const loadBefore = performance.eventLoopUtilization();
  const startedAt = performance.now();
  const end = startedAt + seconds * 1000;
  let calls = 0;
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() < end) {
        const made = await work(connection);
        calls += made;
      }
    }),
  );
  const elapsedMs = performance.now() - startedAt;
  const clientLoad = performance.eventLoopUtilization(loadBefore).utilization;
  for (const connection of connections) connection.close();
  return { rate: perSecond(calls, elapsedMs), calls, elapsedMs, clientLoad };
}

/** Waits until nothing is left to deliver; tells how many deliveries there were, all of which must have succeeded. */
async function settle(connection: Connection): Promise<number> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const body = (await succeed(connection, get('/_sim/webhooks'))).toString('utf8');
    const number = (name: string): number => Number(new RegExp(`"${name}":(\\d+)`).exec(body)?.[1]);
    if (number('failed') > 0) throw new Error(`deliveries failed: ${body}`);
    if (number('pending') === 0) return number('succeeded');
    await new Promise((resolve) => {
      setTimeout(resolve, SETTLE_POLL_MS);
    });
  }
  throw new Error('The webhooks were not all delivered in time.');
}
