/** The authorizer's HTTP side as tests want it: a decider that answers as the test says, and ears on what leaves it. */
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import Stripe from 'stripe';
import { onTestFinished } from 'vitest';
import { buildApp } from '../../src/apps/authorizer/app.ts';
import { createAuthorizerMetrics } from '../../src/apps/authorizer/authorizer-metrics.ts';
import type { Decider, DecisionAnswer } from '../../src/apps/authorizer/decider.ts';
import type { AskedRequest } from '../../src/domain/authorization-request.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import type { FinishedSpan } from '../../src/platform/tracing.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { GivenAnswer } from '../../src/ports/decision-store.ts';
import { event } from '../support/stripe-events.ts';

export const SECRET = 'whsec_platform';
export const CONNECTED_SECRET = 'whsec_connected';
export const CONNECTED_ACCOUNT = 'acct_1';

export const approved = (over: Partial<DecisionAnswer> = {}): DecisionAnswer => ({
  approved: true,
  reason: 'APPROVED',
  approvedMinor: minorUnits(1_000),
  decisionId: 'dec_1',
  profileMs: 2,
  databaseMs: 6,
  ...over,
});

export interface AuthorizerUnderTest {
  readonly app: FastifyInstance;
  readonly asked: AskedRequest[];
  readonly answers: GivenAnswer[];
  readonly spans: FinishedSpan[];
  readonly log: string[];
}

interface Options {
  readonly decide?: Decider;
  readonly probe?: () => Promise<void>;
  readonly clock?: Clock;
  readonly answers?: { add(answer: GivenAnswer): void };
}

/** A clock that moves on by 1 ms each time it is looked at. */
export function tickingClock(): Clock {
  let nowMs = 1_800_000_000_000;
  return { nowMs: () => nowMs++ };
}

export function startAuthorizer(options: Options = {}): AuthorizerUnderTest {
  const { decide = () => Promise.resolve(approved()), clock = tickingClock() } = options;
  const asked: AskedRequest[] = [];
  const answers: GivenAnswer[] = [];
  const spans: FinishedSpan[] = [];
  const log: string[] = [];
  const registry = createMetrics('authorizer');
  const app = buildApp({
    decide(request, arrival) {
      asked.push(request);
      return decide(request, arrival);
    },
    answers: options.answers ?? { add: (answer) => void answers.push(answer) },
    signingSecrets: [
      { account: 'platform', secret: SECRET },
      { account: CONNECTED_ACCOUNT, secret: CONNECTED_SECRET },
    ],
    metrics: createAuthorizerMetrics(registry),
    registry,
    clock,
    logger: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
    probe: options.probe ?? (() => Promise.resolve()),
    tracing: { record: (span) => void spans.push(span) },
  });
  onTestFinished(() => app.close());
  return { app, asked, answers, spans, log };
}

/** A request as Stripe sends it, made small. `over` changes the authorization. */
export const requestEvent = (over: object = {}, account?: string) => ({
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
      merchant_data: {
        name: 'Shop',
        category: 'bakeries',
        category_code: '5462',
        country: 'US',
        network_id: '1234567890',
      },
      verification_data: {
        cvc_check: 'match',
        expiry_check: 'match',
        address_line1_check: 'match',
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

interface Signing {
  readonly secret?: string;
  /** Seconds since 1970; now, if it is not given. */
  readonly timestamp?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A body as Stripe signs it; a text is taken as it is. */
export function signed(body: unknown, { secret = SECRET, timestamp, headers }: Signing = {}) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const signature = Stripe.webhooks.generateTestHeaderString({
    payload,
    secret,
    ...(timestamp === undefined ? {} : { timestamp }),
  });
  const type = { 'content-type': 'application/json', 'stripe-signature': signature };
  return { payload, headers: { ...type, ...headers } };
}

export const post = (app: FastifyInstance, body: unknown, signing: Signing = {}) =>
  app.inject({
    method: 'POST',
    url: '/webhooks/stripe/authorizations',
    ...signed(body, signing),
  });
