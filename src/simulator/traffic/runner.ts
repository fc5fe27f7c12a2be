/** Sends a plan: people and cards first, then purchases at their times. */
import Stripe from 'stripe';
import type { Executor } from './executor.ts';
import { Lanes } from './lanes.ts';
import type { ProgramClock } from './program-clock.ts';
import type { Step } from './step.ts';
import type { Tally } from './tally.ts';

/** As long as nothing has succeeded, this many failures (each after the client's own retries) mean a dead target. */
const FIRST_FAILURES_MAX = 5;

export interface Run {
  readonly steps: readonly Step[];
  readonly executor: Executor;
  readonly tally: Tally;
  readonly clock: ProgramClock;
  /** Calls under way at the same time; 1 makes them in the plan's order. */
  readonly concurrency: number;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

interface Outcome {
  /** Real seconds from the first purchase to the beginning of the last one. */
  readonly purchaseSeconds: number;
  /** Steps that were neither made nor skipped. */
  readonly stepsLeft: number;
}

/** Rejects when not a single call succeeds; any other failure is only counted. */
export async function sendTraffic(run: Run): Promise<Outcome> {
  const { steps, clock, signal } = run;
  const lanes = new Lanes(run.concurrency);
  const job = (step: Step) => lanes.add(step.lane, () => perform(run, step));
  const setup = steps.filter(({ scenario }) => scenario === 'setup');
  const purchases = steps.filter(({ scenario }) => scenario !== 'setup');
  let sent = 0;
  for (const step of setup) {
    if (signal.aborted) break;
    await job(step);
    sent += 1;
  }
  await lanes.idle();
  refuseDeadTarget(run, 1);
  await clock.start();
  let purchaseSeconds = 0;
  for (const step of purchases) {
    if (!clock.reaches(step.at)) break;
    await reach(run, step.at);
    if (signal.aborted) break;
    await job(step);
    sent += 1;
    if (step.opens) purchaseSeconds = clock.realSeconds;
  }
  await lanes.idle();
  refuseDeadTarget(run, 1);
  return { purchaseSeconds, stepsLeft: steps.length - sent };
}

async function reach({ clock, tally, signal }: Run, at: number): Promise<void> {
  try {
    await clock.reach(at, signal);
  } catch (error) {
    tally.failed('clock', String(error));
  }
}

async function perform(run: Run, step: Step): Promise<void> {
  const { executor, tally } = run;
  if (step.opens && step.scenario !== 'setup') tally.purchaseBegun(step.scenario);
  try {
    if (await executor.perform(step)) tally.succeeded();
    else tally.skipped();
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    tally.failed(error.code ?? error.rawType ?? error.type, error.message);
    refuseDeadTarget(run, FIRST_FAILURES_MAX);
  }
}

function refuseDeadTarget({ tally }: Run, failures: number): void {
  const { made, succeeded } = tally.calls;
  if (succeeded > 0 || made < failures) return;
  throw new Error(`No call succeeds; the last one failed with: ${tally.lastFailure}`);
}
