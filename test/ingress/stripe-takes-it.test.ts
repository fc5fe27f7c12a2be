/**
 * Odd characters in every field, through the API and on to Stripe (the simulator): whatever the API takes, Stripe takes
 * too. What the API refuses names the field.
 */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCardStore } from '../../src/adapters/postgres/card-store.ts';
import { createHolderStore } from '../../src/adapters/postgres/holder-store.ts';
import { createCardIssuer } from '../../src/adapters/stripe/card-issuer.ts';
import { createStripe } from '../../src/adapters/stripe/client.ts';
import { parseCardId, type StripeCardholderId } from '../../src/domain/ids.ts';
import type { CardIssuer } from '../../src/ports/card-issuer.ts';
import type { Holder } from '../../src/ports/holder-store.ts';
import { createSimulator, type Simulator } from '../../src/simulator/index.ts';
import { ingressUnderTest } from './ingress-under-test.ts';
import { newCardholder, platformTenant } from './program.ts';

const ingress = ingressUnderTest();
let simulator: Simulator;
let issuer: CardIssuer;
let accountId = '';

beforeAll(async () => {
  simulator = createSimulator();
  const apiBase = await simulator.listen();
  issuer = createCardIssuer(createStripe({ secretKey: 'sk_test_odd', apiBase }));
  await platformTenant(ingress);
  const account = await ingress.post('/v1/accounts', { customerRef: 'odd', currency: 'eur' });
  accountId = String(account.body.id);
});
afterAll(() => simulator.close());

const ODD: readonly string[] = [
  '',
  ' ',
  '  x',
  'x ',
  '\t',
  'a\nb',
  '\u0007',
  '\u00a0',
  '\u200b',
  '\u2028',
  '\u202e',
  '0',
  '7up',
  '-',
  '.',
  "'",
  '’',
  '&',
  '/',
  '#',
  '*',
  '_',
  '@',
  '!',
  '<b>',
  '"',
  '\\',
  '[0]',
  '%00',
  '%',
  '+',
  '=',
  '&a=b',
  'null',
  '{}',
  'é',
  'e\u0301',
  'ß',
  'Ł',
  'Ø',
  '×',
  'Ж',
  '李',
  'ا',
  '😀',
  '𐞀',
  'ﬁ',
  'x'.repeat(24),
  'x'.repeat(25),
  'é'.repeat(25),
  'x'.repeat(200),
  'x'.repeat(201),
  'x'.repeat(6_000),
  '+1',
  '+0123456789',
  '+1 415 555 0123',
  '4155550123',
  '+123456789012345',
  '+1234567890123456',
  'a@b',
  'a@b.c',
  'a b@c.de',
  'a@b..c',
  'ä@ö.de',
  '"a b"@c.de',
  'a@[1.2.3.4]',
  'US',
  'us',
  'UK',
  'EU',
  'XK',
  'ZZ',
  'USA',
  '1.2.3.4',
  '::1',
  '999.1.1.1',
  '94103',
  'K1A 0B1',
];

const text = fc.oneof(
  fc.constantFrom(...ODD),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
);
/** Now and then a field is odd; most are as they should be, or hardly anything would be taken. */
const some = (fields: readonly string[], value: fc.Arbitrary<unknown> = text) =>
  fc.oneof(
    { weight: 7, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...fields), value, { maxKeys: 2 }) },
  );

const ADDRESS = ['line1', 'line2', 'city', 'state', 'postalCode', 'country'];
const PERSON = ['firstName', 'lastName'];

const holders = fc.record({
  top: some(['name', 'email', 'phoneNumber']),
  billing: some(ADDRESS),
  individual: some(PERSON),
  dob: some(['day', 'month', 'year'], fc.integer({ min: -1, max: 2_101 })),
  terms: some(['date', 'ip', 'userAgent']),
  document: some(['front', 'back']),
  locales: fc.uniqueArray(fc.constantFrom('de', 'en', 'fr', 'it', 'es')),
});

function bodyOf(odd: Record<keyof typeof PARTS, object> & { locales: readonly string[] }) {
  const usual = newCardholder(randomUUID());
  const { individual } = usual;
  return {
    ...usual,
    ...odd.top,
    billing: { ...usual.billing, ...odd.billing },
    preferredLocales: odd.locales,
    individual: {
      ...individual,
      dob: { ...individual.dob, ...odd.dob },
      userTermsAcceptance: { date: '2026-01-01T00:00:00Z', ip: '203.0.113.7', ...odd.terms },
      identityDocument: odd.document,
      ...odd.individual,
    },
  };
}
const PARTS = { top: 0, billing: 0, individual: 0, dob: 0, terms: 0, document: 0 };

interface Refused {
  readonly status: number;
  readonly body: { readonly error?: { code?: string; details?: Record<string, unknown> } };
}
function expectNamedFields({ status, body }: Refused): void {
  expect(status).toBe(400);
  expect(body.error?.code).toBe('VALIDATION_FAILED');
  const fields = body.error?.details?.['fields'] as readonly { path: string }[];
  expect(fields.length).toBeGreaterThan(0);
  expect(fields.every(({ path }) => path !== '')).toBe(true);
}

async function holderOf(cardholderId: string): Promise<Holder> {
  const made = await ingress.post('/v1/cards', { cardholderId, accountId, type: 'virtual' });
  const holder = await createHolderStore(ingress.sql).ofCard(parseCardId(String(made.body.id)));
  if (holder === undefined) throw new Error('the card has a holder');
  return holder;
}

async function atStripe(holder: Holder): Promise<StripeCardholderId> {
  const request = issuer.draftCardholder(holder, 1);
  const answer = await issuer.sendCardholder(holder.tenant, request, randomUUID());
  if (answer.kind !== 'made') throw new Error(`Stripe: ${JSON.stringify(answer)}`);
  return answer.made.stripeCardholderId;
}

describe('what the API takes', () => {
  it('of a cardholder, new or changed, Stripe takes too', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(holders, holders, async (first, second) => {
        const made = await ingress.post('/v1/cardholders', bodyOf(first));
        if (made.status !== 201) return expectNamedFields(made);
        taken += 1;
        const holder = await holderOf(String(made.body.id));
        const id = await atStripe(holder);
        const { customerRef: _, type: __, name: ___, ...change } = bodyOf(second);
        const changed = await ingress.post(`/v1/cardholders/${String(made.body.id)}`, change);
        if (changed.status !== 200) return expectNamedFields(changed);
        const answer = await issuer.updateCardholder(
          await holderOf(String(made.body.id)),
          id,
          randomUUID(),
        );
        expect(answer).toMatchObject({ kind: 'changed' });
      }),
      { numRuns: 200 },
    );
    expect(taken).toBeGreaterThan(20);
  }, 120_000);

  it('of one odd field at a time, Stripe takes too', async () => {
    const parts: Readonly<Record<string, readonly string[]>> = {
      top: ['name', 'email', 'phoneNumber'],
      billing: ADDRESS,
      individual: PERSON,
      terms: ['date', 'ip', 'userAgent'],
      document: ['front', 'back'],
    };
    const none = { top: {}, billing: {}, individual: {}, dob: {}, terms: {}, document: {} };
    for (const [part, fields] of Object.entries(parts)) {
      for (const field of fields) {
        for (const odd of ODD) {
          const body = bodyOf({ ...none, locales: [], [part]: { [field]: odd } });
          const made = await ingress.post('/v1/cardholders', body);
          if (made.status === 201) await atStripe(await holderOf(String(made.body.id)));
          else expectNamedFields(made);
        }
      }
    }
  }, 120_000);

  it('of a card, Stripe takes too', async () => {
    const holder = await ingress.post('/v1/cardholders', newCardholder());
    const cardholderId = String(holder.body.id);
    const cardholder = await atStripe(await holderOf(cardholderId));
    const store = createCardStore(ingress.sql);
    const { billing } = newCardholder();
    const parcel = ['name', 'businessName', 'phoneNumber', 'eoriNumber', 'service', ...ADDRESS];
    const wanted = fc.record({ shipping: some(parcel), card: some(['secondLine']) });
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(wanted, async ({ shipping, card }) => {
        const made = await ingress.post('/v1/cards', {
          cardholderId,
          accountId,
          type: 'physical',
          shipping: { name: 'Ada Lovelace', ...billing, ...shipping },
          ...card,
        });
        if (made.status !== 202) return expectNamedFields(made);
        taken += 1;
        const order = await store.order(parseCardId(String(made.body.id)));
        if (order === undefined) throw new Error('the card was just made');
        const request = issuer.draftCard(order, { cardholder, attempt: 1, replaced: null });
        const answer = await issuer.sendCard(order.tenant, request, randomUUID());
        expect(answer).toMatchObject({ kind: 'made' });
      }),
      { numRuns: 200 },
    );
    expect(taken).toBeGreaterThan(20);
  }, 120_000);
});
