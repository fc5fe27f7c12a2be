/**
 * Real request events, spoiled in random ways and signed, get a well-formed answer from the real decider over a real
 * Postgres: never an approval that the rules would not give, and no decline where they would approve.
 */
import fc from 'fast-check';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDecisionStore } from '../../src/adapters/postgres/decision-store.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import type { Decider } from '../../src/apps/authorizer/decider.ts';
import { createDecider } from '../../src/apps/authorizer/decider.ts';
import { createGuard } from '../../src/apps/authorizer/guard.ts';
import { createLanes } from '../../src/apps/authorizer/lanes.ts';
import { createProfileCache } from '../../src/apps/authorizer/profile-cache.ts';
import { createProfileLoader } from '../../src/apps/authorizer/profile-loader.ts';
import { watchNothing } from '../../src/apps/authorizer/watch.ts';
import type { CardProfile } from '../../src/domain/card-profile.ts';
import { DECLINE_REASONS, FALLBACK_REASONS } from '../../src/domain/decision-reasons.ts';
import { parseStripeCardId } from '../../src/domain/ids.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { processEnvironment } from '../../src/platform/config.ts';
import { brokenInvariants, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { CONNECTED_ACCOUNT, post, startAuthorizer } from './authorizer-under-test.ts';
import { type Due, dueAnswer } from './lenient-reading.ts';
import { mutated, someMutations } from './request-mutations.ts';
import { recordScenes, SCENES, type Scenes } from './request-scenes.ts';

const RUNS_DEFAULT = 400;
const { PROPERTY_RUNS: wanted } = processEnvironment();
const runs = wanted === undefined ? RUNS_DEFAULT : Number(wanted);
const seed = Number(fc.sample(fc.nat(), 1)[0]);
/** A run takes some 10 ms; a busy machine may take many times that. */
const TIMEOUT_MS = 60_000 + runs * 500;
/** Enough for the largest amount that is one, in every run. */
const FUNDS_MINOR = 2 ** 52;
/** Stripe's own limit; the budget is far below it, and a busy machine must not fail the test. */
const STRIPE_WAITS_MS = 2_000;

const FROZEN_CARD = 'ic_frozen';
const CONTROLS = {
  blockedCategories: ['betting_casino_gambling'],
  allowedCountries: ['US', 'CA'],
  blockedMerchants: ['666'],
};
const WORDS =
  'betting_casino_gambling bakeries 5542 666 US CA FR usd eur USD match mismatch not_provided failed required maybe ' +
  `authenticated present not_present platform ${CONNECTED_ACCOUNT} acct_nobody ${FROZEN_CARD} ic_nobody ` +
  'issuing_authorization.created v2.core.event';
const TELLING = [
  ['card', FROZEN_CARD],
  ['card_presence', 'present'],
  ['merchant_data.category', 'betting_casino_gambling'],
  ['merchant_data.category_code', '5542'],
  ['merchant_data.country', 'FR'],
  ['merchant_data.country', 'CA'],
  ['merchant_data.network_id', '666'],
  ['pending_request.amount', 999_999_999_999],
  ['pending_request.currency', 'eur'],
  ['pending_request.merchant_currency', 'eur'],
  ['verification_data.cvc_check', 'mismatch'],
  ['verification_data.expiry_check', 'mismatch'],
  ['verification_data.address_line1_check', 'mismatch'],
  ['verification_data.three_d_secure', { result: 'failed' }],
  ['verification_data.three_d_secure', { result: 'authenticated' }],
] as const;

let database: TestDatabase;
let sql: Sql;
let scenes: Scenes;
let decide: Decider;
const profiles = new Map<string, CardProfile>();

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-mutated-requests' });
  scenes = await recordScenes();
  const { stripeCardId } = scenes;
  const program = await createCardProgram(sql, {
    stripeAccount: null,
    stripeCardId,
    fundsMinor: FUNDS_MINOR,
  });
  await sql`update cards set controls = ${sql.json(CONTROLS)}, version = version + 1
    where card_id = ${program.cardId}`;
  await addFrozenCard(program);

  const clock = systemClock();
  const store = createDecisionStore(() => sql, clock);
  const onError = (error: unknown): never => {
    throw error;
  };
  const guard = createGuard(() => {});
  const watch = watchNothing;
  const loader = createProfileLoader({ store, clock, guard, onError });
  const cache = createProfileCache(loader, watch);
  const lanes = createLanes({ store, clock, guard, watch, onError, questionsPerCallMax: 200 });
  decide = createDecider({ profiles: cache, lanes, clock, watch, onError });
  const cards = [stripeCardId, FROZEN_CARD].map(parseStripeCardId);
  const loaded = await store.loadProfiles(
    cards.map((card) => ({ stripeAccount: null, stripeCardId: card })),
  );
  for (const [index, card] of cards.entries()) {
    const profile = loaded[index];
    if (profile != null) profiles.set(card, profile);
  }
});
afterAll(async () => {
  expect(await brokenInvariants(sql)).toEqual([]);
  await sql.end();
  await database.drop();
});

async function addFrozenCard(program: Awaited<ReturnType<typeof createCardProgram>>) {
  const { tenantId, cardholderId, accountId } = program;
  await sql`
    insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, stripe_card_id, freezes)
    values (${tenantId}, 'card_frozen', ${cardholderId}, ${accountId}, 'virtual', 'usd', 'active', ${FROZEN_CARD},
      '{"operator": "asked for"}')`;
  await sql`
    insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
    values (${tenantId}, ${FROZEN_CARD}, 'card_frozen', 1, 'active', '4242', 12, 2030)`;
}

/** What is wrong with the form of an answer; null when nothing is. */
function flawOf(response: LightMyRequestResponse): string | null {
  const body: unknown = response.json();
  if (response.statusCode === 400) {
    const refusal = { error: { code: 'REQUEST_REFUSED', message: expect.any(String) } };
    expect(body).toEqual(refusal);
    return null;
  }
  if (response.statusCode !== 200) return `status ${response.statusCode}`;
  if (!/^[\x20-\x7e]+$/.test(String(response.headers['stripe-version']))) return 'version';
  const { approved, metadata, ...rest } = body as Record<string, unknown>;
  if (typeof approved !== 'boolean') return 'approved';
  // There is always money enough, so that nothing is approved in part.
  if (Object.keys(rest).length > 0) return `fields ${Object.keys(rest).join(', ')}`;
  const notes = Object.entries(metadata as Record<string, unknown>);
  const [[key, note] = ['', '']] = notes;
  if (notes.length !== 1 || !/^\w{1,40}$/.test(key)) return `metadata key ${key}`;
  if (typeof note !== 'string' || note.length > 500) return 'metadata value';
  return null;
}

interface Told {
  readonly approved: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}
const REASON = new RegExp(
  `^(?:dec_\\w+ )?(${[...DECLINE_REASONS, ...FALLBACK_REASONS].join('|')})$`,
);

/** The answer, in the words of what is due. */
function answerOf(response: LightMyRequestResponse): Due | 'fallback' {
  if (response.statusCode === 400) return 'refused';
  const { approved, metadata } = response.json<Told>();
  if (approved) return 'approve';
  if ('authorizer' in metadata) return 'unanswerable';
  const note = Object.values(metadata)[0] ?? '';
  expect(note).toMatch(REASON);
  return note.startsWith('dec_') ? 'decline' : 'fallback';
}

it('each kind of request is approved as it is', async () => {
  const { app } = startAuthorizer({ decide, clock: systemClock() });
  for (const scene of SCENES) {
    const response = await post(app, mutated(scenes.events[scene], [], `as_is_${scene.length}`));
    expect([scene, answerOf(response), flawOf(response)]).toEqual([scene, 'approve', null]);
  }
});

it(
  `a spoiled request gets the answer that its readable parts ask for, in Stripe’s form (seed ${seed})`,
  async () => {
    const { app, answers } = startAuthorizer({ decide, clock: systemClock() });
    let count = 0;
    const seen: Partial<Record<Due | 'fallback', number>> = {};
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SCENES),
        someMutations({ known: WORDS.split(' '), telling: TELLING }),
        async (scene, mutations) => {
          count += 1;
          const payload = mutated(scenes.events[scene], mutations, `run${count}`);
          const response = await post(app, payload);
          expect(flawOf(response)).toBeNull();
          const answer = answerOf(response);
          seen[answer] = (seen[answer] ?? 0) + 1;
          const due = dueAnswer(JSON.parse(payload), profiles);
          // On a machine that is busy elsewhere Postgres may be late; that is a decline, and nothing else.
          if (answer === 'fallback') expect(['approve', 'decline']).toContain(due);
          else expect(answer).toBe(due);
        },
      ),
      { seed, numRuns: runs },
    );
    expect(Object.keys(seen)).toEqual(expect.arrayContaining(['approve', 'decline', 'refused']));
    expect(seen.fallback ?? 0).toBeLessThan(runs / 10);
    const slowest = Math.max(...answers.map(({ timings }) => timings.answeredMs));
    expect(slowest).toBeLessThan(STRIPE_WAITS_MS);
  },
  TIMEOUT_MS,
);
