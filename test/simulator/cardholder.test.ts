/** Cardholders, and what follows from them for their cards. */
import type Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADDRESS, type Program, refusal, startProgram } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await startProgram({ clock: 'virtual' });
});
afterAll(() => program.close());

const settings = (given: object) =>
  program.control('PUT', '/_sim/accounts/platform/settings', given);
type HolderParams = Partial<Stripe.Issuing.CardholderCreateParams>;
const cardOf = async (
  holder: HolderParams,
  params: Partial<Stripe.Issuing.CardCreateParams> = {},
) => program.card({ cardholder: (await program.cardholder(holder)).id, ...params });
const livingIn = (country: string): HolderParams => ({
  billing: { address: { ...ADDRESS, country } },
});

describe('a cardholder of a European card', () => {
  it.each([
    ['eur', 'US'],
    ['gbp', 'US'],
    ['usd', 'DE'],
    ['usd', 'GB'],
  ])('needs a phone number: %s, living in %s', async (currency, country) => {
    const error = await refusal(cardOf(livingIn(country), { currency }));
    expect(error).toMatchObject({ statusCode: 400, param: 'phone_number' });
    const reachable = { ...livingIn(country), phone_number: '+4930123456' };
    expect((await cardOf(reachable, { currency })).currency).toBe(currency);
  });

  it('is not asked for one elsewhere', async () => {
    expect((await cardOf(livingIn('US'))).currency).toBe('usd');
  });
});

describe('a wallet', () => {
  it.each<[string | null, HolderParams]>([
    [null, {}],
    ['unsupported_region', livingIn('BR')],
  ])('says why it does not take a card: %s', async (reason, holder) => {
    const { wallets } = await cardOf(holder);
    const expected = { eligible: reason === null, ineligible_reason: reason };
    expect(wallets).toMatchObject({ apple_pay: expected, google_pay: expected });
  });

  it('needs a way to reach the cardholder, and the agreement of the account', async () => {
    const holder = await program.stripe.issuing.cardholders.create({
      name: 'Jenny Rosen',
      billing: { address: ADDRESS },
    });
    const { id } = await program.card({ cardholder: holder.id });
    const reason = async () =>
      (await program.stripe.issuing.cards.retrieve(id)).wallets?.apple_pay.ineligible_reason;
    expect(await reason()).toBe('missing_cardholder_contact');
    await program.stripe.issuing.cardholders.update(holder.id, { phone_number: '4155550132' });
    expect(await reason()).toBeNull();
    await settings({ walletAgreement: false });
    expect(await reason()).toBe('missing_agreement');
    await settings({ walletAgreement: true });
  });
});

describe('a cardholder', () => {
  it('may be a company', async () => {
    const company = await program.cardholder({
      name: 'Rocket Rides',
      type: 'company',
      company: { tax_id: '000000000' },
      preferred_locales: ['de', 'fr'],
    });
    expect(company).toMatchObject({
      type: 'company',
      company: { tax_id_provided: true },
      individual: null,
      preferred_locales: ['de', 'fr'],
    });
    expect((await program.card({ cardholder: company.id })).cardholder.type).toBe('company');
    const { data } = await program.stripe.issuing.cardholders.list({ type: 'company' });
    expect(data.map(({ id }) => id)).toEqual([company.id]);
  });

  it.each<[string, object]>([
    ['name', { name: 'R2D2' }],
    ['name', { name: 'A'.repeat(25) }],
    ['name', { name: 'Jenny_Rosen' }],
    ['phone_number', { phone_number: '12' }],
    ['preferred_locales[0]', { preferred_locales: ['xx'] }],
    ['status', { status: 'blocked' }],
    ['type', { type: 'robot' }],
  ])('is refused for its %s', async (param, params) => {
    expect((await refusal(program.cardholder(params))).param).toBe(param);
  });

  it('keeps accents and a name of 24 characters', async () => {
    const name = `${'Ä'.repeat(11)} ${'é'.repeat(12)}`;
    expect(name).toHaveLength(24);
    expect((await program.cardholder({ name })).name).toBe(name);
  });
});

describe('a card', () => {
  it('tells of a new PIN, though nothing of it can be seen', async () => {
    const card = await program.card();
    await program.subscribe({ enabled_events: ['issuing_card.updated'] });
    await program.stripe.issuing.cards.update(card.id, { pin: { encrypted_number: 'abc' } });
    await program.simulator.settle();
    const [event] = program.receiver.events('issuing_card.updated');
    expect(event?.data.previous_attributes).toEqual({});
    expect(JSON.stringify(event)).not.toContain('abc');
  });

  it('expires by the clock, after its month', async () => {
    const own = await startProgram({ clock: 'virtual' });
    try {
      const card = await own.card({ exp_month: 2, exp_year: 2026 });
      const { authorizations } = own.stripe.testHelpers.issuing;
      const advance = (days: number) =>
        own.control('POST', '/_sim/clock/advance', { seconds: days * 86_400 });
      await advance(58);
      expect(await authorizations.create({ card: card.id, amount: 1 })).toMatchObject({
        approved: true,
      });
      await advance(1);
      expect(await authorizations.create({ card: card.id, amount: 1 })).toMatchObject({
        approved: false,
        request_history: [{ reason: 'card_expired' }],
      });
    } finally {
      await own.close();
    }
  });

  it('is cancelled after its payments, forced ones included, account checks not', async () => {
    const card = await program.card({ lifecycle_controls: { cancel_after: { payment_count: 2 } } });
    const { authorizations, transactions } = program.stripe.testHelpers.issuing;
    const status = async () => (await program.stripe.issuing.cards.retrieve(card.id)).status;
    await authorizations.create({ card: card.id, amount: 0 });
    await authorizations.create({ card: card.id, amount: 1 });
    expect(await status()).toBe('active');
    await transactions.createForceCapture({ card: card.id, amount: 500 });
    expect(await status()).toBe('canceled');
  });
});

describe('what nobody can be or live in', () => {
  const refused = async (call: Promise<unknown>) => {
    const { statusCode, code, param } = await refusal(call);
    return [statusCode, code, param];
  };

  it.each([
    [{ day: 31, month: 4, year: 1990 }, 'day'],
    [{ day: 29, month: 2, year: 2023 }, 'day'],
    [{ day: 1, month: 13, year: 1990 }, 'month'],
    [{ day: 1, month: 1, year: 190 }, 'year'],
    [{ day: 2, month: 1, year: 2026 }, 'year'],
  ])('is born on %o', async (dob, part) => {
    expect(await refused(program.cardholder({ individual: { dob } }))).toEqual([
      400,
      'parameter_invalid_integer',
      `individual[dob][${part}]`,
    ]);
    const { id } = await program.cardholder({
      individual: { dob: { day: 29, month: 2, year: 2024 } },
    });
    const { cardholders } = program.stripe.issuing;
    expect((await refused(cardholders.update(id, { individual: { dob } })))[2]).toContain(part);
  });

  it.each(['us', 'XX', 'UK', 'ZZ'])('lives in %s, or buys there', async (country) => {
    const code = 'country_code_invalid';
    expect(await refused(program.cardholder(livingIn(country)))).toEqual([
      400,
      code,
      'billing[address][country]',
    ]);
    const card = await program.card();
    const purchase = program.stripe.testHelpers.issuing.authorizations.create({
      card: card.id,
      amount: 1,
      merchant_data: { country },
    });
    expect(await refused(purchase)).toEqual([400, code, 'merchant_data[country]']);
  });

  it.each(['jenny', 'jenny@', '@example.com', 'a b@example.com', 'jenny@example'])(
    'reads mail at %s',
    async (email) => {
      expect(await refused(program.cardholder({ email }))).toEqual([400, 'email_invalid', 'email']);
    },
  );
});
