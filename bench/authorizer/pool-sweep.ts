/** The pool size at which the minimal hold is fastest, for spread accounts and for a hot one. */
import { PLAIN } from './cards.ts';
import type { Context } from './context.ts';
import type { Measured } from './measured.ts';
import { runRound, warmUp } from './round.ts';

const POOL_SIZES = [4, 8, 16, 32];

interface Swept {
  readonly poolSize: number;
  readonly server: Measured;
  readonly perSecond: number;
}

interface SweepPlan {
  readonly warmUpS: number;
  readonly sweepS: number;
}

export interface BestPools {
  readonly spread: Swept;
  readonly hot: Swept;
  /** In the order of the sizes, in holds a second. */
  readonly tried: { readonly spread: string; readonly hot: string };
}

/** The servers that are not the best are stopped. */
export async function bestPools(context: Context, plan: SweepPlan): Promise<BestPools> {
  const swept: { readonly spread: Swept; readonly hot: Swept }[] = [];
  for (const poolSize of POOL_SIZES) {
    const server = await context.start.baseline('hold', context.database.appUrl, poolSize);
    const rate = async (cards: readonly number[]): Promise<Swept> => {
      const variant = { name: `pool of ${poolSize}`, server, cards };
      const expected = await warmUp(context, variant, plan.warmUpS);
      const requests = Math.ceil(expected * plan.sweepS);
      return {
        poolSize,
        server,
        perSecond: (await runRound(context, variant, requests)).perSecond,
      };
    };
    swept.push({ spread: await rate(PLAIN.spread), hot: await rate(PLAIN.hot) });
  }
  const best = (of: 'spread' | 'hot'): Swept => {
    const [first] = swept.map((each) => each[of]).toSorted((a, b) => b.perSecond - a.perSecond);
    if (first === undefined) throw new Error('no pool size was tried');
    return first;
  };
  const chosen = { spread: best('spread'), hot: best('hot') };
  const kept = [chosen.spread.server, chosen.hot.server];
  const others = swept
    .map(({ spread }) => spread.server)
    .filter((server) => !kept.includes(server));
  await Promise.all(others.map((server) => server.stop()));
  const tried = (of: 'spread' | 'hot'): string =>
    swept.map((each) => `${each[of].poolSize}: ${Math.round(each[of].perSecond)}`).join(', ');
  return { ...chosen, tried: { spread: tried('spread'), hot: tried('hot') } };
}
