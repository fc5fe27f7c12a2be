/** Purchases on the program's cards in both of its Stripe accounts, beside whatever else a test does. */

import type { DemoProgram } from '../../../src/apps/cli/demo/program.ts';
import { runTraffic, type TrafficSummary } from '../../../src/simulator/traffic/command.ts';

export interface TrafficWish {
  readonly purchases: number;
  /** A second, of both accounts together. */
  readonly rate: number;
  readonly cards: number;
  readonly seed: number;
}

export interface TrafficRun {
  readonly isOver: () => boolean;
  /** What was done, the platform's first. Rejects when traffic could not be made at all. */
  readonly ended: Promise<readonly TrafficSummary[]>;
}

/** Of the purchases; every third card is the connected account's. */
const SHARES = { platform: 2 / 3, connected: 1 / 3 } as const;

export function startTraffic(program: DemoProgram, wish: TrafficWish): TrafficRun {
  return running(round(program, wish));
}

/** Further rounds follow the first while there is need for traffic: so long, and this much slower. */
const ROUND_S = 5;
const ROUND_SHARE = 0.4;

/** As `startTraffic`, and goes on with other purchases until `isEnough`: on a slow machine all else takes longer. */
export function startTrafficUntil(
  program: DemoProgram,
  wish: TrafficWish,
  isEnough: () => boolean,
): TrafficRun {
  const rounds = async (): Promise<readonly TrafficSummary[]> => {
    const done = [...(await round(program, wish))];
    const rate = wish.rate * ROUND_SHARE;
    for (let seed = wish.seed + 1; !isEnough(); seed += 1) {
      done.push(...(await round(program, { ...wish, rate, seed, purchases: rate * ROUND_S })));
    }
    return done;
  };
  return running(rounds());
}

function running(ended: TrafficRun['ended']): TrafficRun {
  let isOver = false;
  const noted = ended.finally(() => {
    isOver = true;
  });
  // Whoever started it may first wait for something else.
  noted.catch(() => {});
  return { isOver: () => isOver, ended: noted };
}

const round = (program: DemoProgram, wish: TrafficWish): Promise<readonly TrafficSummary[]> =>
  Promise.all([
    traffic(program, wish, SHARES.platform, []),
    traffic(program, wish, SHARES.connected, ['--account', program.connectedAccount]),
  ]);

async function traffic(
  { stack }: DemoProgram,
  { purchases, rate, cards, seed }: TrafficWish,
  share: number,
  more: readonly string[],
): Promise<TrafficSummary> {
  let [output, problems] = ['', ''];
  const options = {
    cards,
    rate: rate * share,
    duration: purchases / rate,
    seed,
    url: stack.urls.simulator,
    key: stack.stripeKey,
  };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const code = await runTraffic([...args, '--existing-cards', '--keep-clock', ...more], {
    out: { write: (text) => (output += text) },
    err: { write: (text) => (problems += text) },
    usualUrl: stack.urls.simulator,
  });
  if (code !== 0) throw new Error(`the traffic ended with ${code}: ${problems}`);
  return JSON.parse(output) as TrafficSummary;
}
