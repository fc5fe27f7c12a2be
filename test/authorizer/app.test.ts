import Stripe from 'stripe';
import { afterEach, describe, expect, it } from 'vitest';
import { buildApp } from '../../src/apps/authorizer/app.ts';
import { createAuthorizerMetrics } from '../../src/apps/authorizer/authorizer-metrics.ts';
import { createDecider } from '../../src/apps/authorizer/decider.ts';
import { createLanes } from '../../src/apps/authorizer/lanes.ts';
import { createProfileCache } from '../../src/apps/authorizer/profile-cache.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import type { DecisionStore, Reply } from '../../src/ports/decision-store.ts';
import { sampleProfile } from '../support/sample-request.ts';
import { event } from '../support/stripe-events.ts';

const SECRET = 'whsec_platform';
const CONNECTED_SECRET = 'whsec_connected';
const apps: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

const approved: Reply = {
  kind: 'decided',
  decisionId: 'dec_1',
  approved: true,
  reason: 'APPROVED',
  approvedMinor: minorUnits(1_000),
};

/** The authorizer over a store that answers as the test says; everything else is the real thing. */
function start(over: Partial<DecisionStore> = {}) {
  const store: DecisionStore = {
    decide: (questions) => Promise.resolve(questions.map(() => approved)),
    loadProfile: () => Promise.resolve(sampleProfile()),
    onProfileChange: () => Promise.resolve(),
    isReachable: () => Promise.resolve(true),
    reconnect: () => {},
    ...over,
  };
  const clock = systemClock();
  const registry = createMetrics('authorizer');
  const app = buildApp({
    decide: createDecider({
      store,
      clock,
      profiles: createProfileCache(store),
      lanes: createLanes(store, clock),
      onError: () => {},
    }),
    signingSecrets: [
      { account: 'platform', secret: SECRET },
      { account: 'acct_1', secret: CONNECTED_SECRET },
    ],
    metrics: createAuthorizerMetrics(registry),
    registry,
    clock,
    logger: createLogger({ name: 'test', level: 'silent' }),
    isReady: () => store.isReachable(),
  });
  apps.push(app);
  return app;
}

const requestEvent = (over: object = {}, account?: string) => ({
  ...event(
    'issuing_authorization.request',
    {
      id: 'iauth_1',
      object: 'issuing.authorization',
      card: { id: 'ic_1' },
      amount: 0,
      approved: false,
      status: 'pending',
      card_presence: 'not_present',
      metadata: {},
      request_history: [],
      merchant_data: { name: 'Shop', category: 'bakeries', category_code: '5462', country: 'US' },
      verification_data: {
        cvc_check: 'match',
        expiry_check: 'match',
        address_postal_code_check: 'match',
      },
      pending_request: {
        amount: 1_000,
        currency: 'usd',
        merchant_amount: 1_000,
        merchant_currency: 'usd',
        is_amount_controllable: false,
        amount_details: null,
      },
      ...over,
    },
    { id: 'evt_request' },
  ),
  ...(account === undefined ? {} : { account }),
});

function post(app: ReturnType<typeof start>, body: object, secret = SECRET) {
  const payload = JSON.stringify(body);
  const header = Stripe.webhooks.generateTestHeaderString({ payload, secret });
  return app.inject({
    method: 'POST',
    url: '/webhooks/stripe/authorizations',
    payload,
    headers: { 'content-type': 'application/json', 'stripe-signature': header },
  });
}

describe('POST /webhooks/stripe/authorizations', () => {
  it('answers in the form Stripe asks for, in the version of the event', async () => {
    const response = await post(start(), requestEvent());
    expect(response.statusCode).toBe(200);
    expect(response.headers['stripe-version']).toBe('2026-10-28.endive');
    expect(response.json()).toEqual({
      approved: true,
      metadata: { evt_request: 'dec_1 APPROVED' },
    });
  });

  it('sends the lower amount of a partial approval', async () => {
    const part: Reply = {
      kind: 'decided',
      decisionId: 'dec_1',
      approved: true,
      reason: 'APPROVED_PARTLY',
      approvedMinor: minorUnits(400),
    };
    const app = start({ decide: (questions) => Promise.resolve(questions.map(() => part)) });
    expect((await post(app, requestEvent())).json()).toMatchObject({ approved: true, amount: 400 });
  });

  it('refuses a wrong signature, another account’s secret, and what is no request', async () => {
    const app = start();
    expect((await post(app, requestEvent(), 'whsec_other')).statusCode).toBe(400);
    expect((await post(app, requestEvent(), CONNECTED_SECRET)).statusCode).toBe(400);
    expect((await post(app, requestEvent({}, 'acct_1'), CONNECTED_SECRET)).statusCode).toBe(200);
    expect((await post(app, event('issuing_card.updated', { id: 'ic_1' }))).statusCode).toBe(400);
    expect((await post(app, requestEvent({ pending_request: null }))).statusCode).toBe(400);
    expect((await post(app, { ...requestEvent(), api_version: null })).statusCode).toBe(400);
    expect((await post(app, requestEvent({ id: 'no id' }))).statusCode).toBe(400);
  });

  it('declines within its budget when Postgres does not answer, and says so', async () => {
    const app = start({ decide: () => new Promise(() => {}) });
    const startedMs = performance.now();
    const response = await post(app, requestEvent());
    expect(response.json()).toEqual({
      approved: false,
      metadata: { evt_request: 'NO_ANSWER_IN_TIME' },
    });
    // Stripe's own limit; the budget is far below it, and a busy machine must not fail the test.
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  it('declines when Postgres fails, and counts it', async () => {
    const app = start({ decide: () => Promise.reject(new Error('connection refused')) });
    expect((await post(app, requestEvent())).json()).toMatchObject({
      approved: false,
      metadata: { evt_request: 'INTERNAL_ERROR' },
    });
    const { body } = await app.inject('/metrics');
    expect(body).toMatch(/issuing_decisions_total\{.*reason="INTERNAL_ERROR".*\} 1/);
  });

  it('asks again with the fresh profile when its own is outdated', async () => {
    const profiles: boolean[] = [];
    const app = start({
      decide(questions) {
        const [question] = questions;
        profiles.push(question?.profile?.isFrozen ?? false);
        const frozen = sampleProfile({ isFrozen: true });
        return Promise.resolve([
          profiles.length === 1 ? { kind: 'stale', profile: frozen } : approved,
        ]);
      },
    });
    await post(app, requestEvent());
    expect(profiles).toEqual([false, true]);
  });

  it('answers every error in one shape', async () => {
    const app = start();
    const tooLarge = await post(app, { text: 'x'.repeat(1_048_577) });
    expect(tooLarge.statusCode).toBe(413);
    expect(tooLarge.json()).toEqual({
      error: { code: 'BODY_TOO_LARGE', message: expect.any(String) },
    });
    const unknown = await app.inject('/nothing');
    expect(unknown.statusCode).toBe(404);
    expect(unknown.json()).toEqual({ error: { code: 'NOT_FOUND', message: expect.any(String) } });
    expect((await post(app, {})).json()).toMatchObject({ error: { code: 'REQUEST_REFUSED' } });
  });

  it('keeps the text of its own failures inside', async () => {
    const isReachable = () => Promise.reject(new Error('password of the database'));
    const response = await start({ isReachable }).inject('/readyz');
    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({ error: { code: 'INTERNAL' } });
    expect(response.body).not.toContain('password');
  });

  it('is ready only while Postgres answers', async () => {
    expect((await start().inject('/readyz')).statusCode).toBe(200);
    expect(
      (await start({ isReachable: () => Promise.resolve(false) }).inject('/readyz')).statusCode,
    ).toBe(503);
  });
});
