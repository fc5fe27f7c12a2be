/** Questions that Stripe's documentation leaves open: every value of every setting shows its effect. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/simulator/world/account.ts';
import { decision, type Program, refusal, startProgram } from './program.ts';
import { told } from './story.ts';

let program: Program;
let card: { id: string };
beforeEach(async () => {
  program = await startProgram({ clock: 'virtual', validityDays: 3, validityDaysTravel: 5 });
  card = await program.card();
  await program.subscribe();
});
afterEach(() => program.close());

const settings = (given: object) =>
  program.control('PUT', '/_sim/accounts/platform/settings', given);
const helpers = () => program.stripe.testHelpers.issuing;
const buy = (params: object = {}) =>
  helpers().authorizations.create({ card: card.id, amount: 1_000, ...params });
const types = async () => (await told(program, 'issuing_')).map(({ type }) => type);

describe('the settings of an account', () => {
  it('are all described by GET /_sim, and answered with their defaults', async () => {
    const { routes } = (await program.control('GET', '/_sim')) as {
      routes: { path: string; schema: { properties?: object } }[];
    };
    const route = routes.find(({ path }) => path.endsWith('/settings'));
    expect(Object.keys(route?.schema.properties ?? {}).toSorted()).toEqual(
      Object.keys(DEFAULT_SETTINGS).toSorted(),
    );
    expect(await settings({})).toEqual(DEFAULT_SETTINGS);
    await expect(settings({ captureEvents: 'both' })).rejects.toThrow('captureEvents');
    await expect(settings({ exchangeRateDrift: 0.2 })).rejects.toThrow('exchangeRateDrift');
  });
});

describe('networkDecline', () => {
  it('"created_then_reversed" shows an approval that is taken back', async () => {
    await settings({ networkDecline: 'created_then_reversed' });
    await program.decideWith((received) => decision(received, { approved: true }));
    const path = `/_sim/issuing/cards/${card.id}/decline_next_after_approval`;
    await program.control('POST', path);
    const authorization = await buy();
    expect(authorization).toMatchObject({
      status: 'reversed',
      amount: 0,
      approved: true,
      request_history: [{ reason: 'webhook_approved' }],
    });
    const seen = await told(program, 'issuing_authorization');
    expect(seen).toMatchObject([
      { type: 'authorization.request' },
      { type: 'authorization.created', object: { approved: true, status: 'pending' } },
      {
        type: 'authorization.updated',
        object: { status: 'reversed', amount: 0 },
        previous: { status: 'pending', amount: 1_000 },
      },
    ]);
    expect(await buy()).toMatchObject({ status: 'pending', approved: true });
  });

  it('"created_declined" shows nothing but the decline, for the reason that is set', async () => {
    await settings({ networkDecline: 'created_declined', networkDeclineReason: 'suspected_fraud' });
    const path = `/_sim/issuing/cards/${card.id}/decline_next_after_approval`;
    await program.control('POST', path);
    expect(await buy()).toMatchObject({
      status: 'closed',
      approved: false,
      request_history: [{ reason: 'suspected_fraud' }],
    });
    expect(await types()).toEqual(['authorization.created']);
  });
});

describe('captureEvents', () => {
  it.each([
    ['transaction_first', ['transaction.created', 'authorization.updated']],
    ['authorization_first', ['authorization.updated', 'transaction.created']],
  ])('"%s" orders the events of captures and linked refunds', async (value, order) => {
    await settings({ captureEvents: value });
    const { id } = await buy();
    const { transactions } = await helpers().authorizations.capture(id);
    await helpers().transactions.refund(transactions[0]?.id ?? '');
    expect(await types()).toEqual(['authorization.created', ...order, ...order]);
    const updates = program.receiver.events('issuing_authorization.updated');
    expect(updates.map(({ data }) => Object.keys(data.previous_attributes ?? {}))).toContainEqual([
      'transactions',
    ]);
  });
});

describe('closedAmount', () => {
  it.each([
    ['kept', 1_000],
    ['zeroed', 0],
  ])('"%s" leaves %i on a captured authorization', async (value, left) => {
    await settings({ closedAmount: value });
    const { id } = await buy();
    expect(await helpers().authorizations.capture(id, { capture_amount: 900 })).toMatchObject({
      status: 'closed',
      amount: left,
      merchant_amount: left,
    });
    // A late capture of a closed authorization still knows what it was about.
    const late = await helpers().authorizations.capture(id);
    expect(late.transactions.map(({ amount }) => amount)).toEqual([-900, -1_000]);
  });
});

describe('verificationEvents', () => {
  it.each([
    ['not_sent', []],
    ['sent', ['authorization.created', 'authorization.updated']],
  ])('"%s" for an account check, which holds nothing', async (value, expected) => {
    await settings({ verificationEvents: value });
    const check = await buy({ amount: 0 });
    expect(check).toMatchObject({ approved: true, status: 'pending', amount: 0 });
    await helpers().authorizations.expire(check.id);
    expect(await types()).toEqual(expected);
  });
});

describe('exchangeRateDrift', () => {
  const foreign = { amount: undefined, merchant_amount: 10_000, merchant_currency: 'jpy' };

  it('0 captures what was estimated', async () => {
    const { id } = await buy(foreign);
    const { transactions } = await helpers().authorizations.capture(id);
    expect(transactions).toMatchObject([{ amount: -6_700, merchant_amount: -10_000 }]);
  });

  it('0.05 captures the same amount of the merchant at the rate of the day', async () => {
    await settings({ exchangeRateDrift: 0.05 });
    const charged: number[] = [];
    for (let index = 0; index < 8; index += 1) {
      const { id } = await buy(foreign);
      const { transactions, status } = await helpers().authorizations.capture(id);
      expect(status).toBe('closed');
      expect(transactions[0]?.merchant_amount).toBe(-10_000);
      charged.push(-(transactions[0]?.amount ?? 0));
    }
    expect(new Set(charged).size).toBeGreaterThan(1);
    expect(Math.min(...charged)).toBeGreaterThanOrEqual(6_365);
    expect(Math.max(...charged)).toBeLessThanOrEqual(7_035);
    const { id } = await buy();
    const domestic = await helpers().authorizations.capture(id);
    expect(domestic.transactions).toMatchObject([{ amount: -1_000 }]);
  });
});

describe('illegalStepCode', () => {
  it.each([null, 'resource_state_invalid'])(
    '%s is the code of an impossible step',
    async (code) => {
      await settings({ illegalStepCode: code });
      const { id } = await buy();
      await helpers().authorizations.capture(id);
      const error = await refusal(helpers().authorizations.reverse(id));
      expect(error).toMatchObject({ statusCode: 400, rawType: 'invalid_request_error' });
      expect(error.code ?? null).toBe(code);
    },
  );

  it.each([null, 'resource_state_invalid'])('%s is it for every kind of object', async (code) => {
    await settings({ illegalStepCode: code });
    const { stripe } = program;
    const { personalizationDesigns, transactions } = stripe.testHelpers.issuing;
    const settle = (path: string, params: object = {}): Promise<{ id: string }> =>
      stripe.rawRequest('POST', `/v1/test_helpers/issuing/settlements${path}`, params);
    const settlement = await settle('', {
      bin: '400000',
      clearing_date: 1_770_000_000,
      currency: 'usd',
      net_total_amount: 1,
    });
    await settle(`/${settlement.id}/complete`);
    const { data: bundles } = await stripe.issuing.physicalBundles.list({ type: 'standard' });
    const design = await stripe.issuing.personalizationDesigns.create({
      physical_bundle: bundles[0]?.id ?? '',
    });
    await personalizationDesigns.activate(design.id);
    const capture = await transactions.createForceCapture({ card: card.id, amount: 100 });
    const dispute = await stripe.issuing.disputes.create({
      transaction: capture.id,
      evidence: { reason: 'fraudulent', fraudulent: { explanation: 'It was not me.' } },
    });
    await stripe.issuing.disputes.submit(dispute.id);
    const token = await program.control('POST', '/_sim/issuing/tokens', {
      card: card.id,
      wallet_provider: 'apple_pay',
    });
    const session = await stripe.identity.verificationSessions.create({ type: 'document' });
    await stripe.identity.verificationSessions.cancel(session.id);
    const { id: canceled } = await program.card();
    await stripe.issuing.cards.update(canceled, { status: 'canceled' });
    const steps = [
      settle(`/${settlement.id}/complete`),
      personalizationDesigns.activate(design.id),
      stripe.issuing.disputes.submit(dispute.id),
      stripe.issuing.disputes.update(dispute.id, { amount: 1 }),
      stripe.issuing.tokens.update(String(token['id']), { status: 'suspended' }),
      stripe.identity.verificationSessions.cancel(session.id),
      stripe.issuing.cards.update(canceled, { status: 'active' }),
    ];
    const errors = await Promise.all(steps.map((step) => refusal(step)));
    expect(errors.map((error) => error.code ?? null)).toEqual(steps.map(() => code));
  });
});

describe('validityDays and validityDaysTravel', () => {
  it('say when authorizations expire', async () => {
    const [taxi, hotel] = [
      await buy(),
      await buy({ merchant_data: { category: 'hotels_motels_and_resorts' } }),
    ];
    const status = async ({ id }: { id: string }) =>
      (await program.stripe.issuing.authorizations.retrieve(id)).status;
    const days = (count: number) =>
      program.control('POST', '/_sim/clock/advance', { seconds: count * 86_400 });
    await days(3);
    expect([await status(taxi), await status(hotel)]).toEqual(['expired', 'pending']);
    await days(2);
    expect(await status(hotel)).toBe('expired');
  });
});
