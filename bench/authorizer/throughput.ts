/**
 * Decisions a second at 32 connections, beside two baselines on the same route: the signature check alone, and a
 * minimal hold at its best pool size. One server at a time, in turn, so that a busy minute of the machine hits all.
 */
import { median } from '../simulator/start.ts';
import { LIMITED, PLAIN } from './cards.ts';
import type { Context, Section } from './context.ts';
import { bestPools } from './pool-sweep.ts';
import { type Round, runRound, type Variant, warmUp } from './round.ts';
import { throughputBars, throughputFigures } from './throughput-report.ts';

/** Fewer say nothing about a p99. */
const REQUESTS_MIN = 1_000;
const FULL = { rounds: 3, roundS: 4, warmUpS: 2, sweepS: 2 };
const QUICK = { rounds: 1, roundS: 0.5, warmUpS: 0.2, sweepS: 0.3 };

export async function throughput(context: Context): Promise<Section> {
  const plan = context.isQuick ? QUICK : FULL;
  const url = context.database.appUrl;
  const signature = await context.start.baseline('signature', url, 1);
  const ours = await context.start.authorizer(url);
  const pools = await bestPools(context, plan);
  const servers = [signature, ours, pools.spread.server, pools.hot.server];
  try {
    const variants: readonly Variant[] = [
      { name: 'signature check alone', server: signature, cards: PLAIN.spread },
      { name: 'minimal hold, spread', server: pools.spread.server, cards: PLAIN.spread },
      { name: 'minimal hold, hot', server: pools.hot.server, cards: PLAIN.hot },
      { name: 'ours, spread', server: ours, cards: LIMITED.spread },
      { name: 'ours, hot', server: ours, cards: LIMITED.hot },
      { name: 'ours, hot, one card', server: ours, cards: LIMITED.hot.slice(0, 1) },
      { name: 'ours, spread, no limits', server: ours, cards: PLAIN.spread },
      { name: 'ours, hot, no limits', server: ours, cards: PLAIN.hot },
    ];
    const expected = new Map<string, number>();
    for (const variant of variants) {
      expected.set(variant.name, await warmUp(context, variant, plan.warmUpS));
    }
    const rounds = new Map<string, Round[]>(variants.map(({ name }) => [name, []]));
    for (let round = 0; round < plan.rounds; round += 1) {
      for (const variant of variants) {
        const requests = Math.ceil((expected.get(variant.name) ?? 0) * plan.roundS);
        const measured = await runRound(context, variant, Math.max(REQUESTS_MIN, requests));
        expected.set(variant.name, measured.perSecond);
        rounds.get(variant.name)?.push(measured);
      }
    }
    return {
      ...throughputFigures(rounds, pools),
      bars: throughputBars((name) => median((rounds.get(name) ?? []).map((r) => r.perSecond))),
    };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
