/** Cardholder and card at Stripe: once each, whatever happens to the calls. On the real database and the simulator. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CardId, parseStripeCardId } from '../../src/domain/ids.ts';
import { IDEMPOTENCY_KEY_TRUSTED_MS } from '../../src/domain/limits.ts';
import { createProgram, type Program, SECRET_NAME } from './program.ts';

let program: Program;

beforeAll(async () => {
  program = await createProgram();
});
afterAll(() => program.close());

const issue = (cardId: CardId) => program.activities.issueCard({ cardId, previousCardId: null });

async function cardsOf(cardId: CardId): Promise<readonly Record<string, unknown>[]> {
  const all = await program.atStripe('cards');
  return all.filter((card) => (card['metadata'] as Record<string, string>)['card_id'] === cardId);
}

async function rowOf(cardId: CardId) {
  const [row] = await program.sql<Record<string, unknown>[]>`
    select c.stripe_card_id, c.version, s.attempt, s.last4, s.status, h.stripe_cardholder_id
    from cards c join cardholders h using (cardholder_id)
    left join stripe_cards s on s.stripe_card_id = c.stripe_card_id where c.card_id = ${cardId}`;
  return row;
}

describe('a card', () => {
  test('is made inactive, with our ids and an explicit spending limit, and is recorded', async () => {
    const cardId = await program.card();
    const fact = await issue(cardId);
    const [card] = await cardsOf(cardId);
    expect(fact).toEqual({
      kind: 'card_created',
      stripeCardId: card?.['id'],
      status: 'inactive',
      shippingStatus: null,
      expiresMs: Date.UTC(Number(card?.['exp_year']), Number(card?.['exp_month']), 1),
    });
    expect(card).toMatchObject({
      status: 'inactive',
      currency: 'eur',
      metadata: { card_id: cardId, attempt: '1', tenant_id: expect.any(String) },
      spending_controls: {
        spending_limits: [{ amount: 1_000_000, interval: 'per_authorization' }],
      },
    });
    expect(await rowOf(cardId)).toMatchObject({ stripe_card_id: card?.['id'], attempt: 1 });
  });

  test('of plastic is sent to the address stored with it', async () => {
    const cardId = await program.card({ type: 'physical' });
    const fact = await issue(cardId);
    expect(fact).toMatchObject({ kind: 'card_created', shippingStatus: 'pending' });
    const [card] = await cardsOf(cardId);
    expect(card?.['shipping']).toMatchObject({
      name: SECRET_NAME,
      service: 'express',
      address: { line1: '1 Main St', postal_code: '10115', country: 'DE' },
    });
  });

  test('of a connected account is made in that account', async () => {
    await program.control('POST', '/accounts', { id: 'acct_lifecycle' });
    const cardId = await program.card({ tenant: await program.tenant('acct_lifecycle') });
    await issue(cardId);
    const calls = program.proxy.calls.filter((call) => call.includes('account=acct_lifecycle'));
    expect(calls.map((call) => call.split(' ').slice(0, 2).join(' '))).toEqual([
      'POST /v1/issuing/cardholders',
      'POST /v1/issuing/cards',
    ]);
  });

  test('is not made twice when the activity runs twice', async () => {
    const cardId = await program.card();
    const first = await issue(cardId);
    expect(await issue(cardId)).toEqual(first);
    expect(await cardsOf(cardId)).toHaveLength(1);
  });

  test('after a dead one is another one', async () => {
    const cardId = await program.card({ type: 'physical' });
    const first = await issue(cardId);
    if (first.kind !== 'card_created') throw new Error('not created');
    const { stripeCardId } = first;
    await program.run(() => program.activities.cancelPreviousCard({ cardId, stripeCardId }));
    const second = await program.activities.issueCard({ cardId, previousCardId: stripeCardId });
    const again = await program.activities.issueCard({ cardId, previousCardId: stripeCardId });
    expect(second).toMatchObject({ kind: 'card_created' });
    expect(again).toEqual(second);
    const cards = await cardsOf(cardId);
    expect(new Set(cards.map((card) => card['status']))).toEqual(new Set(['canceled', 'inactive']));
    expect(await rowOf(cardId)).toMatchObject({ attempt: 2 });
  });
});

describe('disturbances', () => {
  const lost = { status: 503, error: { type: 'api_error', message: SECRET_NAME } } as const;
  const stored = { status: 500, error: { type: 'api_error', message: SECRET_NAME } } as const;

  test('a lost answer is asked for again under the same key with the same body', async () => {
    const cardId = await program.card();
    program.proxy.disturb({ on: 'POST /v1/issuing/cards', done: true, ...lost });
    await expect(issue(cardId)).rejects.toThrow('status 503');
    await expect(issue(cardId)).resolves.toMatchObject({ kind: 'card_created' });
    expect(await cardsOf(cardId)).toHaveLength(1);
    const keys = program.proxy.calls.filter((call) => call.includes(`key=${cardId}/create_card/1`));
    expect(keys).toHaveLength(2);
  });

  test('a changed profile does not change the request that was begun', async () => {
    const cardId = await program.card();
    program.proxy.disturb({ on: 'POST /v1/issuing/cardholders', done: true, ...lost });
    await expect(issue(cardId)).rejects.toThrow('status 503');
    await program.sql`update cardholders set profile = profile || '{"name":"Other Name"}'
      where cardholder_id = (select cardholder_id from cards where card_id = ${cardId})`;
    await expect(issue(cardId)).resolves.toMatchObject({ kind: 'card_created' });
  });

  test('after a 500 that did its work, what is there is adopted', async () => {
    const cardId = await program.card();
    program.proxy.disturb({ on: 'POST /v1/issuing/cards', done: true, ...stored });
    await expect(issue(cardId)).rejects.toThrow('spoiled');
    await expect(issue(cardId)).resolves.toMatchObject({ kind: 'card_created' });
    expect(await cardsOf(cardId)).toHaveLength(1);
    const keys = program.proxy.calls.filter((call) => call.includes(`key=${cardId}/create_card/`));
    expect(keys).toHaveLength(1);
  });

  test('after a 500 that did nothing, the next attempt uses the next key', async () => {
    const cardId = await program.card();
    program.proxy.disturb({ on: 'POST /v1/issuing/cards', done: false, ...stored });
    await expect(issue(cardId)).rejects.toThrow('spoiled');
    await expect(issue(cardId)).resolves.toMatchObject({ kind: 'card_created' });
    expect(await cardsOf(cardId)).toHaveLength(1);
    expect(program.proxy.calls.some((call) => call.includes(`${cardId}/create_card/2`))).toBe(true);
  });

  test('a cardholder that was made under a spoiled key is adopted', async () => {
    const cardId = await program.card();
    program.proxy.disturb({ on: 'POST /v1/issuing/cardholders', done: true, ...stored });
    await expect(issue(cardId)).rejects.toThrow('spoiled');
    await issue(cardId);
    const [row] = await program.sql<{ cardholder_id: string }[]>`
      select cardholder_id from cards where card_id = ${cardId}`;
    const holders = (await program.atStripe('cardholders')).filter(
      (holder) =>
        (holder['metadata'] as Record<string, string>)['cardholder_id'] === row?.cardholder_id,
    );
    expect(holders).toHaveLength(1);
  });

  test('a key that is too old is not used again', async () => {
    const cardId = await program.card();
    program.proxy.disturb({ on: 'POST /v1/issuing/cards', done: true, ...lost });
    await expect(issue(cardId)).rejects.toThrow('status 503');
    program.later(IDEMPOTENCY_KEY_TRUSTED_MS);
    await expect(issue(cardId)).resolves.toMatchObject({ kind: 'card_created' });
    expect(await cardsOf(cardId)).toHaveLength(1);
    const keys = program.proxy.calls.filter((call) => call.includes(`key=${cardId}/create_card/`));
    expect(keys).toHaveLength(1);
  });

  test('two cards of one holder, issued at once, share one cardholder', async () => {
    const first = await program.card();
    const second = await program.card({ holderOf: first });
    const before = (await program.atStripe('cardholders')).length;
    const outcomes = await Promise.allSettled([issue(first), issue(second)]);
    // The loser of the race may be told to try again.
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'rejected') await issue(index === 0 ? first : second);
    }
    expect((await program.atStripe('cardholders')).length - before).toBe(1);
    expect((await rowOf(first))?.['stripe_cardholder_id']).toBe(
      (await rowOf(second))?.['stripe_cardholder_id'],
    );
  });

  test('what is thrown names codes only, never a person', async () => {
    const cardId = await program.card();
    program.proxy.disturb({ on: 'POST /v1/issuing/cardholders', done: false, ...lost });
    const error = await issue(cardId).catch((reason: unknown) => reason);
    expect(String(error)).toContain('status 503');
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(SECRET_NAME);
  });
});

describe('refusals', () => {
  const refused = {
    on: 'POST /v1/issuing/cards',
    done: false,
    status: 400,
    error: { type: 'invalid_request_error', code: 'parameter_invalid', message: 'no' },
  } as const;

  test('a request that is wrong waits for a person, with the field or the code', async () => {
    const cardId = await program.card();
    program.proxy.disturb(refused);
    expect(await issue(cardId)).toEqual({ kind: 'issuance_blocked', reason: 'parameter_invalid' });
    const error = { ...refused.error, param: 'shipping[address][postal_code]' };
    program.proxy.disturb({ ...refused, error });
    expect(await issue(cardId)).toEqual({
      kind: 'issuance_blocked',
      reason: 'invalid:shipping.postalCode',
    });
    const [attempt] = await program.sql<{ refusal: unknown }[]>`
      select refusal from stripe_attempts where subject_id = ${cardId} order by attempt desc limit 1`;
    expect(attempt?.refusal).toEqual({ code: 'parameter_invalid', param: error.param });
  });

  test('what passes by itself is tried again', async () => {
    const cardId = await program.card();
    program.proxy.disturb({ ...refused, error: { ...refused.error, code: 'lock_timeout' } });
    await expect(issue(cardId)).rejects.toThrow('for the moment');
    expect(await issue(cardId)).toMatchObject({ kind: 'card_created' });
  });

  test('a name that Stripe refuses waits for a corrected one', async () => {
    const cardId = await program.card({ profile: { name: 'Jenny 2' } });
    expect(await issue(cardId)).toEqual({ kind: 'issuance_blocked', reason: 'invalid:name' });
    await program.sql`
      update cardholders set profile = profile || '{"name":"Jenny Two"}', profile_version = 2
      where cardholder_id = (select cardholder_id from cards where card_id = ${cardId})`;
    expect(await issue(cardId)).toMatchObject({ kind: 'card_created' });
  });

  const requirements = async (cardId: CardId, disabled: string | null): Promise<void> => {
    const holder = String((await rowOf(cardId))?.['stripe_cardholder_id']);
    const path = `/issuing/cardholders/${holder}/requirements`;
    await program.control('POST', path, { disabled_reason: disabled });
  };
  /** What the event about it would have written. */
  const told = (cardId: CardId, disabled: string | null) => program.sql`
    update cardholders set stripe_disabled_reason = ${disabled}
    where cardholder_id = (select cardholder_id from cards where card_id = ${cardId})`;
  const createCalls = () =>
    program.proxy.calls.filter((call) => call.startsWith('POST /v1/issuing/cards ')).length;

  test('a holder of whom an event told that he owes something blocks before any card is asked for', async () => {
    const first = await program.card();
    await issue(first);
    const cardId = await program.card({ holderOf: first });
    await requirements(cardId, 'under_review');
    await told(cardId, 'under_review');
    const before = createCalls();
    expect(await issue(cardId)).toEqual({ kind: 'issuance_blocked', reason: 'under_review' });
    expect(createCalls()).toBe(before);
    // The event that takes it back is late; Stripe itself is believed.
    await requirements(cardId, null);
    expect(await issue(cardId)).toMatchObject({ kind: 'card_created' });
  });

  test('a holder on a list is given up, unless a card may have been made for him', async () => {
    const first = await program.card();
    await issue(first);
    const [never, maybe] = [
      await program.card({ holderOf: first }),
      await program.card({ holderOf: first }),
    ];
    program.proxy.disturb({ ...refused, done: true, status: 503 });
    await expect(issue(maybe)).rejects.toThrow('status 503');
    await requirements(first, 'rejected.listed');
    await told(first, 'rejected.listed');
    const reason = 'rejected.listed';
    expect(await issue(never)).toEqual({ kind: 'issuance_refused', code: reason });
    expect(await issue(maybe)).toEqual({ kind: 'issuance_blocked', reason });
  });

  test('a holder who owes Stripe something blocks the issuance, and the next try is a new attempt', async () => {
    const first = await program.card();
    await issue(first);
    const cardId = await program.card({ holderOf: first });
    const holder = String((await rowOf(cardId))?.['stripe_cardholder_id']);
    const path = `/issuing/cardholders/${holder}/requirements`;
    await program.control('POST', path, { disabled_reason: 'requirements.past_due' });
    program.proxy.disturb(refused);
    expect(await issue(cardId)).toEqual({
      kind: 'issuance_blocked',
      reason: 'requirements.past_due',
    });
    await program.control('POST', path, { disabled_reason: null });
    expect(await issue(cardId)).toMatchObject({ kind: 'card_created' });
    expect(program.proxy.calls.some((call) => call.includes(`${cardId}/create_card/2`))).toBe(true);
  });
});

describe('cancelling', () => {
  const cancel = (cardId: CardId, stripeCardId: string | null, scheduledMs?: number) =>
    program.run(
      () =>
        program.activities.cancelAtStripe({
          cardId,
          stripeCardId: stripeCardId === null ? null : parseStripeCardId(stripeCardId),
          reason: 'stolen',
        }),
      scheduledMs,
    );

  test('gives Stripe the reason, and repeats without harm', async () => {
    const cardId = await program.card();
    const made = await issue(cardId);
    if (made.kind !== 'card_created') throw new Error('not created');
    const expected = { kind: 'canceled_at_stripe', stripeCardId: made.stripeCardId };
    expect(await cancel(cardId, made.stripeCardId)).toEqual(expected);
    expect(await cancel(cardId, made.stripeCardId)).toEqual(expected);
    const [card] = await cardsOf(cardId);
    expect(card).toMatchObject({ status: 'canceled', cancellation_reason: 'stolen' });
  });

  test('finds and records a card whose creation was never answered', async () => {
    const cardId = await program.card();
    program.proxy.disturb({
      on: 'POST /v1/issuing/cards',
      done: true,
      status: 503,
      error: { type: 'api_error', message: 'gone' },
    });
    await expect(issue(cardId)).rejects.toThrow('status 503');
    const fact = await cancel(cardId, null);
    const [card] = await cardsOf(cardId);
    expect(fact).toEqual({ kind: 'canceled_at_stripe', stripeCardId: card?.['id'] });
    expect(card?.['status']).toBe('canceled');
    expect(await rowOf(cardId)).toMatchObject({ stripe_card_id: card?.['id'] });
  });

  test('waits until a create call must have ended before it calls the card non-existent', async () => {
    const cardId = await program.card();
    program.proxy.disturb({
      on: 'POST /v1/issuing/cards',
      done: false,
      status: 503,
      error: { type: 'api_error', message: 'gone' },
    });
    await expect(issue(cardId)).rejects.toThrow('status 503');
    await expect(cancel(cardId, null)).rejects.toThrow('still be under way');
    expect(await cancel(cardId, null, Date.now() - 180_000)).toEqual({
      kind: 'canceled_at_stripe',
      stripeCardId: null,
    });
  });
});
