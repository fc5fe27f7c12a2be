/** Replacements, printed fields, and controls and wallet tokens at Stripe. On the real database and the simulator. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import type { ReplacementReason } from '../../src/domain/card-facts.ts';
import type { CardId, StripeCardId } from '../../src/domain/ids.ts';
import { createProgram, type Program } from './program.ts';

let program: Program;

beforeAll(async () => {
  program = await createProgram();
});
afterAll(() => program.close());

async function issued(
  cardId: CardId,
  previousCardId: StripeCardId | null = null,
): Promise<StripeCardId> {
  const fact = await program.activities.issueCard({ cardId, previousCardId });
  if (fact.kind !== 'card_created') throw new Error(`not created: ${JSON.stringify(fact)}`);
  return fact.stripeCardId;
}

const stripeCard = async (id: StripeCardId) =>
  (await program.atStripe('cards')).find((card) => card['id'] === id);

const activate = (cardId: CardId, stripeCardId: StripeCardId) =>
  program.activities.activateCard({ cardId, stripeCardId, frozen: false });
const cancel = (cardId: CardId, stripeCardId: StripeCardId, reason: 'stolen' | 'requested') =>
  program.run(() => program.activities.cancelAtStripe({ cardId, stripeCardId, reason }));

const token = (card: StripeCardId, status: 'active' | 'requested') =>
  program.control('POST', '/issuing/tokens', { card, wallet_provider: 'apple_pay', status });
const tokenCalls = (): readonly string[] =>
  program.proxy.calls.filter((call) => call.startsWith('POST /v1/issuing/tokens/'));

async function replacementOf(cardId: CardId, reason: ReplacementReason): Promise<CardId> {
  return program.card({ holderOf: cardId, replaces: { cardId, reason } });
}

describe('a replacement', () => {
  test.each(['lost', 'stolen'] as const)('of a %s card ends that one first', async (reason) => {
    const old = await program.card();
    const oldCard = await issued(old);
    await activate(old, oldCard);
    await token(oldCard, 'active');
    const before = tokenCalls().length;
    const next = await issued(await replacementOf(old, reason));
    expect(tokenCalls()).toHaveLength(before + 1);
    expect(await stripeCard(oldCard)).toMatchObject({
      status: 'canceled',
      cancellation_reason: reason,
      replaced_by: next,
    });
    expect(await stripeCard(next)).toMatchObject({
      replacement_for: oldCard,
      replacement_reason: reason,
    });
  });

  test.each(['damaged', 'expired'] as const)(
    'of a %s card leaves it until then',
    async (reason) => {
      const old = await program.card();
      const oldCard = await issued(old);
      await activate(old, oldCard);
      const replacement = await replacementOf(old, reason);
      const next = await issued(replacement);
      expect(await stripeCard(oldCard)).toMatchObject({ status: 'active', replaced_by: next });
      await activate(replacement, next);
      expect(await stripeCard(oldCard)).toMatchObject({ status: 'canceled' });
    },
  );

  test('of a damaged card that is cancelled by now is a card like any other', async () => {
    const old = await program.card();
    const oldCard = await issued(old);
    await cancel(old, oldCard, 'requested');
    const next = await issued(await replacementOf(old, 'damaged'));
    expect(await stripeCard(next)).toMatchObject({ replacement_for: null });
  });

  test('that Stripe refuses to link is made without the link', async () => {
    const old = await program.card();
    await issued(old);
    program.proxy.disturb({
      on: 'POST /v1/issuing/cards',
      done: false,
      status: 400,
      error: { type: 'invalid_request_error', message: 'no', param: 'replacement_for' },
    });
    const cardId = await replacementOf(old, 'damaged');
    const next = await issued(cardId);
    expect(await stripeCard(next)).toMatchObject({
      replacement_for: null,
      metadata: { card_id: cardId, attempt: '2' },
    });
  });

  test('whose parcel was lost is made once more, linked by our rows alone', async () => {
    const old = await program.card();
    const oldCard = await issued(old);
    const cardId = await replacementOf(old, 'lost');
    const first = await issued(cardId);
    await program.run(() => program.activities.cancelPreviousCard({ cardId, stripeCardId: first }));
    const second = await issued(cardId, first);
    expect(second).not.toBe(first);
    expect(await stripeCard(second)).toMatchObject({ replacement_for: null, status: 'inactive' });
    expect(await stripeCard(oldCard)).toMatchObject({ replaced_by: first });
  });

  test('whose number is lost while it is made is ended, and made once more with another', async () => {
    const old = await program.card();
    const oldCard = await issued(old);
    await activate(old, oldCard);
    const cardId = await replacementOf(old, 'expired');
    const { issuer } = program.ports;
    const racing = createActivities({
      ...program.ports,
      issuer: {
        ...issuer,
        async sendCard(...sent) {
          const answer = await issuer.sendCard(...sent);
          await program.sql`update cards set replacement_reason = 'stolen' where card_id = ${cardId}`;
          return answer;
        },
      },
    });
    await expect(racing.issueCard({ cardId, previousCardId: null })).rejects.toThrow(
      'its number was lost while it was made',
    );
    const [first] = await program.ports.cards.stripeCards(cardId);
    const second = await issued(cardId);
    expect(second).not.toBe(first);
    expect(await stripeCard(oldCard)).toMatchObject({ status: 'canceled', replaced_by: first });
    if (first === undefined) throw new Error('it was recorded');
    expect(await stripeCard(first)).toMatchObject({
      status: 'canceled',
      cancellation_reason: 'stolen',
      replacement_reason: 'expired',
    });
    expect(await stripeCard(second)).toMatchObject({ status: 'inactive', replacement_for: null });
    expect(await issued(cardId)).toBe(second);
  });

  test('of a card that never was at Stripe needs no link', async () => {
    const next = await issued(await replacementOf(await program.card(), 'lost'));
    expect(await stripeCard(next)).toMatchObject({ replacement_for: null });
  });
});

describe('a cancellation that Stripe refuses', () => {
  const refuse = (stripeCardId: StripeCardId, code: string) =>
    program.proxy.disturb({
      on: `POST /v1/issuing/cards/${stripeCardId}`,
      done: false,
      status: 400,
      error: { type: 'invalid_request_error', code, message: 'no' },
    });

  test('is told with its code, and done once Stripe does it', async () => {
    const cardId = await program.card();
    const stripeCardId = await issued(cardId);
    const refused = { kind: 'cancel_refused', code: 'account_invalid' };
    refuse(stripeCardId, 'account_invalid');
    expect(await cancel(cardId, stripeCardId, 'requested')).toEqual(refused);
    refuse(stripeCardId, 'account_invalid');
    const previous = { cardId, stripeCardId };
    expect(await program.activities.cancelPreviousCard(previous)).toEqual(refused);
    refuse(stripeCardId, 'lock_timeout');
    await expect(program.activities.cancelPreviousCard(previous)).rejects.toMatchObject({
      type: 'REFUSED_FOR_NOW',
    });
    expect(await program.activities.cancelPreviousCard(previous)).toEqual({
      kind: 'previous_card_canceled',
    });
  });

  test('is none when somebody else has cancelled the card meanwhile', async () => {
    const cardId = await program.card();
    const stripeCardId = await issued(cardId);
    program.proxy.disturb({
      on: `POST /v1/issuing/cards/${stripeCardId}`,
      done: true,
      status: 400,
      error: { type: 'invalid_request_error', message: 'a canceled card cannot be updated' },
    });
    expect(await cancel(cardId, stripeCardId, 'requested')).toEqual({
      kind: 'canceled_at_stripe',
      stripeCardId,
    });
  });

  test('keeps the replacement of a lost card from being made beside it', async () => {
    const old = await program.card();
    const oldCard = await issued(old);
    const cardId = await replacementOf(old, 'lost');
    refuse(oldCard, 'account_invalid');
    expect(await program.activities.issueCard({ cardId, previousCardId: null })).toEqual({
      kind: 'issuance_blocked',
      reason: 'replaced_card_not_canceled',
    });
    const made = await program.atStripe('cards');
    expect(made.filter((card) => card['replacement_for'] === oldCard)).toEqual([]);
    expect(await stripeCard(await issued(cardId))).toMatchObject({ replacement_for: oldCard });
  });
});

describe('a card', () => {
  test('of plastic is made with all that is printed and sent', async () => {
    const cardId = await program.card({
      type: 'physical',
      secondLine: 'Analytical Engines',
      options: { cancelAfterPayments: 3 },
      shipping: {
        businessName: 'Engines Ltd',
        phoneNumber: '+4930123456',
        requireSignature: true,
        eoriNumber: 'DE123456789',
        addressValidation: 'validation_and_normalization',
      },
    });
    const id = await issued(cardId);
    expect(await stripeCard(id)).toMatchObject({
      second_line: 'Analytical Engines',
      lifecycle_controls: { cancel_after: { payment_count: 3 } },
      shipping: {
        business_name: 'Engines Ltd',
        phone_number: '+4930123456',
        require_signature: true,
        customs: { eori_number: 'DE123456789' },
        address_validation: { mode: 'validation_and_normalization' },
      },
    });
    const [row] = await program.sql`select eta from stripe_cards where stripe_card_id = ${id}`;
    expect(row?.['eta']).toBeInstanceOf(Date);
  });

  test('with a design that Stripe does not know waits for a person', async () => {
    const cardId = await program.card({
      type: 'physical',
      options: { personalizationDesign: 'ipcd_none' },
    });
    expect(await program.activities.issueCard({ cardId, previousCardId: null })).toEqual({
      kind: 'issuance_blocked',
      reason: 'invalid:personalizationDesign',
    });
    // As the API stores it when somebody corrects it.
    await program.sql`update cards set options = '{}' where card_id = ${cardId}`;
    expect(await stripeCard(await issued(cardId))).toMatchObject({ metadata: { attempt: '2' } });
  });

  test('that is looked up shows its tracking number and link', async () => {
    const cardId = await program.card({ type: 'physical' });
    const stripeCardId = await issued(cardId);
    for (const step of ['submit', 'ship']) {
      await fetch(
        `${program.proxy.url}/v1/test_helpers/issuing/cards/${stripeCardId}/shipping/${step}`,
        { method: 'POST', headers: { authorization: 'Bearer sk_test_activities' } },
      );
    }
    await program.activities.readCard({ cardId, stripeCardId, frozen: false });
    const [row] = await program.sql`
      select carrier, tracking_number, tracking_url from stripe_cards where stripe_card_id = ${stripeCardId}`;
    expect(row).toEqual({
      carrier: expect.any(String),
      tracking_number: expect.any(String),
      tracking_url: expect.stringContaining('http'),
    });
  });
});

describe('spending controls', () => {
  const CONTROLS = {
    blockedCategories: ['betting_casino_gambling'],
    allowedCountries: ['DE', 'FR'],
    allowedMerchants: ['552067000123456'],
    limits: [
      { interval: 'daily', amountMinor: 5_000, count: 3 },
      { interval: 'weekly', amountMinor: 9_000 },
      { interval: 'yearly', amountMinor: 1_000_000_000 },
      { interval: 'all_time', count: 5 },
      { interval: 'monthly', amountMinor: 1_000, categories: ['bus_lines'] },
    ],
  };
  const WIDEST = { amount: 1_000_000, interval: 'per_authorization' };

  test('go with the card, as far as Stripe can hold them', async () => {
    const id = await issued(await program.card({ controls: CONTROLS }));
    expect((await stripeCard(id))?.['spending_controls']).toMatchObject({
      blocked_categories: ['betting_casino_gambling'],
      allowed_categories: null,
      allowed_merchant_countries: ['DE', 'FR'],
      spending_limits: [
        { amount: 5_000, interval: 'daily' },
        { amount: 1_000, interval: 'monthly', categories: ['bus_lines'] },
        WIDEST,
      ],
    });
  });

  test('are followed when they change, and lifted when they go', async () => {
    const cardId = await program.card({ controls: CONTROLS });
    const stripeCardId = await issued(cardId);
    const set = (controls: object) => program.sql`
      update cards set controls = ${JSON.stringify(controls)}::text::jsonb, controls_version = controls_version + 1
      where card_id = ${cardId}`;
    const mirror = () => program.activities.mirrorControls({ cardId, stripeCardId });
    const own = { interval: 'per_authorization', amountMinor: 100 };
    await set({
      allowedCategories: ['bakeries'],
      blockedPresences: ['not_present'],
      limits: [own],
    });
    const done = { kind: 'mirror_done', what: 'controls', version: 2, refusal: null };
    expect(await mirror()).toEqual(done);
    expect((await stripeCard(stripeCardId))?.['spending_controls']).toMatchObject({
      allowed_categories: ['bakeries'],
      blocked_categories: null,
      allowed_merchant_countries: null,
      blocked_card_presences: ['not_present'],
      spending_limits: [{ amount: 100, interval: 'per_authorization' }],
    });
    await set({});
    expect(await mirror()).toEqual({ ...done, version: 3 });
    expect((await stripeCard(stripeCardId))?.['spending_controls']).toMatchObject({
      allowed_categories: null,
      blocked_card_presences: null,
      spending_limits: [WIDEST],
    });
  });

  test('that Stripe refuses are told', async () => {
    const cardId = await program.card();
    const stripeCardId = await issued(cardId);
    program.proxy.disturb({
      on: `POST /v1/issuing/cards/${stripeCardId}`,
      done: false,
      status: 400,
      error: {
        type: 'invalid_request_error',
        message: 'no',
        param: 'spending_controls[allowed_categories][0]',
      },
    });
    expect(await program.activities.mirrorControls({ cardId, stripeCardId })).toMatchObject({
      refusal: 'invalid:controls',
    });
  });
});

describe('tokens in wallets', () => {
  const withTokens = async () => {
    const cardId = await program.card();
    const stripeCardId = await issued(cardId);
    await activate(cardId, stripeCardId);
    await token(stripeCardId, 'active');
    await token(stripeCardId, 'requested');
    return { cardId, stripeCardId };
  };

  test('of a stolen card are suspended before it is cancelled', async () => {
    const { cardId, stripeCardId } = await withTokens();
    const before = program.proxy.calls.length;
    await cancel(cardId, stripeCardId, 'stolen');
    await cancel(cardId, stripeCardId, 'stolen');
    const calls = program.proxy.calls.slice(before).filter((call) => call.startsWith('POST'));
    expect(calls.map((call) => call.replace(/^POST \/v1\/issuing\/(\w+).*/, '$1'))).toEqual([
      'tokens',
      'cards',
    ]);
  });

  test('are left alone when a card is cancelled for another reason', async () => {
    const { cardId, stripeCardId } = await withTokens();
    const before = tokenCalls().length;
    await cancel(cardId, stripeCardId, 'requested');
    expect(tokenCalls()).toHaveLength(before);
  });

  test('cannot keep a stolen card alive', async () => {
    const { cardId, stripeCardId } = await withTokens();
    program.proxy.disturb({
      on: 'GET /v1/issuing/tokens',
      done: false,
      status: 403,
      error: { type: 'invalid_request_error', message: 'no such right' },
    });
    await cancel(cardId, stripeCardId, 'stolen');
    expect(await stripeCard(stripeCardId)).toMatchObject({ status: 'canceled' });
  });
});
