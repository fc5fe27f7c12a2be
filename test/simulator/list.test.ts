import type Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Program, refusal, startProgram } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await startProgram({ clock: 'virtual' });
});
afterAll(() => program.close());

describe('lists', () => {
  it('are newest first, with cursors both ways, and page by themselves', async () => {
    const holder = await program.cardholder();
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1)
      ids.unshift((await program.card({ cardholder: holder.id, status: 'inactive' })).id);
    const { cards } = program.stripe.issuing;
    const first = await cards.list({ cardholder: holder.id, limit: 2 });
    expect(first).toMatchObject({ object: 'list', has_more: true, url: '/v1/issuing/cards' });
    expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const all: string[] = [];
    for await (const card of cards.list({ cardholder: holder.id, limit: 2 })) all.push(card.id);
    expect(all).toEqual(ids);
    const back = await cards.list({ cardholder: holder.id, limit: 2, ending_before: ids[3] ?? '' });
    expect(back.data.map(({ id }) => id)).toEqual(ids.slice(1, 3));
    expect(back.has_more).toBe(true);
  });

  it('filter by what the API names', async () => {
    const card = await program.card({ exp_month: 3, exp_year: 2033 });
    const { authorizations, cards, transactions, cardholders } = program.stripe.issuing;
    const found = async (filter: Stripe.Issuing.CardListParams) =>
      (await cards.list(filter)).data.map(({ id }) => id);
    expect(
      await found({
        last4: card.last4,
        status: 'active',
        type: 'virtual',
        exp_month: 3,
        exp_year: 2033,
      }),
    ).toEqual([card.id]);
    expect(await found({ cardholder: card.cardholder.id, status: 'canceled' })).toEqual([]);
    expect(await found({ cardholder: card.cardholder.id, created: { lt: card.created } })).toEqual(
      [],
    );
    expect(await found({ cardholder: card.cardholder.id, created: card.created })).toEqual([
      card.id,
    ]);
    const { id } = await program.stripe.testHelpers.issuing.authorizations.create({
      card: card.id,
      amount: 100,
    });
    await program.stripe.testHelpers.issuing.authorizations.capture(id);
    expect((await authorizations.list({ card: card.id, status: 'closed' })).data).toHaveLength(1);
    expect((await authorizations.list({ card: card.id, status: 'pending' })).data).toHaveLength(0);
    expect((await transactions.list({ card: card.id, type: 'capture' })).data).toHaveLength(1);
    expect(
      (await transactions.list({ cardholder: card.cardholder.id, type: 'refund' })).data,
    ).toHaveLength(0);
    expect((await cardholders.list({ type: 'company' })).data).toHaveLength(0);
  });
});

describe('expand', () => {
  it('replaces ids by objects, in lists and along paths', async () => {
    const card = await program.card();
    const { id } = await program.stripe.testHelpers.issuing.authorizations.create({
      card: card.id,
      amount: 100,
      expand: ['cardholder'],
    });
    await program.stripe.testHelpers.issuing.authorizations.capture(id);
    const list = await program.stripe.issuing.transactions.list({
      card: card.id,
      expand: ['data.authorization.cardholder', 'data.card'],
    });
    expect(list.data[0]).toMatchObject({
      authorization: { id, cardholder: { id: card.cardholder.id } },
      card: { id: card.id, object: 'issuing.card' },
    });
  });

  it('refuses paths that lead nowhere, or too deep', async () => {
    const card = await program.card();
    const expand = (path: string) =>
      refusal(program.stripe.issuing.cards.retrieve(card.id, { expand: [path] }));
    expect((await expand('balance')).message).toBe('This property cannot be expanded (balance).');
    for (const path of ['status', '__proto__', 'constructor', 'card.__proto__'])
      expect((await expand(path)).statusCode).toBe(400);
    expect((await expand('a.b.c.d.e')).message).toContain('4 levels');
    expect(
      (await refusal(program.stripe.issuing.cards.list({ expand: ['data.number'] }))).statusCode,
    ).toBe(400);
  });

  it('refuses what is not there even where there is nothing to look at', async () => {
    const { disputes, transactions } = program.stripe.issuing;
    for (const path of ['data.foo', 'transaction', 'data.transaction.token.nonsense']) {
      const error = await refusal(disputes.list({ expand: [path] }));
      expect(error).toMatchObject({ statusCode: 400, param: 'expand' });
    }
    const error = await refusal(transactions.list({ expand: ['data.token.nonsense'] }));
    expect(error).toMatchObject({ statusCode: 400, param: 'expand' });
    const both = program.stripe.events.list({ created: 1, type: 'a', types: ['b'] });
    expect((await refusal(both)).param).toBe('type');
  });

  it('refuses a path that asks for far more than there is', async () => {
    const { authorizations } = program.stripe.testHelpers.issuing;
    const card = await program.card();
    const held = await authorizations.create({ card: card.id, amount: 1_000 });
    const part = { capture_amount: 1, close_authorization: false };
    for (let made = 0; made < 40; made += 1) await authorizations.capture(held.id, part);
    const list = (path: string) =>
      program.stripe.issuing.transactions.list({ card: card.id, limit: 100, expand: [path] });
    const squared = await list('data.authorization');
    expect(squared.data[39]?.authorization).toMatchObject({ id: held.id });
    const startedAt = performance.now();
    const error = await refusal(list('data.authorization.transactions.authorization'));
    expect(error).toMatchObject({ statusCode: 400, param: 'expand' });
    expect(error.message).toContain('data.authorization.transactions.authorization');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    const patched = await authorizations.increment(held.id, {
      increment_amount: 1,
      expand: ['transactions.authorization.transactions.authorization'],
    });
    expect(patched.amount).toBeGreaterThan(0);
  });
});
