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
  if (run.tally.calls.made > 0 && run.tally.calls.succeeded === 0) {
    throw new Error('No call succeeded.');
  }
  return { purchaseSeconds, stepsLeft: steps.length - sent };
}

async function reach({ clock, tally, signal }: Run, at: number): Promise<void> {
  try {
    await clock.reach(at, signal);
  } catch {
    tally.failed('clock');
  }
}

async function perform({ executor, tally }: Run, step: Step): Promise<void> {
  if (step.opens && step.scenario !== 'setup') tally.purchaseBegun(step.scenario);
  try {
    if (await executor.perform(step)) tally.succeeded();
    else tally.skipped();
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    tally.failed(error.code ?? error.rawType ?? error.type);
    const { made, succeeded } = tally.calls;
    if (succeeded === 0 && made >= FIRST_FAILURES_MAX) {
      throw new Error(`No call succeeds; the last one failed with: ${error.message}`, {
        cause: error,
      });
    }
  }
}
