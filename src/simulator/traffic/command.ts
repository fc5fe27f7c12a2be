/** `issuing-simulator traffic`: reads the command line, finds or starts a simulator, and reports. */
import { createSimulator } from '../index.ts';
import { Executor } from './executor.ts';
import {
  readTrafficOptions,
  TRAFFIC_USAGE,
  type TrafficOptions,
  TrafficUsageError,
} from './options.ts';
import { planDigest, planTraffic, purchaseCount } from './plan.ts';
import { ProgramClock } from './program-clock.ts';
import { type ProgressStream, showProgress } from './progress.ts';
import { sendTraffic } from './runner.ts';
import { DAY } from './step.ts';
import { Tally, type TallySummary } from './tally.ts';
import { openTarget, type Target } from './target.ts';

const DEFAULT_URL = 'http://127.0.0.1:12111';
/** A run that stays this close to its rate has kept up; the last purchase never comes exactly at the end. */
const KEPT_UP_SHARE = 0.95;

export interface Surroundings {
  readonly out: { write(text: string): unknown };
  readonly err: ProgressStream;
  /** Where a simulator is looked for when the command line names none. */
  readonly usualUrl: string;
}

/** What is printed at the end. */
export interface TrafficSummary extends TallySummary {
  readonly seed: number;
  /** SHA-256 of the plan. */
  readonly plan: string;
  readonly url: string;
  readonly account: string | null;
  /** Calls of the plan; `left` were neither made nor skipped. */
  readonly steps: { readonly planned: number; readonly left: number };
  readonly purchases: {
    readonly planned: number;
    readonly begun: number;
    readonly wantedPerSecond: number;
    readonly achievedPerSecond: number;
    readonly keptUp: boolean;
  };
  readonly programDays: number;
  readonly realSeconds: number;
  readonly stoppedEarly: boolean;
}

/** Runs the command; the exit code. SIGINT ends the run early, with its summary. */
export async function runTraffic(
  args: readonly string[],
  around: Surroundings = { out: process.stdout, err: process.stderr, usualUrl: DEFAULT_URL },
): Promise<number> {
  const interrupted = new AbortController();
  const onInterrupt = (): void => interrupted.abort();
  process.once('SIGINT', onInterrupt);
  try {
    const options = readTrafficOptions(args);
    if (options === undefined) {
      around.out.write(TRAFFIC_USAGE);
      return 0;
    }
    const summary = await withTarget(options, around, (url) =>
      drive(options, { url, err: around.err, signal: interrupted.signal }),
    );
    around.out.write(`${JSON.stringify(summary, null, 2)}\n`);
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    around.err.write(`issuing-simulator traffic: ${message}\n`);
    const usage =
      error instanceof TrafficUsageError || (error instanceof TypeError && 'code' in error);
    if (usage) around.err.write(`\n${TRAFFIC_USAGE}`);
    return 1;
  } finally {
    process.removeListener('SIGINT', onInterrupt);
  }
}

/** Finds the simulator, or starts one for as long as `use` takes when nobody said where it is. */
async function withTarget<T>(
  { url, key, account, seed }: TrafficOptions,
  { err, usualUrl }: Surroundings,
  use: (url: string) => Promise<T>,
): Promise<T> {
  const wanted = url ?? usualUrl;
  try {
    await openTarget({ url: wanted, key, account }).now();
  } catch (error) {
    if (url !== undefined) {
      throw new Error(`No simulator answers at ${url}.`, { cause: error });
    }
    const simulator = createSimulator({ seed });
    try {
      const own = await simulator.listen();
      err.write(`No simulator answers at ${wanted}; started one for this run at ${own}.\n`);
      if (account !== undefined) {
        await fetch(`${own}/_sim/accounts`, {
          method: 'POST',
          body: JSON.stringify({ id: account }),
        });
      }
      return await use(own);
    } finally {
      await simulator.close();
    }
  }
  return use(wanted);
}

interface Drive {
  readonly url: string;
  readonly err: ProgressStream;
  readonly signal: AbortSignal;
}

async function drive(
  options: TrafficOptions,
  { url, err, signal }: Drive,
): Promise<TrafficSummary> {
  const target = openTarget({ url, key: options.key, account: options.account });
  const tally = new Tally();
  const executor = new Executor(target.stripe, tally);
  const cards = options.existingCards
    ? await useExistingCards(target, executor, options.cards)
    : options.cards;
  const settings = { ...options, cards };
  const steps = planTraffic(settings);
  const clock = new ProgramClock(target, options);
  const planned = purchaseCount(settings);
  const stopProgress = showProgress(err, () => ({
    purchases: tally.purchases,
    purchasesPlanned: planned,
    steps: tally.calls.made + tally.calls.skipped,
    stepsPlanned: steps.length,
    programDays: clock.programSeconds / DAY,
  }));
  const { concurrency } = options;
  const outcome = await sendTraffic({ steps, executor, tally, clock, concurrency, signal }).finally(
    stopProgress,
  );
  const paced = signal.aborted ? clock.realSeconds : options.durationSeconds;
  const achieved = tally.purchases / Math.max(outcome.purchaseSeconds, paced);
  return {
    seed: options.seed,
    plan: planDigest(steps),
    url,
    account: options.account ?? null,
    ...tally.summary(),
    steps: { planned: steps.length, left: outcome.stepsLeft },
    purchases: {
      planned,
      begun: tally.purchases,
      wantedPerSecond: options.rate,
      achievedPerSecond: rounded(achieved),
      keptUp: achieved >= options.rate * KEPT_UP_SHARE,
    },
    programDays: rounded(await clock.daysPassed()),
    realSeconds: rounded(clock.realSeconds),
    stoppedEarly: signal.aborted,
  };
}

async function useExistingCards(
  target: Target,
  executor: Executor,
  limit: number,
): Promise<number> {
  const ids = await target.activeCards(limit);
  if (ids.length === 0) throw new Error('There are no active cards; leave out --existing-cards.');
  for (const [lane, id] of ids.entries()) executor.useCard(`c${lane}`, id);
  return ids.length;
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
