import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isApiVersion, renderEventData, renderFor } from '../../src/simulator/http/api-version.ts';
import { API_VERSION } from '../../src/simulator/index.ts';
import { resolve } from './openapi-parameters.ts';
import { ADDRESS, type Program, refusal, startProgram } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await startProgram();
});
afterAll(() => program.close());

const BEFORE_BASIL = { apiVersion: '2025-02-24.acacia' };
const BASIL = { apiVersion: '2025-03-31.basil' };
const BEFORE_ACACIA = { apiVersion: '2024-06-20' };

const expired = async (): Promise<string> => {
  const card = await program.card();
  const { authorizations } = program.stripe.testHelpers.issuing;
  const { id } = await authorizations.create({ card: card.id, amount: 100 });
  await authorizations.expire(id);
  return id;
};

const physicalCard = async () =>
  program.stripe.issuing.cards.create({
    cardholder: (await program.cardholder()).id,
    currency: 'usd',
    type: 'physical',
    shipping: { name: 'Ada', address: ADDRESS },
  });

describe('the version of a request', () => {
  it.each([
    'latest',
    '2026',
    '2026-13-01',
    '2026-10-28.',
    '2026-10-28.Endive',
    '2026-10-28 endive',
  ])('is refused when it is none: %s', async (apiVersion) => {
    const error = await refusal(program.stripe.issuing.cards.list({}, { apiVersion }));
    expect([error.statusCode, error.message]).toEqual([
      400,
      `Invalid Stripe API version: ${apiVersion}`,
    ]);
    expect(error.headers?.['stripe-version']).toBe(API_VERSION);
  });

  it.each([
    '2011-01-01',
    '2024-06-20',
    API_VERSION,
    '2031-01-28.zinnia',
    '2022-11-15; link_beta=v1',
  ])('is taken and repeated when it is one, even a newer one: %s', async (apiVersion) => {
    const { lastResponse } = await program.stripe.issuing.cards.list({}, { apiVersion });
    expect(lastResponse.apiVersion).toBe(apiVersion);
  });

  it('is checked for webhook endpoints, too', async () => {
    const create = (version: string) =>
      program.stripe.webhookEndpoints.create({
        url: program.receiver.url,
        enabled_events: ['issuing_dispute.closed'],
        api_version: version as '2024-06-20',
      });
    const error = await refusal(create('newest'));
    expect([error.param, error.message]).toEqual([
      'api_version',
      'Invalid Stripe API version: newest (api_version)',
    ]);
    expect((await create('2024-06-20')).api_version).toBe('2024-06-20');
  });
});

describe('objects for older versions', () => {
  it('show an expired authorization as reversed, wherever it is', async () => {
    const id = await expired();
    const { authorizations } = program.stripe.issuing;
    expect((await authorizations.retrieve(id, {}, BEFORE_BASIL)).status).toBe('reversed');
    expect((await authorizations.retrieve(id, {}, BASIL)).status).toBe('expired');
    expect((await authorizations.retrieve(id)).status).toBe('expired');
    const [listed] = (await authorizations.list({ status: 'expired' }, BEFORE_BASIL)).data;
    expect([listed?.id, listed?.status]).toEqual([id, 'reversed']);
  });

  it('show a stand-in approval as an active card', async () => {
    const card = await program.card();
    const { id } = await program.control('POST', '/_sim/issuing/authorizations/stand_in', {
      card: card.id,
      amount: 100,
    });
    const reason = async (options: { apiVersion?: string }) =>
      (await program.stripe.issuing.authorizations.retrieve(String(id), {}, options))
        .request_history[0]?.reason;
    expect(await reason(BEFORE_BASIL)).toBe('card_active');
    expect(await reason({})).toBe('network_fallback');
  });

  it.each([
    ['card_canceled', '2024-04-10', 'card_inactive'],
    ['card_expired', '2024-04-10', 'card_inactive'],
    ['cardholder_blocked', '2024-04-10', 'cardholder_inactive'],
    ['insecure_authorization_method', '2024-04-10', 'verification_failed'],
    ['pin_blocked', '2024-04-10', 'verification_failed'],
    ['pin_blocked', '2024-06-20', 'pin_blocked'],
    ['network_fallback', '2025-02-24.acacia', 'webhook_timeout'],
    ['stripe_internal_error', '2026-06-24.dahlia', 'not_allowed'],
    ['stripe_internal_error', '2026-07-29.dahlia', 'stripe_internal_error'],
    ['constructor', '2011-01-01', 'constructor'],
  ])('show the reason %s in %s as %s', (reason, version, shown) => {
    const object = 'issuing.authorization';
    const answer = { data: [{ object, request_history: [{ approved: false, reason }] }] };
    expect(renderFor(version, answer)).toEqual({
      data: [{ object, request_history: [{ approved: false, reason: shown }] }],
    });
  });

  it('show a submitted card as pending, and cannot submit one', async () => {
    const card = await physicalCard();
    const { cards } = program.stripe.testHelpers.issuing;
    const error = await refusal(cards.submitCard(card.id, {}, BEFORE_ACACIA));
    expect([error.statusCode, error.message]).toEqual([
      400,
      'This method is not available in API version 2024-06-20; it needs 2024-09-30 or later.',
    ]);
    const submitted = await cards.submitCard(card.id, {}, { apiVersion: '2024-09-30.acacia' });
    expect(submitted.shipping?.status).toBe('submitted');
    const shown = await program.stripe.issuing.cards.retrieve(card.id, {}, BEFORE_ACACIA);
    expect(shown.shipping?.status).toBe('pending');
  });

  it('cost nothing when the version is current', () => {
    const answer = { object: 'issuing.authorization', status: 'expired' };
    expect(renderFor(API_VERSION, answer)).toBe(answer);
    expect(renderFor('2031-01-28.zinnia', answer)).toBe(answer);
  });
});

describe('events for older versions', () => {
  it('show the objects and the differences of the version of their endpoint', async () => {
    const old = await program.subscribe({ api_version: '2025-02-24.acacia' });
    const current = await program.subscribe({ enabled_events: ['issuing_authorization.updated'] });
    const id = await expired();
    await program.simulator.settle();
    const seen = (version: string) =>
      program.receiver
        .events('issuing_authorization.updated')
        .filter(({ data }) => 'id' in data.object && data.object.id === id)
        .find((event) => event.api_version === version)?.data;
    for (const [version, status] of [
      ['2025-02-24.acacia', 'reversed'],
      [API_VERSION, 'expired'],
    ] as const) {
      expect(seen(version)).toMatchObject({
        object: { status },
        previous_attributes: { status: 'pending' },
      });
    }
    const events = await program.stripe.events.list({ limit: 1 }, BEFORE_BASIL);
    expect(events.data[0]).toMatchObject({
      api_version: API_VERSION,
      data: { object: { status: 'expired' } },
    });
    await program.stripe.webhookEndpoints.del(old.id);
    await program.stripe.webhookEndpoints.del(current.id);
  });

  it('have no difference where the older looks are the same', () => {
    const card = { object: 'issuing.card', shipping: { name: 'Ada', status: 'submitted' } };
    const previous = { shipping: { status: 'pending' } };
    expect(renderEventData('2024-06-20', { object: card, previous })).toEqual({
      object: { ...card, shipping: { name: 'Ada', status: 'pending' } },
    });
    expect(renderEventData(API_VERSION, { object: card, previous })).toEqual({
      object: card,
      previous_attributes: previous,
    });
  });
});

describe('the form of a version', () => {
  it('covers every one that the description lists', () => {
    const listed = resolve({ $ref: '#/components/schemas/api_version' }).enum ?? [];
    expect(listed.length).toBeGreaterThan(100);
    expect(listed.filter((version) => !isApiVersion(version))).toEqual([]);
    expect(isApiVersion(`2022-11-15${'; a=v1'.repeat(100)}`)).toBe(false);
  });
});
