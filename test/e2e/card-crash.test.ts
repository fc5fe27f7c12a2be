/**
 * Cards go from KYC to their use on real parts while the worker is killed with SIGKILL at seeded moments: in the middle
 * of a call to Stripe, after its effect, right after a save. The simulator loses answers and fails meanwhile. Afterwards
 * Stripe holds one of each, and every card went the way it would have gone. CRASH_KILLS and CRASH_SEED set how many and which.
 */
import { afterAll, beforeAll, describe, expect, inject, it, onTestFailed } from 'vitest';
import { type JourneyEnd, liveCard } from '../../src/apps/cli/demo/journey.ts';
import type { CardPlan } from '../../src/apps/cli/demo/plan.ts';
import { type DemoProgram, openProgram } from '../../src/apps/cli/demo/program.ts';
import { type Stack, startStack } from '../../src/apps/cli/local/stack.ts';
import { createIssuingClient } from '../../src/client/index.ts';
import { processEnvironment } from '../../src/platform/config.ts';
import type { Environment } from '../../src/platform/config-reader.ts';
import { doubled, expectedFigures, figuresOf } from '../support/crash/crash-outcome.ts';
import {
  type CallFault,
  FAULTS,
  OUTAGE,
  planCards,
  planKills,
} from '../support/crash/crash-plan.ts';
import { createKiller, type Killer } from '../support/crash/killer.ts';

const KILLS_DEFAULT = 8;
const { CRASH_KILLS: wantedKills, CRASH_SEED: wantedSeed } = processEnvironment();
const kills = wantedKills === undefined ? KILLS_DEFAULT : Number(wantedKills);
const seed = wantedSeed === undefined ? Date.now() % 2 ** 31 : Number(wantedSeed);

/** A round in which time leaps: after a session, a cardholder and a card were made and their answers lost. */
const LEAPS = [
  'POST /v1/identity/verification_sessions',
  'POST /v1/issuing/cardholders',
  'POST /v1/issuing/cards',
];
/** As many kills with leaps as without: the 32 of `test:deep` make ten rounds, which are 30. */
const KILLS_PER_LEAP_ROUND = LEAPS.length;
const LEAP_S = 25 * 3_600;
/** One begins with each leap, so there is always a card that makes the call. */
const LEAP_CARDS = LEAPS.length;
const STACK_START_MS = 120_000;
/** A kill takes a few seconds, ten more until Temporal gives the work of the dead to another, and a leap restarts the relay. */
const TIMEOUT_MS = 120_000 + kills * 20_000;
/**
 * While the worker is dead, commands answer 503; the client must not give up before it lives again. Under many kills it
 * lives for seconds only, so that each may cost a command a few tries.
 */
const API_ATTEMPTS = 8 + 2 * kills;

let stack: Stack;
let program: DemoProgram;
let killer: Killer;

beforeAll(async () => {
  stack = await startStack({ mode: 'throwaway', ports: 'random', seed, durable: false });
  const api = createIssuingClient({
    baseUrl: stack.urls.ingress,
    apiKey: stack.apiKey,
    attempts: API_ATTEMPTS,
  });
  program = { ...(await openProgram(stack)), api };
  killer = await createKiller(stack, { WORKFLOW_BUNDLE: inject('workflowBundlePath') });
}, STACK_START_MS);
afterAll(async () => {
  await killer?.close();
  await stack?.stop();
});

const control = async (method: string, path: string, body?: object): Promise<unknown> => {
  const response = await fetch(`${stack.urls.simulator}/_sim${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  });
  if (!response.ok)
    throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
};
const setFaults = (rules: readonly CallFault[]) => control('PUT', '/faults', { rules });

/** Lives cards one after another as they are asked for, and all of them to their end. */
function createLives(plans: readonly CardPlan[]) {
  const waiting = [...plans];
  const lives: Promise<JourneyEnd>[] = [];
  const failed = new AbortController();
  const failure = new Promise<never>((_, reject) => {
    failed.signal.addEventListener('abort', () => reject(failed.signal.reason));
  });
  failure.catch(() => {});
  return {
    /** Waits for the killer, or tells of the card that failed instead. */
    meanwhile: (kill: Promise<void>) => Promise.race([kill, failure]),
    begin(): void {
      const plan = waiting.shift();
      if (plan === undefined) return;
      const life = liveCard(plan, {
        program,
        signal: failed.signal,
        deadlineMs: TIMEOUT_MS,
        onCard: () => {},
      });
      life.catch((error: unknown) => failed.abort(error));
      lives.push(life);
    },
    /** All that were begun, or the failure of the first that failed. */
    ends: () => Promise.all(lives),
  };
}

async function restart(name: 'relay', more: Environment): Promise<void> {
  await stack.part(name).stop();
  await stack.part(name).start(more);
}

function tellSeed(): void {
  onTestFailed(() => {
    process.stderr.write(`The same again: CRASH_SEED=${seed} CRASH_KILLS=${kills}\n`);
  });
}

/** Where time leaps, the link of a session may die before its customer has used it: then another session is right. */
async function check(ends: readonly JourneyEnd[], linksMayDie = false): Promise<void> {
  const figures = await figuresOf(program, ends);
  const shown = linksMayDie
    ? figures.map((one) => ({
        ...one,
        verificationSessions: Math.min(one.verificationSessions, 1),
      }))
    : figures;
  expect(shown).toEqual(ends.map(expectedFigures));
  expect(await doubled(program)).toEqual([]);
}

describe('cards whose worker is killed in the middle', () => {
  it(
    'go the way they would have gone, with one of each at Stripe',
    async () => {
      tellSeed();
      const lives = createLives(planCards(kills, seed));
      for (const [index, moment] of planKills(kills, seed).entries()) {
        await setFaults(index % 4 === 2 ? OUTAGE : FAULTS);
        lives.begin();
        await lives.meanwhile(killer.killAt(moment));
        await killer.revive();
      }
      await setFaults([]);
      await check(await lives.ends());
    },
    TIMEOUT_MS,
  );

  it(
    'do so too when Stripe has forgotten the keys, because 25 hours have passed',
    async () => {
      tellSeed();
      const rounds = Math.max(1, Math.floor(kills / KILLS_PER_LEAP_ROUND));
      const plans = planCards(rounds * LEAP_CARDS, seed, kills + 1);
      const lives = createLives(plans);
      await setFaults(FAULTS);
      for (let leap = 1; leap <= rounds * LEAPS.length; leap += 1) {
        const call = LEAPS[(leap - 1) % LEAPS.length] ?? '';
        lives.begin();
        await lives.meanwhile(killer.killAt({ at: 'done', nth: 1, call }));
        await control('POST', '/clock/advance', { seconds: LEAP_S });
        const later = { CLOCK_OFFSET_MS: String(leap * LEAP_S * 1_000) };
        await Promise.all([restart('relay', later), killer.revive(later)]);
      }
      await setFaults([]);
      await check(await lives.ends(), true);
    },
    TIMEOUT_MS,
  );
});
