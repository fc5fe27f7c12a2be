/** One round: a server kept busy for a while, with what it cost. */
import type { Context } from './context.ts';
import type { LoadResult } from './load-plan.ts';
import type { Measured } from './measured.ts';
import { postgresCpuMs } from './postgres-cpu.ts';

const CONNECTIONS = 32;

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

/** Sends so many requests as fast as answers come, and throws unless all are approved. */
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
  if (load.approved !== load.requests) {
    throw new Error(`${name}: not all approved: ${JSON.stringify(load.outcomes)}`);
  }
  const serverMs = (await server.cpuMs()) - before.server;
  const postgresMs = await postgres();
  return {
    load,
    perSecond: load.requests / load.seconds,
    serverCpuMs: serverMs / load.requests,
    postgresCpuMs:
      postgresMs === undefined || before.postgres === undefined
        ? undefined
        : (postgresMs - before.postgres) / load.requests,
    loadCpuMs: load.cpuMs / load.requests,
  };
}
