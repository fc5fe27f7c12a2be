/**
 * The same load with the whole local stack beside it, and with Postgres and the authorizer alone: Temporal, worker,
 * relay, ingress and simulator are stopped in between.
 */
import { createSql } from '../../src/adapters/postgres/pool.ts';
import { startStack } from '../../src/apps/cli/local/stack.ts';
import { createProgram } from '../ledger/program.ts';
import type { Bar, Figures } from '../report.ts';
import { median } from '../simulator/start.ts';
import type { Context, Section } from './context.ts';
import { type Round, runRound, warmUp } from './round.ts';

const BESIDE = ['ingress', 'relay', 'worker', 'simulator', 'temporal'] as const;
const CARDS = 1_000;
const FUNDS_MINOR = 1_000_000_000;
const FULL = { rounds: 5, roundS: 3, warmUpS: 3 };
const QUICK = { rounds: 3, roundS: 0.5, warmUpS: 0.5 };
/** Rounds of one state differ by this much on a quiet machine already. */
const NOISE_MIN = 0.05;
/** With more than this the machine is too busy for the comparison. */
const NOISE_MAX = 0.2;

export async function alone(context: Context): Promise<Section> {
  const plan = context.isQuick ? QUICK : FULL;
  const stack = await startStack({
    mode: 'throwaway',
    ports: 'random',
    parts: ['ingress', 'relay', 'worker'],
  });
  const owner = createSql({ url: stack.ownerUrl, poolSize: 1, name: 'bench' });
  try {
    await createProgram(owner, { cards: CARDS, accounts: CARDS, fundsMinor: FUNDS_MINOR });
    await owner.unsafe('vacuum analyze');
    const server = await context.start.authorizer(stack.databaseUrl);
    const cards = Array.from({ length: CARDS }, (_, card) => card);
    const measure = async (name: string): Promise<readonly Round[]> => {
      const variant = { name, server, cards };
      const rounds: Round[] = [];
      let expected = await warmUp(context, variant, plan.warmUpS);
      for (let round = 0; round < plan.rounds; round += 1) {
        const measured = await runRound(context, variant, Math.ceil(expected * plan.roundS));
        expected = measured.perSecond;
        rounds.push(measured);
      }
      return rounds;
    };
    const withAll = await measure('with the whole stack');
    for (const name of BESIDE) await stack.part(name).kill('SIGKILL');
    const by = await measure('alone');
    await server.stop();
    return {
      baselines: { 'with the whole stack': figuresOf(withAll) },
      results: { 'Postgres and authorizer alone': figuresOf(by) },
      bars: [sameRates(withAll, by)],
    };
  } finally {
    await owner.end();
    await stack.stop();
  }
}

const rateOf = (rounds: readonly Round[]): number =>
  median(rounds.map(({ perSecond }) => perSecond));

const figuresOf = (rounds: readonly Round[]): Figures => ({
  'decisions/s': Math.round(rateOf(rounds)),
  rounds: rounds.map(({ perSecond }) => Math.round(perSecond)).join(' '),
  'p99 ms': median(rounds.map(({ load }) => load.p99)),
});

/** How far the rounds of one state lie apart, as a share of their median. */
function noiseOf(rounds: readonly Round[]): number {
  const rates = rounds.map(({ perSecond }) => perSecond);
  return (Math.max(...rates) - Math.min(...rates)) / rateOf(rounds);
}

/** What has ended must not be missed; that it gives back the little it used is no fault. */
function sameRates(withAll: readonly Round[], by: readonly Round[]): Bar {
  const share = rateOf(by) / rateOf(withAll);
  const shown = Math.max(NOISE_MIN, noiseOf(withAll), noiseOf(by));
  const noise = Math.min(NOISE_MAX, shown);
  return {
    name: 'rate alone / with the whole stack',
    goal: `>= ${(1 - noise).toFixed(2)}, the noise of the rounds`,
    got: share.toFixed(2),
    ok: share >= 1 - noise,
  };
}
