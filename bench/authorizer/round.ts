/** One round: a server kept busy for a while, with what it cost. */
import type { Context } from './context.ts';
import type { LoadResult } from './load-plan.ts';
import type { Measured } from './measured.ts';
import { postgresCpuMs } from './postgres-cpu.ts';

const CONNECTIONS = 32;
/** Sent at a time until the server is warm; fewer say nothing about its rate. */
const WARM_UP_REQUESTS = 500;

/** One server under one kind of load. */
export interface Variant {
  readonly name: string;
  readonly server: Measured;
  readonly cards: readonly number[];
}

export interface Round {
  readonly load: LoadResult;
  readonly perSecond: number;
  /** Processor time a decision, in milliseconds. */
  readonly serverCpuMs: number;
  readonly postgresCpuMs: number | undefined;
  readonly loadCpuMs: number;
}

/** Sends so many requests as fast as answers come. Only approvals count: all cards have funds and room. */
export async function runRound(
  context: Context,
  { name, server, cards }: Variant,
  requests: number,
): Promise<Round> {
  const pace = { kind: 'closed', connections: CONNECTIONS } as const;
  const plan = context.plan(server.port, context.asked(requests, cards), pace);
  const postgres = (): Promise<number | undefined> => postgresCpuMs(context.cluster.server.pid());
  let before = { server: 0, postgres: await postgres() };
  const load = await context.load.run(plan, async () => {
    before = { server: await server.cpuMs(), postgres: await postgres() };
  });
  const { APPROVED = 0, ...others } = load.outcomes;
  const perSecond = APPROVED / load.seconds;
  const said = Object.keys(others).length === 0 ? '' : `, ${JSON.stringify(others)}`;
  if (requests > WARM_UP_REQUESTS) console.error(`${name}: ${Math.round(perSecond)}/s${said}`);
  const serverMs = (await server.cpuMs()) - before.server;
  const postgresMs = await postgres();
  return {
    load,
    perSecond,
    serverCpuMs: serverMs / load.requests,
    postgresCpuMs:
      postgresMs === undefined || before.postgres === undefined
        ? undefined
        : (postgresMs - before.postgres) / load.requests,
    loadCpuMs: load.cpuMs / load.requests,
  };
}

/**
 * Asks for each card once, and keeps the server busy until its code is compiled: its caches are full then, and each
 * account has spent something that day. Tells its rate at the end.
 */
export async function warmUp(context: Context, variant: Variant, seconds: number): Promise<number> {
  const pace = { kind: 'closed', connections: CONNECTIONS } as const;
  const { server, cards } = variant;
  await context.load.run(context.plan(server.port, context.askedOnce(cards), pace));
  let busyS = 0;
  for (;;) {
    const { load, perSecond } = await runRound(context, variant, WARM_UP_REQUESTS);
    busyS += load.seconds;
    if (busyS >= seconds) return perSecond;
  }
}
