/** Events of any API version: what is new, gone or unknown matters only where it is needed, and then the item names it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import type { Json } from '../../src/adapters/stripe/wire.ts';
import {
  balancesOf,
  brokenInvariants,
  type CardProgram,
  createCardProgram,
} from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { authorization, event, START_S, transaction } from '../support/stripe-events.ts';
import { deliver, openItems, rowOf, wrongBooks } from './relay-inbox.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 6, name: 'test-api-versions' });
});
afterEach(async () => {
  expect(await brokenInvariants(sql)).toEqual([]);
  expect(await wrongBooks(sql)).toEqual([]);
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

/** The first version after the end of the beta: without category codes, network data, fleets, fuel, or times of requests. */
const OLD = '2020-08-27';
const of = (version: string | null, type: string, object: Json, atS = START_S): Json => ({
  ...event(type, object, { atS }),
  api_version: version,
});

const oldMerchant = {
  category: 'taxicabs_limousines',
  city: 'San Francisco',
  country: 'US',
  name: 'Rocket Rides',
  network_id: '1234567890',
  postal_code: '94107',
  state: 'CA',
};
const oldCard = (id: string, more: Json = {}): Json => ({
  id,
  object: 'issuing.card',
  brand: 'Visa',
  cancellation_reason: null,
  cardholder: { id: 'ich_old', object: 'issuing.cardholder', status: 'active' },
  created: START_S,
  currency: 'usd',
  exp_month: 8,
  exp_year: 2031,
  last4: '4242',
  metadata: {},
  replaced_by: null,
  replacement_for: null,
  replacement_reason: null,
  shipping: null,
  spending_controls: { allowed_categories: null, blocked_categories: null, spending_limits: [] },
  status: 'active',
  type: 'virtual',
  ...more,
});
const oldAuthorization = (id: string, card: string, more: Json = {}): Json => ({
  id,
  object: 'issuing.authorization',
  amount: 700,
  approved: true,
  authorization_method: 'online',
  balance_transactions: [],
  card: oldCard(card),
  cardholder: 'ich_old',
  created: START_S,
  currency: 'usd',
  livemode: false,
  merchant_amount: 700,
  merchant_currency: 'usd',
  merchant_data: oldMerchant,
  metadata: {},
  pending_request: null,
  request_history: [
    {
      amount: 700,
      approved: true,
      created: START_S,
      currency: 'usd',
      merchant_amount: 700,
      merchant_currency: 'usd',
      reason: 'webhook_approved',
    },
  ],
  status: 'pending',
  transactions: [],
  verification_data: { cvc_check: 'match', expiry_check: 'match' },
  wallet: null,
  ...more,
});
const oldTransaction = (id: string, card: string, more: Json = {}): Json => ({
  id,
  object: 'issuing.transaction',
  amount: -700,
  authorization: null,
  balance_transaction: 'txn_old',
  card,
  cardholder: 'ich_old',
  created: START_S + 60,
  currency: 'usd',
  dispute: null,
  merchant_amount: -700,
  merchant_currency: 'usd',
  merchant_data: oldMerchant,
  type: 'capture',
  ...more,
});

const cardRow = async ({ stripeCardId }: CardProgram) => {
  const [row] = await sql`
    select status, shipping_status from stripe_cards where stripe_card_id = ${stripeCardId}`;
  return row;
};

describe('events of an old API version', () => {
  it('are applied like those of today', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const card = program.stripeCardId;
    const capture = oldTransaction('ipi_old', card, { authorization: 'iauth_old' });
    await deliver(
      sql,
      program,
      of(OLD, 'issuing_authorization.created', oldAuthorization('iauth_old', card)),
      of(null, 'issuing_card.updated', oldCard(card, { status: 'inactive' }), START_S + 5),
    );
    expect(await balancesOf(sql, program)).toMatchObject({ available: 4_300, held: 700 });
    await deliver(sql, program, of(OLD, 'issuing_transaction.created', capture, START_S + 60));
    expect(await balancesOf(sql, program)).toMatchObject({ available: 4_300, settlement: 700 });
    expect(await cardRow(program)).toMatchObject({ status: 'inactive' });
    expect(await openItems(sql, program)).toEqual([]);
  });
});

describe('values and fields that nobody here knows', () => {
  it('do not matter where they are not needed', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const card = program.stripeCardId;
    const news = { from_the_future: { nested: [1, 'two', null] }, status_details: 'unheard' };
    const purchase = oldAuthorization('iauth_new', card, {
      ...news,
      authorization_method: 'thought',
      wallet: 'toaster_pay',
      metadata: null,
      merchant_data: { category: 'space_travel', terminal_id: 7, name: null },
      request_history: [
        { amount: 700, approved: true, created: START_S, reason: 'stars_aligned', ...news },
      ],
    });
    const clearing = oldTransaction('ipi_new', card, {
      ...news,
      authorization: 'iauth_new',
      wallet: 'toaster_pay',
      network_data: { processing_date: 'soon' },
      merchant_data: null,
      amount_details: { atm_fee: 'free' },
    });
    const parcel = oldCard(card, {
      ...news,
      brand: 'Unheard',
      type: 'holographic',
      replacement_reason: 'bored',
      shipping: { status: 'teleported', carrier: 'starship', eta: 'never', type: 'bulk' },
      latest_fraud_warning: { type: 'odd', started_at: START_S + 0.5 },
    });
    await deliver(
      sql,
      program,
      of('2031-01-01.zinnia', 'issuing_authorization.created', purchase),
      of('2031-01-01.zinnia', 'issuing_transaction.created', clearing, START_S + 60),
      of('2031-01-01.zinnia', 'issuing_card.updated', parcel, START_S + 5),
    );
    expect(await balancesOf(sql, program)).toMatchObject({ available: 4_300, settlement: 700 });
    expect(await cardRow(program)).toMatchObject({ status: 'active', shipping_status: null });
    const rows = await sql<{ status: string }[]>`
      select status from inbox where tenant_id = ${program.tenantId}`;
    expect(rows.map(({ status }) => status)).toEqual(['applied', 'applied', 'applied']);
  });

  const without = (object: Json, name: string): Json =>
    Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
  const lacking: readonly [string, string, (card: string) => Json][] = [
    [
      'status',
      'issuing_authorization.created',
      (card) => oldAuthorization('iauth_l', card, { status: 'odd' }),
    ],
    [
      'approved',
      'issuing_authorization.created',
      (card) => without(oldAuthorization('iauth_l', card), 'approved'),
    ],
    [
      'amount',
      'issuing_authorization.created',
      (card) => without(oldAuthorization('iauth_l', card), 'amount'),
    ],
    [
      'currency',
      'issuing_authorization.created',
      (card) => oldAuthorization('iauth_l', card, { currency: 'gil' }),
    ],
    [
      'type',
      'issuing_transaction.created',
      (card) => oldTransaction('ipi_l', card, { type: 'tip' }),
    ],
    [
      'created',
      'issuing_transaction.created',
      (card) => without(oldTransaction('ipi_l', card), 'created'),
    ],
    ['status', 'issuing_card.updated', (card) => oldCard(card, { status: 'melted' })],
    ['last4', 'issuing_card.updated', (card) => without(oldCard(card), 'last4')],
    ['status', 'issuing_cardholder.updated', () => ({ id: 'ich_old', status: 'asleep' })],
    ['transaction', 'issuing_dispute.created', () => ({ id: 'idp_l', status: 'submitted' })],
    ['status', 'identity.verification_session.verified', () => ({ id: 'vs_l', status: 'odd' })],
  ];

  it.each(lacking)(
    'are an item that names the field where it is needed: %s of %s',
    async (field, type, objectOf) => {
      const program = await createCardProgram(sql, { fundsMinor: 5_000 });
      const good = event(
        'issuing_transaction.created',
        transaction({ id: `ipi_${program.cardId}`, card: program.stripeCardId, amount: -1 }),
      );
      const broken = of(OLD, type, objectOf(program.stripeCardId));
      await deliver(sql, program, broken, good);
      expect(await rowOf(sql, broken['id'])).toMatchObject({
        status: 'attention',
        reason: expect.stringMatching(
          new RegExp(`^cannot be read \\(API version ${OLD}\\): ${field} `),
        ),
      });
      expect(await openItems(sql, program)).toContain('event_not_applied');
      expect(await balancesOf(sql, program)).toMatchObject({ settlement: 1 });
    },
  );

  it('of a nested record do not keep the view of its purchase from being read', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const card = program.stripeCardId;
    const whole = {
      ...oldTransaction('ipi_in', card, { authorization: 'iauth_in' }),
      purchase_details: { fleet: {} },
    };
    await deliver(
      sql,
      program,
      event('issuing_authorization.updated', {
        ...authorization({ id: 'iauth_in', card, amount: 700 }),
        status: 'closed',
        transactions: [whole],
        fleet: { odometer: 'x' },
      }),
    );
    expect(await balancesOf(sql, program)).toMatchObject({
      available: 4_300,
      held: 0,
      settlement: 700,
    });
  });
});
