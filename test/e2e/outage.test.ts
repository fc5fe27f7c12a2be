/**
 * Parts of the system taken away, on the real stack: Temporal unreachable, and then everything but the authorizer
 * and Postgres. Temporal is stopped in its tracks (SIGSTOP), which is how an unreachable server feels: it accepts
 * and never answers.
 */
import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveCard } from '../../src/apps/cli/demo/journey.ts';
import { planDemo } from '../../src/apps/cli/demo/plan.ts';
import { type DemoProgram, openProgram } from '../../src/apps/cli/demo/program.ts';
import { type Stack, startStack } from '../../src/apps/cli/local/stack.ts';
import { createIssuingClient, IssuingApiError } from '../../src/client/index.ts';
import { eventually } from '../support/eventually.ts';

const START_MS = 120_000;
/** A command that needs the workflow answers by then, also when nobody is there. */
const UNAVAILABLE_WITHIN_MS = 3_500;

let stack: Stack;
let program: DemoProgram;
let active: { readonly cardId: string; readonly accountId: string; readonly stripeCardId: string };
let holder: { readonly cardholderId: string; readonly accountId: string };

beforeAll(async () => {
  stack = await startStack({ mode: 'throwaway', ports: 'random', seed: 6, durable: false });
  program = await openProgram(stack);
  const [plan] = planDemo(1, 6);
  if (plan === undefined) throw new Error('one card was planned');
  const quiet = { ...plan, purchases: [] };
  const { signal } = new AbortController();
  const end = await liveCard(quiet, { program, signal, onCard: () => {} });
  const card = await program.api.cards.get(end.cardId);
  active = {
    cardId: end.cardId,
    accountId: end.accountId,
    stripeCardId: card.stripeCard?.id ?? '',
  };
  holder = { cardholderId: card.cardholderId, accountId: end.accountId };
}, START_MS);
afterAll(() => stack.stop());

/** The client's own retries would hide how fast a refusal comes. */
const impatient = () =>
  createIssuingClient({ baseUrl: stack.urls.ingress, apiKey: stack.apiKey, attempts: 1 });

function send(part: 'temporal', name: 'SIGSTOP' | 'SIGCONT'): void {
  const pid = stack.part(part).pid();
  if (pid === undefined) throw new Error(`${part} is not running`);
  process.kill(pid, name);
}

describe('with Temporal unreachable', () => {
  it('accepts cards, freezes, moves the books, refuses what needs the workflow, and catches up afterwards', async () => {
    const api = impatient();
    send('temporal', 'SIGSTOP');
    let requested: string;
    try {
      const card = await api.cards.request({ ...holder, type: 'virtual' });
      requested = card.id;
      expect(card.phase).toBe('kyc');

      const frozen = await api.cards.freeze(active.cardId, { reason: 'test' });
      expect(frozen.frozen).toBe(true);
      const declined = await program.shopper.authorize(
        { ...active, options: {}, fundsMinor: 0 },
        100,
      );
      expect(declined.approved).toBe(false);

      const askedMs = performance.now();
      const refusal: unknown = await api.cards.retryKyc(requested).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(IssuingApiError);
      expect(refusal).toMatchObject({ status: 503 });
      expect(performance.now() - askedMs).toBeLessThan(UNAVAILABLE_WITHIN_MS);

      const before = await api.accounts.get(active.accountId);
      await program.stripe.testHelpers.issuing.transactions.createForceCapture({
        card: active.stripeCardId,
        amount: 321,
        currency: 'usd',
      });
      await eventually(
        async () =>
          (await api.accounts.get(active.accountId)).availableMinor === before.availableMinor - 321,
      );
    } finally {
      send('temporal', 'SIGCONT');
    }
    const { api: patient } = program;
    // The holder is verified already, so the card that could not be started then goes all the way now.
    await eventually(async () => (await patient.cards.get(requested)).phase === 'active', {
      timeoutMs: 40_000,
    });
    await eventually(
      async () => (await patient.cards.get(active.cardId)).stripeCard?.status === 'inactive',
      { timeoutMs: 20_000 },
    );
    await patient.cards.unfreeze(active.cardId);
    await eventually(
      async () => (await patient.cards.get(active.cardId)).stripeCard?.status === 'active',
      { timeoutMs: 20_000 },
    );
  }, 90_000);
});

describe('with Temporal, worker, relay, ingress and the Stripe API stopped', () => {
  it('goes on deciding', async () => {
    for (const part of ['worker', 'relay', 'ingress', 'temporal', 'simulator'] as const)
      await stack.part(part).stop();
    const payload = JSON.stringify({
      id: `evt_${randomUUID().replaceAll('-', '')}`,
      object: 'event',
      type: 'issuing_authorization.request',
      created: Math.floor(Date.now() / 1000),
      api_version: '2026-10-28.endive',
      data: {
        object: {
          id: `iauth_${randomUUID().replaceAll('-', '')}`,
          card: { id: active.stripeCardId },
          merchant_data: { category: 'bakeries', category_code: '5462' },
          verification_data: {},
          pending_request: {
            amount: 100,
            currency: 'usd',
            merchant_amount: 100,
            merchant_currency: 'usd',
            is_amount_controllable: false,
          },
        },
      },
    });
    const header = Stripe.webhooks.generateTestHeaderString({
      payload,
      secret: stack.signingSecret,
    });
    const response = await fetch(`${stack.urls.authorizer}/webhooks/stripe/authorizations`, {
      method: 'POST',
      body: payload,
      headers: { 'content-type': 'application/json', 'stripe-signature': header },
    });
    expect(await response.json()).toMatchObject({ approved: true });
  });
});
