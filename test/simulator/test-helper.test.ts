/** Every test helper: what it answers, what is stored, and what is sent. */
import { readFileSync } from 'node:fs';
import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADDRESS, type Program, startProgram } from './program.ts';
import { told } from './story.ts';

interface Stage {
  readonly program: Program;
  readonly helpers: Stripe['testHelpers']['issuing'];
  readonly card: Stripe.Issuing.Card;
  /** An authorization of 1000. */
  readonly held: () => Promise<string>;
  /** The transaction of a captured authorization of 1000. */
  readonly paid: () => Promise<string>;
  /** A physical card, moved on by these steps. */
  readonly parcel: (...steps: readonly ('shipCard' | 'submitCard')[]) => Promise<string>;
}

interface Row {
  /** Below `/v1/test_helpers/issuing`. */
  readonly path: string;
  readonly call: (stage: Stage) => Promise<object>;
  readonly answer: object;
  /** Types and objects of the events that the call itself leads to, with all their previous attributes. */
  readonly events: readonly (readonly [type: string, object: object, previous?: object])[];
}

const shipped = (step: string, from: string, to: string, more: object = {}): Row => ({
  path: `cards/{card}/shipping/${step}`,
  async call({ helpers, parcel }) {
    const [submitted, sent] = [from !== 'pending', from === 'shipped'];
    const id = await parcel(
      ...(submitted ? (['submitCard'] as const) : []),
      ...(sent ? (['shipCard'] as const) : []),
    );
    const method = `${step}Card` as 'deliverCard';
    return helpers.cards[method](id);
  },
  answer: { object: 'issuing.card', shipping: { status: to } },
  events: [['card.updated', { shipping: { status: to } }, { shipping: { status: from, ...more } }]],
});

const ROWS: readonly Row[] = [
  {
    path: 'authorizations',
    call: ({ helpers, card }) => helpers.authorizations.create({ card: card.id, amount: 700 }),
    answer: { amount: 700, approved: true, status: 'pending' },
    events: [['authorization.created', { amount: 700, approved: true, status: 'pending' }]],
  },
  {
    path: 'authorizations/{authorization}/capture',
    call: async ({ helpers, held }) => helpers.authorizations.capture(await held()),
    answer: { status: 'closed', transactions: [{ amount: -1_000 }] },
    events: [
      ['transaction.created', { amount: -1_000, type: 'capture' }],
      ['authorization.updated', { status: 'closed' }, { status: 'pending', transactions: [] }],
    ],
  },
  {
    path: 'authorizations/{authorization}/expire',
    call: async ({ helpers, held }) => helpers.authorizations.expire(await held()),
    answer: { status: 'expired', amount: 1_000 },
    events: [['authorization.updated', { status: 'expired' }, { status: 'pending' }]],
  },
  {
    path: 'authorizations/{authorization}/increment',
    call: async ({ helpers, held }) =>
      helpers.authorizations.increment(await held(), { increment_amount: 50 }),
    answer: { status: 'pending', amount: 1_050 },
    events: [
      [
        'authorization.updated',
        { amount: 1_050 },
        { amount: 1_000, merchant_amount: 1_000, request_history: [expect.anything()] },
      ],
    ],
  },
  {
    path: 'authorizations/{authorization}/reverse',
    call: async ({ helpers, held }) => helpers.authorizations.reverse(await held()),
    answer: { status: 'reversed', amount: 0 },
    events: [
      [
        'authorization.updated',
        { status: 'reversed', amount: 0 },
        { status: 'pending', amount: 1_000, merchant_amount: 1_000 },
      ],
    ],
  },
  {
    path: 'authorizations/{authorization}/finalize_amount',
    call: async ({ helpers, held }) =>
      helpers.authorizations.finalizeAmount(await held(), {
        final_amount: 5_432,
        fuel: { type: 'diesel', unit: 'liter' },
      }),
    answer: { status: 'pending', amount: 5_432, fuel: { type: 'diesel', unit: 'liter' } },
    events: [
      [
        'authorization.updated',
        { amount: 5_432, fuel: { type: 'diesel' } },
        { amount: 1_000, merchant_amount: 1_000, fuel: null },
      ],
    ],
  },
  {
    path: 'authorizations/{authorization}/fraud_challenges/respond',
    async call({ program, helpers, card }) {
      await program.control('PUT', '/_sim/accounts/platform/settings', { fraudChallenges: 'on' });
      const suspected = await helpers.authorizations.create({
        card: card.id,
        amount: 1_000,
        risk_assessment: { fraud_risk: { level: 'highest' } },
      });
      await program.simulator.settle();
      program.receiver.received.length = 0;
      return helpers.authorizations.respond(suspected.id, { confirmed: true });
    },
    answer: { approved: false, status: 'closed', fraud_challenges: [{ status: 'verified' }] },
    events: [
      [
        'authorization.updated',
        { fraud_challenges: [{ status: 'verified' }] },
        { fraud_challenges: [expect.objectContaining({ status: 'pending' })] },
      ],
    ],
  },
  {
    path: 'transactions/create_force_capture',
    call: ({ helpers, card }) =>
      helpers.transactions.createForceCapture({ card: card.id, amount: 400 }),
    answer: { amount: -400, type: 'capture', authorization: null },
    events: [['transaction.created', { amount: -400, type: 'capture', authorization: null }]],
  },
  {
    path: 'transactions/create_unlinked_refund',
    call: ({ helpers, card }) =>
      helpers.transactions.createUnlinkedRefund({ card: card.id, amount: 400 }),
    answer: { amount: 400, type: 'refund', authorization: null },
    events: [['transaction.created', { amount: 400, type: 'refund', authorization: null }]],
  },
  {
    path: 'transactions/{transaction}/refund',
    call: async ({ helpers, paid }) => helpers.transactions.refund(await paid()),
    answer: { amount: 1_000, type: 'refund', authorization: expect.any(String) },
    events: [
      ['transaction.created', { amount: 1_000, type: 'refund' }],
      [
        'authorization.updated',
        { status: 'closed', transactions: [{ amount: -1_000 }, { amount: 1_000 }] },
        { transactions: [expect.objectContaining({ amount: -1_000 })] },
      ],
    ],
  },
  shipped('submit', 'pending', 'submitted'),
  shipped('ship', 'submitted', 'shipped', {
    carrier: null,
    shipped_at: null,
    tracking_number: null,
    tracking_url: null,
  }),
  shipped('deliver', 'shipped', 'delivered', { delivered_at: null }),
  shipped('return', 'shipped', 'returned'),
  shipped('fail', 'submitted', 'failure'),
];

let stage: Stage;
beforeEach(async () => {
  const program = await startProgram();
  const helpers = program.stripe.testHelpers.issuing;
  const holder = await program.cardholder({ phone_number: '+14155550132' });
  const card = await program.card({ cardholder: holder.id });
  const held = async () =>
    (await helpers.authorizations.create({ card: card.id, amount: 1_000 })).id;
  stage = {
    program,
    helpers,
    card,
    held: () => quietly(held),
    paid: () =>
      quietly(async () => {
        const { transactions } = await helpers.authorizations.capture(await held());
        return transactions[0]?.id ?? '';
      }),
    parcel: (...steps) =>
      quietly(async () => {
        const shipping = { name: 'Jenny Rosen', address: ADDRESS };
        const made = await program.card({ type: 'physical', status: 'inactive', shipping });
        for (const step of steps) await helpers.cards[step](made.id);
        return made.id;
      }),
  };
  await program.subscribe();

  /** What leads up to the call is none of its events. */
  async function quietly(prepare: () => Promise<string>): Promise<string> {
    const id = await prepare();
    await program.simulator.settle();
    program.receiver.received.length = 0;
    return id;
  }
});
afterEach(() => stage.program.close());

describe('the test helper', () => {
  it.each(ROWS)('$path', async ({ call, answer, events }) => {
    const answered = await call(stage);
    expect(answered).toMatchObject(answer);
    const seen = await told(stage.program);
    expect(seen.map(({ type }) => type)).toEqual(events.map(([type]) => type));
    expect(seen.map(({ object }) => object)).toMatchObject(events.map(([, object]) => object));
    expect(seen.map(({ previous }) => previous)).toEqual(events.map(([, , previous]) => previous));
    const { id } = answered as { id: string };
    const own = seen.findLast(({ object }) => object['id'] === id);
    expect(own?.object).toEqual(JSON.parse(JSON.stringify(answered)));
  });

  it('has a row here, whichever it is', () => {
    const file = new URL('../data/stripe-issuing-openapi.json', import.meta.url);
    const { paths } = JSON.parse(readFileSync(file, 'utf8')) as { paths: object };
    const base = '/v1/test_helpers/issuing/';
    const elsewhere = /^(personalization_designs|settlements)/;
    const described = Object.keys(paths)
      .filter((path) => path.startsWith(base))
      .map((path) => path.slice(base.length))
      .filter((path) => !elsewhere.test(path));
    expect(ROWS.map(({ path }) => path).toSorted()).toEqual(described.toSorted());
  });
});
