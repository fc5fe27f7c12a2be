/**
 * How long a decision takes, and how long it is from a webhook to the books, over the whole running stack with
 * nothing else going on: one request at a time, sent by this process as Stripe would send it. The baselines are a
 * bare HTTP answer of the authorizer and an empty round trip to Postgres, in the same run.
 */
import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { createSql } from '../src/adapters/postgres/pool.ts';
import { liveCard } from '../src/apps/cli/demo/journey.ts';
import type { CardPlan } from '../src/apps/cli/demo/plan.ts';
import { type DemoProgram, openProgram } from '../src/apps/cli/demo/program.ts';
import { startStack } from '../src/apps/cli/local/stack.ts';
import { measure } from './latency.ts';
import type { Bench } from './report.ts';

const RUNS = 500;
const RUNS_QUICK = 40;
/** Our own budget for an answer; Stripe's is 2 s. */
const DECISION_GOAL_MS = 500;
/** A person who pays and looks at the app at once should see it. */
const BOOKS_GOAL_MS = 1_000;
const FUNDS_MINOR = 1_000_000_000;
/** How often the balance is looked at while waiting for it to move. */
const LOOK_EVERY_MS = 1;

const PLAN: CardPlan = {
  number: 1,
  customer: 'Demo Customer A',
  type: 'virtual',
  holder: 'individual',
  isConnected: false,
  arrival: 'plain',
  isFrozenOnce: false,
  isCancelled: false,
  fundsMinor: FUNDS_MINOR,
  purchases: [],
};

export const demoPath: Bench = async ({ quick }) => {
  const runs = quick ? RUNS_QUICK : RUNS;
  const stack = await startStack({ mode: 'throwaway', ports: 'random', seed: 1 });
  const sql = createSql({ url: stack.databaseUrl, poolSize: 2, name: 'bench' });
  try {
    const program = await openProgram(stack);
    const { signal } = new AbortController();
    const end = await liveCard(PLAN, { program, signal, onCard: () => {} });
    const { stripeCard } = await program.api.cards.get(end.cardId);
    const card = stripeCard?.id ?? '';

    const available = async (): Promise<number> => {
      const [row] = await sql<{ available_minor: number }[]>`
        select available_minor from accounts where account_id = ${end.accountId}`;
      return row?.available_minor ?? 0;
    };
    const bare = await measure(runs, async () => {
      await (await fetch(`${stack.urls.authorizer}/healthz`)).text();
    });
    const roundTrip = await measure(runs, async () => {
      await available();
    });
    const decision = await measure(runs, () => askDecision(program, card));
    const toBooks = await measure(runs, async () => {
      const before = await available();
      await sendCapture(program, card);
      while ((await available()) === before) {
        await new Promise((resolve) => {
          setTimeout(resolve, LOOK_EVERY_MS);
        });
      }
    });
    return {
      name: 'demo-path',
      baselines: { 'bare HTTP answer': bare.figures, 'Postgres round trip': roundTrip.figures },
      results: {
        decision: { ...decision.figures, 'p50 / bare HTTP p50': ratio(decision.p50, bare.p50) },
        'webhook to the books': {
          ...toBooks.figures,
          'p50 / round trip p50': ratio(toBooks.p50, roundTrip.p50),
        },
      },
      bars: [
        bar('decision p99', DECISION_GOAL_MS, decision.p99),
        bar('webhook to the books p99', BOOKS_GOAL_MS, toBooks.p99),
      ],
    };
  } finally {
    await sql.end();
    await stack.stop();
  }
};

const ratio = (value: number, baseline: number): number => Math.round((value / baseline) * 10) / 10;
const bar = (name: string, goalMs: number, gotMs: number) => ({
  name,
  goal: `<= ${goalMs} ms`,
  got: `${gotMs} ms`,
  ok: gotMs <= goalMs,
});

const MERCHANT = {
  name: 'Bench',
  category: 'bakeries',
  category_code: '5462',
  country: 'US',
  network_id: '1',
};

async function post(url: string, secret: string, type: string, object: object): Promise<unknown> {
  const payload = JSON.stringify({
    id: `evt_${randomUUID().replaceAll('-', '')}`,
    object: 'event',
    type,
    created: Math.floor(Date.now() / 1000),
    api_version: '2026-10-28.endive',
    data: { object },
  });
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret });
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
  const response = await fetch(url, { method: 'POST', body: payload, headers });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

async function askDecision({ stack }: DemoProgram, card: string): Promise<void> {
  const answer = await post(
    `${stack.urls.authorizer}/webhooks/stripe/authorizations`,
    stack.signingSecret,
    'issuing_authorization.request',
    {
      id: `iauth_${randomUUID().replaceAll('-', '')}`,
      card: { id: card },
      merchant_data: MERCHANT,
      verification_data: {},
      pending_request: {
        amount: 100,
        currency: 'usd',
        merchant_amount: 100,
        merchant_currency: 'usd',
        is_amount_controllable: false,
      },
    },
  );
  if (
    typeof answer !== 'object' ||
    answer === null ||
    !('approved' in answer) ||
    answer.approved !== true
  ) {
    throw new Error(`the purchase was not approved: ${JSON.stringify(answer)}`);
  }
}

async function sendCapture({ stack }: DemoProgram, card: string): Promise<void> {
  await post(
    `${stack.urls.ingress}/webhooks/stripe`,
    stack.webhookSecret,
    'issuing_transaction.created',
    {
      id: `ipi_${randomUUID().replaceAll('-', '')}`,
      type: 'capture',
      card,
      authorization: null,
      amount: -100,
      currency: 'usd',
      created: Math.floor(Date.now() / 1000),
      merchant_data: MERCHANT,
    },
  );
}
