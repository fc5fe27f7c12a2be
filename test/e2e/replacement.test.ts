/**
 * One card after another on real parts: replaced as damaged, warned of, replaced as lost. Who is cancelled when, what
 * Stripe holds, and what the next purchase is answered.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoProgram, openProgram } from '../../src/apps/cli/demo/program.ts';
import { type Stack, startStack } from '../../src/apps/cli/local/stack.ts';
import type { Card } from '../../src/client/schemas/card.ts';
import { eventually } from '../support/eventually.ts';

const STACK_START_MS = 120_000;
const TEST_MS = 60_000;
const SOON = { timeoutMs: 30_000, everyMs: 50 };

let stack: Stack;
let program: DemoProgram;
let cardholderId: string;

beforeAll(async () => {
  stack = await startStack({ mode: 'throwaway', ports: 'random', seed: 11, durable: false });
  program = await openProgram(stack);
}, STACK_START_MS);
afterAll(() => stack?.stop());

const inPhase = (id: string, phase: Card['phase']): Promise<Card> =>
  eventually(async () => {
    const card = await program.api.cards.get(id);
    return card.phase === phase ? card : undefined;
  }, SOON);

const stripeCard = async ({ stripeCard: card }: Card) => {
  if (card === null) throw new Error('there is a card at Stripe');
  return program.stripe.issuing.cards.retrieve(card.id);
};

async function firstCard(): Promise<Card> {
  const { api, control, tenants } = program;
  const tenantId = tenants.platform;
  const customerRef = 'customer-1';
  const account = await api.accounts.create({ tenantId, customerRef, currency: 'usd' });
  await api.accounts.credit(account.id, { amountMinor: 50_000, externalRef: 'top-up' });
  const holder = await api.cardholders.create({
    tenantId,
    customerRef,
    type: 'individual',
    name: 'Ada Lovelace',
    phoneNumber: '+14155550123',
    billing: {
      line1: '510 Townsend St',
      city: 'San Francisco',
      state: 'CA',
      postalCode: '94103',
      country: 'US',
    },
  });
  cardholderId = holder.id;
  const card = await api.cards.request({
    tenantId,
    cardholderId,
    accountId: account.id,
    type: 'virtual',
  });
  const session = await eventually(async () => {
    const { kyc } = await api.cardholders.get(cardholderId);
    return kyc.status === 'pending' ? kyc.sessionId : undefined;
  }, SOON);
  await control.verifyIdentity(session);
  return inPhase(card.id, 'active');
}

describe('a card that is replaced', () => {
  let first: Card;
  let second: Card;

  it(
    'as damaged serves until its replacement does, and then ends',
    async () => {
      first = await firstCard();
      await program.api.cards.setControls(first.id, { blockedCountries: ['CA'] });
      const { id } = await program.api.cards.replace(first.id, { reason: 'damaged' });
      second = await inPhase(id, 'active');
      await inPhase(first.id, 'winding_down');
      const [old, made] = await Promise.all([stripeCard(first), stripeCard(second)]);
      expect(old.status).toBe('canceled');
      expect(made).toMatchObject({
        status: 'active',
        replacement_for: old.id,
        replacement_reason: 'damaged',
        spending_controls: { blocked_merchant_countries: ['CA'] },
      });
      expect(second.replacementFor).toBe(first.id);
      expect((await program.api.cards.get(first.id)).replacedBy).toBe(second.id);
      // The holder was verified once.
      expect((await program.api.cardholders.get(cardholderId)).kyc.attempts).toBe(1);
    },
    TEST_MS,
  );

  it(
    'as lost is declined at once, and its replacement has a number of its own',
    async () => {
      const { api, shopper } = program;
      const { id } = await api.cards.replace(second.id, { reason: 'lost' });
      const payer = {
        stripeCardId: second.stripeCard?.id ?? '',
        options: {},
        fundsMinor: 50_000,
      };
      const { approved } = await shopper.authorize(payer, 100);
      expect(approved).toBe(false);
      const third = await inPhase(id, 'active');
      await inPhase(second.id, 'winding_down');
      const [lost, made] = await Promise.all([stripeCard(second), stripeCard(third)]);
      expect(lost).toMatchObject({ status: 'canceled', cancellation_reason: 'lost' });
      expect(made).toMatchObject({ status: 'active', replacement_reason: 'lost' });
      expect(made.last4).not.toBe(lost.last4);
      const { data } = await program.stripe.issuing.cards.list({ status: 'active' });
      expect(data.map((card) => card.id)).toEqual([made.id]);
      const { data: entries } = await api.cards.timeline(second.id, { limit: 100 });
      const kinds = entries.map(({ kind }) => kind);
      expect(kinds).toEqual(expect.arrayContaining(['replacement_requested', 'phase_changed']));
    },
    TEST_MS,
  );
});
