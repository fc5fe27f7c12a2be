/** The holder's profile at Stripe: made with all its fields, followed when it changes. Real database, simulator. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import type { CardId } from '../../src/domain/ids.ts';
import type { CardIssuer } from '../../src/ports/card-issuer.ts';
import { IssuerUnavailableError } from '../../src/ports/issuer.ts';
import { createProgram, type Program } from './program.ts';

let program: Program;

beforeAll(async () => {
  program = await createProgram();
});
afterAll(() => program.close());

const issue = (cardId: CardId) => program.activities.issueCard({ cardId, previousCardId: null });
const update = (cardId: CardId) => program.activities.updateCardholder({ cardId });

async function holderIdOf(cardId: CardId): Promise<string> {
  const [row] = await program.sql<{ id: string }[]>`
    select cardholder_id as id from cards where card_id = ${cardId}`;
  return String(row?.id);
}

async function atStripe(cardId: CardId): Promise<Record<string, unknown> | undefined> {
  const id = await holderIdOf(cardId);
  const all = await program.atStripe('cardholders');
  return all.find(
    (holder) => (holder['metadata'] as Record<string, string>)['cardholder_id'] === id,
  );
}

const change = async (cardId: CardId, profile: object): Promise<void> => {
  await program.sql`
    update cardholders set profile_version = profile_version + 1,
           profile = profile || ${JSON.stringify(profile)}::text::jsonb
    where cardholder_id = ${await holderIdOf(cardId)}`;
};

const updateCalls = async (cardId: CardId): Promise<readonly string[]> => {
  const key = `key=${await holderIdOf(cardId)}/profile/`;
  return program.proxy.calls.filter((call) => call.includes(key));
};

const FULL = {
  preferredLocales: ['de', 'en'],
  individual: {
    firstName: 'Jenny',
    lastName: 'Rosen',
    dob: { day: 1, month: 2, year: 1990 },
    userTermsAcceptance: {
      date: '2026-01-02T03:04:05.600Z',
      ip: '2001:db8::1',
      userAgent: 'App/1',
    },
    identityDocument: { front: 'file_front', back: 'file_back' },
  },
};

describe('the profile', () => {
  test('of a person is made with every field of the guide', async () => {
    const cardId = await program.card({ profile: FULL });
    await issue(cardId);
    expect(await atStripe(cardId)).toMatchObject({
      type: 'individual',
      preferred_locales: ['de', 'en'],
      phone_number: '+4930123456',
      metadata: { profile_version: '1' },
      individual: {
        first_name: 'Jenny',
        dob: { day: 1, month: 2, year: 1990 },
        card_issuing: {
          user_terms_acceptance: {
            date: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
            ip: '2001:db8::1',
            user_agent: 'App/1',
          },
        },
        verification: { document: { front: 'file_front', back: 'file_back' } },
      },
    });
  });

  test('of a company is made with its tax id', async () => {
    const cardId = await program.card({
      holderType: 'company',
      profile: { company: { taxId: 'DE123' } },
    });
    await issue(cardId);
    expect(await atStripe(cardId)).toMatchObject({
      type: 'company',
      company: { tax_id_provided: true },
      individual: null,
    });
  });

  test('is sent when it has changed, once for all cards of the holder', async () => {
    const first = await program.card({ profile: FULL });
    await issue(first);
    const second = await program.card({ holderOf: first });
    const email = 'other@example.com';
    await change(first, { email, preferredLocales: [], billing: { ...ADDRESS, city: 'Bonn' } });
    const done = { kind: 'mirror_done', what: 'holder', version: 2, refusal: null };
    expect(await update(first)).toEqual(done);
    expect(await update(second)).toEqual(done);
    expect(await updateCalls(first)).toHaveLength(1);
    expect(await atStripe(first)).toMatchObject({
      email,
      preferred_locales: [],
      billing: { address: { city: 'Bonn' } },
      metadata: { profile_version: '2', attempt: '1' },
    });
  });

  test('that lacks an address of e-mail by now has none at Stripe either', async () => {
    const cardId = await program.card();
    await issue(cardId);
    await program.sql`
      update cardholders set profile = profile - 'email', profile_version = 2
      where cardholder_id = ${await holderIdOf(cardId)}`;
    await update(cardId);
    expect(await atStripe(cardId)).toMatchObject({ email: null });
  });

  test('changed while the holder was being made is sent before the card is made', async () => {
    const cardId = await program.card();
    const gone = { status: 503, error: { type: 'api_error', message: 'gone' } };
    program.proxy.disturb({ on: 'POST /v1/issuing/cardholders', done: true, ...gone });
    await expect(issue(cardId)).rejects.toThrow('status 503');
    await change(cardId, { phoneNumber: '+4930999999' });
    expect(await update(cardId)).toMatchObject({ refusal: null });
    expect(await issue(cardId)).toMatchObject({ kind: 'card_created' });
    expect(await atStripe(cardId)).toMatchObject({ phone_number: '+4930999999' });
  });

  test('keeps the name at Stripe, and says so', async () => {
    const cardId = await program.card();
    await issue(cardId);
    await change(cardId, { name: 'Jenny Married' });
    expect(await update(cardId)).toMatchObject({ kind: 'mirror_done', refusal: 'name_fixed' });
  });

  test('that Stripe refuses is told with the field, and blocks the next card until it is corrected', async () => {
    const first = await program.card();
    await issue(first);
    const next = await program.card({ holderOf: first });
    await change(first, { phoneNumber: 'none' });
    expect(await update(first)).toMatchObject({ version: 2, refusal: 'invalid:phoneNumber' });
    expect(await issue(next)).toEqual({
      kind: 'issuance_blocked',
      reason: 'invalid:phoneNumber',
    });
    await change(first, { phoneNumber: '+4930123457' });
    expect(await issue(next)).toMatchObject({ kind: 'card_created' });
    expect(await update(first)).toMatchObject({ version: 3, refusal: null });
  });

  /** Activities of one card whose next send of the profile comes to Stripe only after that of another card. */
  function overtaken(by: () => Promise<unknown>, isAnswered: boolean) {
    const { issuer } = program.ports;
    let left = 1;
    const slow: CardIssuer = {
      ...issuer,
      async updateCardholder(holder, id, key) {
        const isSlow = left > 0;
        left -= 1;
        if (isSlow) await by();
        const answer = await issuer.updateCardholder(holder, id, key);
        if (isSlow && !isAnswered) throw new IssuerUnavailableError('no answer');
        return answer;
      },
    };
    return createActivities({ ...program.ports, issuer: slow });
  }

  test.each([true, false])(
    'that overtakes an older one stands at Stripe in the end; the older one is answered: %s',
    async (isAnswered) => {
      const first = await program.card();
      await issue(first);
      const second = await program.card({ holderOf: first });
      await change(first, { phoneNumber: '+4930000002' });
      const activities = overtaken(async () => {
        await change(first, { phoneNumber: '+4930000003' });
        expect(await update(second)).toMatchObject({ version: 3, refusal: null });
      }, isAnswered);
      const told = activities.updateCardholder({ cardId: first });
      if (!isAnswered) await expect(told).rejects.toThrow('no answer');
      // A repeat as Temporal makes it where the first try failed; it changes nothing otherwise.
      await told.catch(() => activities.updateCardholder({ cardId: first }));
      expect(await atStripe(first)).toMatchObject({
        phone_number: '+4930000003',
        metadata: { profile_version: '3' },
      });
      const before = (await updateCalls(first)).length;
      await update(second);
      expect(await updateCalls(first)).toHaveLength(before);
    },
  );

  test('is sent under a key of its own where Stripe has stored a failure', async () => {
    const cardId = await program.card();
    await issue(cardId);
    await change(cardId, { phoneNumber: '+4930123458' });
    const failed = { status: 500, error: { type: 'api_error', message: 'stored' } };
    program.proxy.disturb({ on: 'POST /v1/issuing/cardholders/', done: false, ...failed });
    expect(await update(cardId)).toMatchObject({ refusal: null });
    expect(await atStripe(cardId)).toMatchObject({ phone_number: '+4930123458' });
  });
});

const ADDRESS = { line1: '1 Main St', city: 'Berlin', postalCode: '10115', country: 'DE' };
