/** Replacement of cards: numbers, expiries, who is cancelled when, and where open authorizations go. */
import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADDRESS, type Program, refusal, startProgram } from './program.ts';
import { told } from './story.ts';

let program: Program;
beforeEach(async () => {
  program = await startProgram({ clock: 'virtual' });
});
afterEach(() => program.close());

type CreateParams = Partial<Stripe.Issuing.CardCreateParams>;
const replace = (
  card: Stripe.Issuing.Card,
  reason: 'damaged' | 'expired' | 'lost' | 'stolen',
  params: CreateParams = {},
) =>
  program.card({
    cardholder: card.cardholder.id,
    replacement_for: card.id,
    replacement_reason: reason,
    ...params,
  });
const cancel = (card: Stripe.Issuing.Card, reason: 'lost' | 'stolen') =>
  program.stripe.issuing.cards.update(card.id, {
    status: 'canceled',
    cancellation_reason: reason,
  });
const activate = (card: Stripe.Issuing.Card) =>
  program.stripe.issuing.cards.update(card.id, { status: 'active' });
const secrets = (card: Stripe.Issuing.Card) =>
  program.stripe.issuing.cards.retrieve(card.id, { expand: ['number', 'cvc'] });
const helpers = () => program.stripe.testHelpers.issuing.authorizations;

describe('a replacement', () => {
  it.each(['lost', 'stolen'] as const)(
    'of a %s card needs its cancellation first and gets a new number',
    async (reason) => {
      const lost = await program.card();
      expect((await refusal(replace(lost, reason))).param).toBe('replacement_for');
      await cancel(lost, reason);
      const replacement = await replace(lost, reason);
      expect((await secrets(replacement)).number).not.toBe((await secrets(lost)).number);
      const original = await program.stripe.issuing.cards.retrieve(lost.id, {
        expand: ['replaced_by'],
      });
      expect(original).toMatchObject({
        cancellation_reason: reason,
        replaced_by: { id: replacement.id, object: 'issuing.card' },
      });
      expect(replacement).toMatchObject({ replacement_for: lost.id, replacement_reason: reason });
    },
  );

  it.each(['damaged', 'expired'] as const)(
    'of a %s card keeps the number, has a later expiry, and cancels the original once active',
    async (reason) => {
      const old = await program.card();
      await program.subscribe();
      const replacement = await replace(old, reason, { status: 'inactive' });
      const [before, after] = [await secrets(old), await secrets(replacement)];
      expect(after.number).toBe(before.number);
      const months = (card: Stripe.Issuing.Card) => card.exp_year * 12 + card.exp_month;
      expect(months(after)).toBeGreaterThan(months(before));
      expect((await program.stripe.issuing.cards.retrieve(old.id)).status).toBe('active');
      await activate(replacement);
      expect(await program.stripe.issuing.cards.retrieve(old.id)).toMatchObject({
        status: 'canceled',
        cancellation_reason: null,
      });
      expect((await told(program)).map(({ type, object }) => [type, object['id']])).toEqual([
        ['card.created', replacement.id],
        ['card.updated', old.id],
        ['card.updated', replacement.id],
        ['card.updated', old.id],
      ]);
    },
  );

  it('that keeps the number cannot expire with the original or before it', async () => {
    const old = await program.card({ exp_month: 12, exp_year: 2028 });
    const error = await refusal(replace(old, 'damaged', { exp_month: 12, exp_year: 2028 }));
    expect(error.param).toBe('exp_year');
    const next = await replace(old, 'damaged', { exp_month: 1, exp_year: 2029 });
    expect(next).toMatchObject({ exp_month: 1, exp_year: 2029 });
  });

  it('that keeps the number gets the month after a December by itself', async () => {
    const old = await program.card({ exp_month: 12, exp_year: 2040 });
    expect(await replace(old, 'expired')).toMatchObject({ exp_month: 1, exp_year: 2041 });
  });

  it.each<[string, CreateParams, string]>([
    [
      'another type',
      { type: 'physical', shipping: { name: 'J', address: ADDRESS } },
      'replacement_for',
    ],
    ['another currency', { currency: 'cad' }, 'currency'],
    ['no reason', { replacement_reason: undefined as never }, 'replacement_reason'],
    [
      'a reason that is not the caller’s',
      { replacement_reason: 'fulfillment_error' as never },
      'replacement_reason',
    ],
    ['an unknown card', { replacement_for: 'ic_none' }, 'replacement_for'],
  ])('is refused with %s', async (_name, params, param) => {
    const old = await program.card();
    expect((await refusal(replace(old, 'damaged', params))).param).toBe(param);
  });

  it('is refused for another cardholder, a second time, and of a cancelled card as damaged', async () => {
    const old = await program.card();
    const other = await program.cardholder();
    const stranger = replace(old, 'damaged', { cardholder: other.id });
    expect((await refusal(stranger)).param).toBe('cardholder');
    await replace(old, 'damaged');
    expect((await refusal(replace(old, 'damaged'))).message).toContain('already been replaced');
    const gone = await program.card();
    await cancel(gone, 'lost');
    expect((await refusal(replace(gone, 'damaged'))).param).toBe('replacement_for');
    expect((await refusal(program.card({ replacement_reason: 'lost' }))).param).toBe(
      'replacement_for',
    );
  });

  it('shares the spending limits of the whole chain', async () => {
    const limits = { spending_limits: [{ amount: 1_000, interval: 'all_time' }] } as const;
    const spending_controls = { spending_limits: [...limits.spending_limits] };
    const first = await program.card({ spending_controls });
    await helpers().create({ card: first.id, amount: 600 });
    await cancel(first, 'lost');
    const second = await replace(first, 'lost', { spending_controls });
    await helpers().create({ card: second.id, amount: 300 });
    const third = await replace(second, 'damaged', { spending_controls });
    expect(await helpers().create({ card: third.id, amount: 101 })).toMatchObject({
      approved: false,
      request_history: [{ reason: 'spending_controls' }],
    });
    expect(await helpers().create({ card: third.id, amount: 100 })).toMatchObject({
      approved: true,
    });
  });
});

describe('an open authorization of a replaced card', () => {
  const setUp = async (reason: 'damaged' | 'lost') => {
    const old = await program.card();
    const open = await helpers().create({ card: old.id, amount: 1_000 });
    const closed = await helpers().create({ card: old.id, amount: 50 });
    await helpers().capture(closed.id);
    if (reason === 'lost') await cancel(old, 'lost');
    const replacement = await replace(old, reason, { status: 'inactive' });
    expect(await program.stripe.issuing.authorizations.retrieve(open.id)).toMatchObject({
      card: { id: old.id },
    });
    await program.subscribe();
    await activate(replacement);
    return { old, open, closed, replacement };
  };

  it.each(['damaged', 'lost'] as const)(
    'moves to the replacement once it is active, with an event (%s)',
    async (reason) => {
      const { old, open, closed, replacement } = await setUp(reason);
      const { authorizations } = program.stripe.issuing;
      expect(await authorizations.retrieve(open.id)).toMatchObject({
        card: { id: replacement.id },
        status: 'pending',
        amount: 1_000,
      });
      expect((await authorizations.retrieve(closed.id)).card.id).toBe(old.id);
      const seen = await told(program, 'issuing_authorization');
      expect(seen).toMatchObject([
        {
          type: 'authorization.updated',
          object: { id: open.id, card: { id: replacement.id } },
          previous: { card: { id: old.id } },
        },
      ]);
    },
  );

  it('may still clear on the old card, as the account has it', async () => {
    const { old, open, replacement } = await setUp('damaged');
    const part = { capture_amount: 100, close_authorization: false };
    const first = await helpers().capture(open.id, part);
    expect(first.transactions).toMatchObject([{ card: old.id }]);
    await program.control('PUT', '/_sim/accounts/platform/settings', {
      replacedClearing: 'replacement',
    });
    const second = await helpers().capture(open.id, part);
    expect(second.transactions).toMatchObject([{ card: old.id }, { card: replacement.id }]);
    expect(second.card.id).toBe(replacement.id);
  });
});
