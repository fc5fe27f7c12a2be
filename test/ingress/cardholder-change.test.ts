/** Changing a profile, all fields of cards and parcels, and the facts by which Stripe follows. */
import { describe, expect, it } from 'vitest';
import { ingressUnderTest } from './ingress-under-test.ts';
import { BILLING, cardIn, newCardholder, newCustomer, type TestCard } from './program.ts';

const ingress = ingressUnderTest();

const factsOf = async (cardId: string): Promise<readonly unknown[]> =>
  (
    await ingress.sql<{ body: unknown }[]>`
      select body from facts where card_id = ${cardId} and kind = 'mirror_wanted' order by fact_id`
  ).map(({ body }) => body);

const wanted = (what: string, version: number) => ({ kind: 'mirror_wanted', what, version });

const change = (card: Pick<TestCard, 'cardholderId'>, body: object) =>
  ingress.post(`/v1/cardholders/${card.cardholderId}`, body);

function fieldsOf(answer: { body: { error?: { details?: Record<string, unknown> } } }) {
  const fields = answer.body.error?.details?.['fields'] ?? [];
  return (fields as readonly { path: string }[]).map(({ path }) => path);
}

describe('a profile', () => {
  it('takes the fields that are given, keeps the others, and tells open cards once', async () => {
    const card = await cardIn(ingress, 'active');
    const closed = await cardIn(ingress, 'closed');
    const billing = { ...BILLING, line1: '2 Market St' };
    const changed = await change(card, { phoneNumber: '+14155550199', billing });
    expect(changed.status).toBe(200);
    const { customerRef: _, ...usual } = newCardholder();
    expect(changed.body).toMatchObject({ ...usual, phoneNumber: '+14155550199', billing });
    expect((await ingress.get(`/v1/cardholders/${card.cardholderId}`)).body).toEqual(changed.body);
    expect(await factsOf(card.cardId)).toEqual([wanted('holder', 2)]);
    await change(card, { billing });
    expect(await factsOf(card.cardId)).toHaveLength(1);
    await change(card, { preferredLocales: ['fr'] });
    expect(await factsOf(card.cardId)).toEqual([wanted('holder', 2), wanted('holder', 3)]);
    await change(closed, { phoneNumber: '+14155550199' });
    expect(await factsOf(closed.cardId)).toEqual([]);
  });

  it('is checked as a whole, with what stays', async () => {
    const card = await newCustomer(ingress);
    const { phoneNumber: _, ...rest } = newCardholder();
    const made = await ingress.post('/v1/cardholders', rest);
    expect(made.status).toBe(201);
    const german = { ...BILLING, country: 'DE', postalCode: '10115' };
    const moved = await change({ cardholderId: String(made.body.id) }, { billing: german });
    expect(moved.status).toBe(400);
    expect(fieldsOf(moved)).toEqual(['phoneNumber']);
    const wrong = await change(card, { name: 'Ada 2', billing: { ...BILLING, state: 'XX' } });
    expect(fieldsOf(wrong)).toEqual(['name', 'billing.state']);
    expect(fieldsOf(await change(card, { company: {} }))).toEqual(['company']);
    expect(fieldsOf(await change(card, { type: 'company' }))).toEqual(['type']);
    expect((await change({ cardholderId: 'chr_none' }, {})).status).toBe(404);
  });

  it('keeps its name once Stripe has it, or is being told it', async () => {
    const card = await cardIn(ingress, 'issuance');
    expect((await change(card, { name: 'Ada King' })).status).toBe(200);
    await ingress.sql`
      insert into stripe_attempts (tenant_id, subject_id, step, attempt, idempotency_key, request)
      values (${card.tenantId}, ${card.cardholderId}, 'create_cardholder', 1, ${card.cardholderId}, '{}')`;
    const late = await change(card, { name: 'Ada Byron' });
    expect(late.status).toBe(409);
    expect(late.body.error?.code).toBe('NAME_FIXED');
    expect((await change(card, { name: 'Ada King', email: 'a@example.com' })).status).toBe(200);
    await ingress.sql`
      update stripe_attempts set refusal = '{"code":"x"}', finished_at = now()
      where subject_id = ${card.cardholderId}`;
    expect((await change(card, { name: 'Ada Byron' })).status).toBe(200);
  });
});

describe('a card', () => {
  const OPTIONS = {
    kyc: { provider: 'manual', deadlineDays: 3 },
    renewal: 'none',
    cancelAfterPayments: 5,
    personalizationDesign: 'ipcd_1',
  };
  const SHIPPING = {
    name: 'Ada Lovelace',
    businessName: 'Engines Ltd.',
    ...BILLING,
    phoneNumber: '+14155550123',
    requireSignature: true,
    eoriNumber: 'GB123456789000',
    addressValidation: 'normalization_only',
  };

  it('is requested with all that Stripe can be told of it', async () => {
    const { cardholderId, accountId } = await newCustomer(ingress);
    const body = { cardholderId, accountId, type: 'physical', shipping: SHIPPING };
    const made = await ingress.post('/v1/cards', { ...body, secondLine: 'Unit 7', ...OPTIONS });
    expect(made.status).toBe(202);
    expect(made.body).toMatchObject({
      secondLine: 'Unit 7',
      options: OPTIONS,
      shipping: { ...SHIPPING, service: 'standard' },
    });
    const plain = await ingress.post('/v1/cards', {
      ...body,
      type: 'virtual',
      shipping: undefined,
    });
    expect(plain.body).toMatchObject({ secondLine: null, options: {}, shipping: null });
  });

  it('is refused with the path of each field that Stripe would refuse', async () => {
    const { cardholderId, accountId } = await newCustomer(ingress);
    const body = { cardholderId, accountId, type: 'physical' };
    const shipping = { ...SHIPPING, postalCode: '9410' };
    expect(
      fieldsOf(await ingress.post('/v1/cards', { ...body, shipping, secondLine: '★' })),
    ).toEqual(['shipping.postalCode', 'secondLine']);
    const virtual = { ...body, type: 'virtual', secondLine: 'x', personalizationDesign: 'ipcd_1' };
    expect(fieldsOf(await ingress.post('/v1/cards', virtual))).toEqual([
      'secondLine',
      'personalizationDesign',
    ]);
    const card = await cardIn(ingress, 'awaiting_delivery');
    const corrected = await ingress.post(`/v1/cards/${card.cardId}/correct-shipping`, shipping);
    expect(fieldsOf(corrected)).toEqual(['postalCode']);
  });

  it('in a European currency needs a holder with a phone', async () => {
    const { phoneNumber: _, ...rest } = newCardholder();
    const holder = await ingress.post('/v1/cardholders', rest);
    const account = await ingress.post('/v1/accounts', { customerRef: 'x', currency: 'eur' });
    const made = await ingress.post('/v1/cards', {
      cardholderId: holder.body.id,
      accountId: account.body.id,
      type: 'virtual',
    });
    expect(made.status).toBe(400);
    expect(fieldsOf(made)).toEqual(['cardholderId']);
  });

  it('shows where its parcel is', async () => {
    const { cardId, stripeCardId } = await cardIn(ingress, 'awaiting_delivery');
    await ingress.sql`
      update stripe_cards set carrier = 'dhl', tracking_number = '123', tracking_url = 'https://dhl.example/123',
             eta = '2026-12-01T00:00:00Z'
      where stripe_card_id = ${stripeCardId}`;
    expect((await ingress.get(`/v1/cards/${cardId}`)).body['stripeCard']).toMatchObject({
      carrier: 'dhl',
      trackingNumber: '123',
      trackingUrl: 'https://dhl.example/123',
      eta: '2026-12-01T00:00:00.000Z',
    });
  });

  it('tells its workflow of each change of its controls, once', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    const put = (controls: object) => ingress.put(`/v1/cards/${cardId}/controls`, controls);
    await put({ blockedCountries: ['KP'] });
    await put({ blockedCountries: ['KP'] });
    await put({});
    expect(await factsOf(cardId)).toEqual([wanted('controls', 2), wanted('controls', 3)]);
  });
});
