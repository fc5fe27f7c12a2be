/** Spending limits where one purchase has several parts, days, currencies, or company while it is being decided. */
import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { decision, type Program, type Reply, startProgram } from './program.ts';

const DAY_SECONDS = 86_400;
type Limit = Stripe.Issuing.CardCreateParams.SpendingControls.SpendingLimit;

let program: Program;
beforeEach(async () => {
  program = await startProgram({ clock: 'virtual' });
});
afterEach(() => program.close());

const helpers = () => program.stripe.testHelpers.issuing.authorizations;
const buy = (card: { id: string }, amount: number) => helpers().create({ card: card.id, amount });
const limited = (...limits: Limit[]) =>
  program.card({ spending_controls: { spending_limits: limits } });
const pass = (days: number) =>
  program.control('POST', '/_sim/clock/advance', { seconds: days * DAY_SECONDS });
const REFUSED = { approved: false, request_history: [{ reason: 'spending_controls' }] };

describe('a limit per authorization', () => {
  it('looks at the whole authorization when it is incremented', async () => {
    const card = await limited({ amount: 1_000, interval: 'per_authorization' });
    const { id } = await buy(card, 900);
    expect(await helpers().increment(id, { increment_amount: 101 })).toMatchObject({
      amount: 900,
      request_history: [{ approved: true }, { approved: false, reason: 'spending_controls' }],
    });
    await helpers().capture(id, { capture_amount: 500, close_authorization: false });
    expect(await helpers().increment(id, { increment_amount: 101 })).toMatchObject({ amount: 400 });
    expect(await helpers().increment(id, { increment_amount: 100 })).toMatchObject({ amount: 500 });
  });

  it('of 10,000 USD, which nobody can raise, does so as well', async () => {
    const card = await limited({ amount: 10_000_000, interval: 'daily' });
    const { id } = await buy(card, 900_000);
    const raised = await helpers().increment(id, { increment_amount: 100_001 });
    expect(raised.amount).toBe(900_000);
    expect((await helpers().increment(id, { increment_amount: 100_000 })).amount).toBe(1_000_000);
  });
});

describe('a limit per day', () => {
  it('counts an increment on the day of its decision', async () => {
    const card = await limited({ amount: 1_000, interval: 'daily' });
    const { id } = await buy(card, 800);
    await pass(1);
    expect(await helpers().increment(id, { increment_amount: 600 })).toMatchObject({
      amount: 1_400,
    });
    expect(await buy(card, 401)).toMatchObject(REFUSED);
    // What was added last is released first.
    await helpers().reverse(id, { reverse_amount: 500 });
    expect(await buy(card, 901)).toMatchObject(REFUSED);
    expect(await buy(card, 900)).toMatchObject({ approved: true });
  });

  it('counts it there after a restore, too', async () => {
    const card = await limited({ amount: 1_000, interval: 'daily' });
    const { id } = await buy(card, 800);
    await pass(1);
    await helpers().increment(id, { increment_amount: 600 });
    await program.control('POST', '/_sim/restore', await program.control('GET', '/_sim/snapshot'));
    expect(await buy(card, 401)).toMatchObject(REFUSED);
    await helpers().reverse(id);
    expect(await buy(card, 1_000)).toMatchObject({ approved: true });
  });
});

describe('a limit of a cardholder', () => {
  it('adds up what cards of several currencies spend, at the exchange rates', async () => {
    const holder = await program.cardholder({
      spending_controls: {
        spending_limits: [{ amount: 10_000, interval: 'all_time' }],
        spending_limits_currency: 'usd',
      },
    });
    const dollars = await program.card({ cardholder: holder.id });
    const yen = await program.card({ cardholder: holder.id, currency: 'jpy' });
    // 9,000 yen are 60.30 dollars.
    expect(await buy(yen, 9_000)).toMatchObject({ approved: true });
    expect(await buy(dollars, 3_971)).toMatchObject(REFUSED);
    expect(await buy(dollars, 3_970)).toMatchObject({ approved: true });
    expect(await buy(yen, 1)).toMatchObject(REFUSED);
  });
});

describe('what is being decided', () => {
  /** The endpoint keeps all requests waiting until it is told what to answer. */
  async function thinking(count: number): Promise<(approved: boolean) => void> {
    const open: ((approved: boolean) => void)[] = [];
    await program.decideWith(
      (received) =>
        new Promise<Reply>((resolve) => {
          open.push((approved) => resolve(decision(received, { approved })));
        }),
    );
    return (approved) => {
      expect(open).toHaveLength(count);
      for (const answer of open.splice(0)) answer(approved);
    };
  }
  const requests = () => program.receiver.events('issuing_authorization.request').length;

  it('takes room of a limit, and gives it back when it is declined', async () => {
    const card = await limited({ amount: 1_000, interval: 'daily' });
    const answer = await thinking(1);
    const first = buy(card, 800);
    await eventually(() => requests() === 1);
    expect(await buy(card, 800)).toMatchObject(REFUSED);
    answer(false);
    expect(await first).toMatchObject({ approved: false });
    const second = buy(card, 1_000);
    await eventually(() => requests() === 2);
    answer(true);
    expect(await second).toMatchObject({ approved: true });
  });

  it('takes the last payment that a card is good for', async () => {
    const card = await program.card({
      lifecycle_controls: { cancel_after: { payment_count: 1 } },
    });
    const answer = await thinking(1);
    const first = buy(card, 100);
    await eventually(() => requests() === 1);
    expect(await buy(card, 100)).toMatchObject({
      approved: false,
      request_history: [{ reason: 'not_allowed' }],
    });
    answer(true);
    expect(await first).toMatchObject({ approved: true });
    expect((await program.stripe.issuing.cards.retrieve(card.id)).status).toBe('canceled');
  });

  it('is not part of a snapshot', async () => {
    const card = await limited({ amount: 1_000, interval: 'daily' });
    const answer = await thinking(1);
    const first = buy(card, 800);
    await eventually(() => requests() === 1);
    const snapshot = await program.control('GET', '/_sim/snapshot');
    answer(true);
    await first;
    await program.control('DELETE', '/_sim/accounts/platform/realtime_endpoint');
    await program.control('POST', '/_sim/restore', snapshot);
    await program.control('DELETE', '/_sim/accounts/platform/realtime_endpoint');
    expect(await buy(card, 1_000)).toMatchObject({ approved: true });
  });
});
