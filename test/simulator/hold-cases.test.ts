/**
 * What can become of an authorization, case by case: what Stripe's documentation says an integrator must do with the
 * hold follows from these objects and events, so each case looks at both.
 */
import type Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decision, type Program, startProgram } from './program.ts';
import { told } from './story.ts';

interface Stage {
  readonly program: Program;
  readonly card: Stripe.Issuing.Card;
  readonly helpers: Stripe['testHelpers']['issuing']['authorizations'];
  readonly buy: (params?: object) => Promise<Stripe.Issuing.Authorization>;
}

/** An event: its type, what its object must hold, and its whole `previous_attributes` where it has some. */
type Event = readonly [type: string, object: object, previous?: object];

interface Case {
  readonly name: string;
  readonly act: (stage: Stage) => Promise<{ id: string }>;
  /** What the authorization holds in the end; absent where there is none. */
  readonly authorization?: object;
  readonly events: readonly Event[];
}

const REQUEST: Event = [
  'authorization.request',
  { amount: 0, approved: false, pending_request: { amount: 1_000 } },
];
const CREATED: Event = [
  'authorization.created',
  { amount: 1_000, approved: true, status: 'pending', pending_request: null },
];
const HELD = [REQUEST, CREATED];
const captured = (amount: number): Event => [
  'transaction.created',
  { type: 'capture', amount: -amount, merchant_amount: -amount, authorization: expect.any(String) },
];
const CLOSED_BY_CAPTURE: Event = [
  'authorization.updated',
  { status: 'closed', amount: 1_000, transactions: [{ type: 'capture' }] },
  { status: 'pending', transactions: [] },
];
const REVERSED: Event = [
  'authorization.updated',
  { status: 'reversed', amount: 0 },
  { status: 'pending', amount: 1_000, merchant_amount: 1_000 },
];
const setting = ({ program }: Stage, settings: object) =>
  program.control('PUT', '/_sim/accounts/platform/settings', settings);
const after =
  (act: (stage: Stage, id: string) => Promise<unknown>): Case['act'] =>
  async (stage) => {
    const { id } = await stage.buy();
    await act(stage, id);
    return { id };
  };

const CASES: readonly Case[] = [
  {
    name: 'approve',
    act: ({ buy }) => buy(),
    authorization: {
      approved: true,
      status: 'pending',
      amount: 1_000,
      request_history: [{ reason: 'webhook_approved', approved: true }],
    },
    events: HELD,
  },
  {
    name: 'decline',
    act: ({ buy }) => buy({ merchant_data: { name: 'No' } }),
    authorization: {
      approved: false,
      status: 'closed',
      amount: 1_000,
      request_history: [{ reason: 'webhook_declined', authorization_code: null }],
    },
    events: [REQUEST, ['authorization.created', { approved: false, status: 'closed' }]],
  },
  {
    name: 'approved by you, declined later by the network',
    async act(stage) {
      const path = `/_sim/issuing/cards/${stage.card.id}/decline_next_after_approval`;
      await stage.program.control('POST', path);
      return stage.buy();
    },
    authorization: { approved: false, status: 'closed', metadata: { decision: 'd1' } },
    events: [REQUEST, ['authorization.created', { approved: false, status: 'closed' }]],
  },
  {
    name: 'approved without you: stand-in',
    async act({ program, card }) {
      const body = { card: card.id, amount: 700 };
      const made = await program.control('POST', '/_sim/issuing/authorizations/stand_in', body);
      return { id: String(made['id']) };
    },
    authorization: {
      approved: true,
      status: 'pending',
      amount: 700,
      request_history: [{ reason: 'network_fallback' }],
    },
    events: [['authorization.created', { approved: true, status: 'pending', amount: 700 }]],
  },
  {
    name: 'approved without you: the default for silence',
    async act(stage) {
      await setting(stage, { timeoutPolicy: 'approve' });
      return stage.buy({ merchant_data: { name: 'Silence' } });
    },
    authorization: {
      approved: true,
      status: 'pending',
      request_history: [{ reason: 'webhook_timeout' }],
    },
    events: HELD,
  },
  {
    name: 'full capture',
    act: after(({ helpers }, id) => helpers.capture(id)),
    authorization: { status: 'closed', amount: 1_000, transactions: [{ amount: -1_000 }] },
    events: [...HELD, captured(1_000), CLOSED_BY_CAPTURE],
  },
  {
    name: 'partial capture, final',
    act: after(({ helpers }, id) => helpers.capture(id, { capture_amount: 300 })),
    authorization: { status: 'closed', amount: 1_000, transactions: [{ amount: -300 }] },
    events: [...HELD, captured(300), CLOSED_BY_CAPTURE],
  },
  {
    name: 'partial capture, more to come',
    act: after(({ helpers }, id) =>
      helpers.capture(id, { capture_amount: 300, close_authorization: false }),
    ),
    authorization: { status: 'pending', amount: 700, transactions: [{ amount: -300 }] },
    events: [
      ...HELD,
      captured(300),
      [
        'authorization.updated',
        { status: 'pending', amount: 700 },
        { amount: 1_000, merchant_amount: 1_000, transactions: [] },
      ],
    ],
  },
  {
    name: 'over capture',
    act: after(({ helpers }, id) => helpers.capture(id, { capture_amount: 1_250 })),
    authorization: { status: 'closed', amount: 1_000, transactions: [{ amount: -1_250 }] },
    events: [...HELD, captured(1_250), CLOSED_BY_CAPTURE],
  },
  {
    name: 'late capture after expiry',
    act: after(async ({ helpers }, id) => {
      await helpers.expire(id);
      await helpers.capture(id);
    }),
    authorization: { status: 'expired', amount: 0, transactions: [{ amount: -1_000 }] },
    events: [
      ...HELD,
      ['authorization.updated', { status: 'expired', amount: 1_000 }, { status: 'pending' }],
      captured(1_000),
      [
        'authorization.updated',
        { status: 'expired', amount: 0 },
        { amount: 1_000, merchant_amount: 1_000, transactions: [] },
      ],
    ],
  },
  {
    name: 'capture after reversal',
    act: after(async ({ helpers }, id) => {
      await helpers.reverse(id);
      await helpers.capture(id);
    }),
    authorization: { status: 'reversed', amount: 0, transactions: [{ amount: -1_000 }] },
    events: [
      ...HELD,
      REVERSED,
      captured(1_000),
      ['authorization.updated', { status: 'reversed', amount: 0 }, { transactions: [] }],
    ],
  },
  {
    name: 'capture of a declined authorization',
    async act({ helpers, buy }) {
      const { id } = await buy({ merchant_data: { name: 'No' } });
      return helpers.capture(id);
    },
    authorization: { approved: false, status: 'closed', transactions: [{ amount: -1_000 }] },
    events: [
      REQUEST,
      ['authorization.created', { approved: false, status: 'closed' }],
      captured(1_000),
      ['authorization.updated', { approved: false, status: 'closed' }, { transactions: [] }],
    ],
  },
  {
    name: 'forced post',
    act: ({ program, card }) =>
      program.stripe.testHelpers.issuing.transactions.createForceCapture({
        card: card.id,
        amount: 1_000,
      }),
    events: [['transaction.created', { type: 'capture', amount: -1_000, authorization: null }]],
  },
  {
    name: 'partial reversal',
    act: after(({ helpers }, id) => helpers.reverse(id, { reverse_amount: 400 })),
    authorization: { status: 'pending', amount: 600, merchant_amount: 600 },
    events: [
      ...HELD,
      [
        'authorization.updated',
        { status: 'pending', amount: 600 },
        { amount: 1_000, merchant_amount: 1_000 },
      ],
    ],
  },
  {
    name: 'full reversal',
    act: after(({ helpers }, id) => helpers.reverse(id)),
    authorization: { status: 'reversed', amount: 0, approved: true },
    events: [...HELD, REVERSED],
  },
  {
    name: 'reversal, then a new hold',
    act: after(async ({ helpers }, id) => {
      await helpers.reverse(id);
      await helpers.increment(id, { increment_amount: 800 });
    }),
    authorization: { status: 'pending', amount: 800, approved: true },
    events: [
      ...HELD,
      REVERSED,
      ['authorization.request', { amount: 0, pending_request: { amount: 800 } }],
      [
        'authorization.updated',
        { status: 'pending', amount: 800 },
        expect.objectContaining({ status: 'reversed', amount: 0, merchant_amount: 0 }),
      ],
    ],
  },
  {
    name: 'expiry',
    act: after(async ({ helpers }, id) => {
      await helpers.capture(id, { capture_amount: 300, close_authorization: false });
      await helpers.expire(id);
    }),
    authorization: { status: 'expired', amount: 700 },
    events: [
      ...HELD,
      captured(300),
      [
        'authorization.updated',
        { status: 'pending', amount: 700 },
        { amount: 1_000, merchant_amount: 1_000, transactions: [] },
      ],
      ['authorization.updated', { status: 'expired', amount: 700 }, { status: 'pending' }],
    ],
  },
  {
    name: 'increment, approved',
    act: after(({ helpers }, id) => helpers.increment(id, { increment_amount: 250 })),
    authorization: {
      status: 'pending',
      amount: 1_250,
      request_history: [{ amount: 1_000 }, { amount: 250, approved: true }],
    },
    events: [
      ...HELD,
      ['authorization.request', { amount: 1_000, pending_request: { amount: 250 } }],
      [
        'authorization.updated',
        { amount: 1_250, pending_request: null },
        {
          amount: 1_000,
          merchant_amount: 1_000,
          metadata: { request: expect.any(String) },
          request_history: [expect.objectContaining({ amount: 1_000 })],
        },
      ],
    ],
  },
  {
    name: 'increment, declined',
    act: after(({ helpers }, id) => helpers.increment(id, { increment_amount: 99 })),
    authorization: {
      status: 'pending',
      amount: 1_000,
      approved: true,
      request_history: [{ approved: true }, { approved: false, amount: 99 }],
    },
    events: [
      ...HELD,
      ['authorization.request', { amount: 1_000, pending_request: { amount: 99 } }],
      [
        'authorization.updated',
        { amount: 1_000, status: 'pending', approved: true },
        {
          metadata: { request: expect.any(String) },
          request_history: [expect.objectContaining({ amount: 1_000 })],
        },
      ],
    ],
  },
  {
    name: 'final amount at a fuel pump',
    act: after(({ helpers }, id) => helpers.finalizeAmount(id, { final_amount: 5_432 })),
    authorization: { status: 'pending', amount: 5_432, merchant_amount: 5_432 },
    events: [
      ...HELD,
      [
        'authorization.updated',
        { status: 'pending', amount: 5_432 },
        { amount: 1_000, merchant_amount: 1_000 },
      ],
    ],
  },
  {
    name: 'linked refund',
    act: after(async ({ program, helpers }, id) => {
      const { transactions } = await helpers.capture(id);
      const paid = transactions[0]?.id ?? '';
      await program.stripe.testHelpers.issuing.transactions.refund(paid, { refund_amount: 400 });
    }),
    authorization: {
      status: 'closed',
      amount: 1_000,
      transactions: [{ amount: -1_000 }, { amount: 400, type: 'refund' }],
    },
    events: [
      ...HELD,
      captured(1_000),
      CLOSED_BY_CAPTURE,
      [
        'transaction.created',
        { type: 'refund', amount: 400, merchant_amount: 400, authorization: expect.any(String) },
      ],
      [
        'authorization.updated',
        { status: 'closed', amount: 1_000 },
        { transactions: [expect.objectContaining({ amount: -1_000 })] },
      ],
    ],
  },
  {
    name: 'unlinked refund',
    act: ({ program, card }) =>
      program.stripe.testHelpers.issuing.transactions.createUnlinkedRefund({
        card: card.id,
        amount: 300,
      }),
    events: [['transaction.created', { type: 'refund', amount: 300, authorization: null }]],
  },
];

let stage: Stage;
beforeEach(async () => {
  const program = await startProgram();
  const helpers = program.stripe.testHelpers.issuing.authorizations;
  await program.decideWith((received) => {
    const asked = received.event.data.object as Stripe.Issuing.Authorization;
    if (asked.merchant_data.name === 'Silence') return undefined;
    const approved = asked.merchant_data.name !== 'No' && asked.pending_request?.amount !== 99;
    const metadata = { decision: 'd1', request: received.event.id };
    return decision(received, { approved, metadata });
  });
  const card = await program.card();
  await program.subscribe();
  const buy = (params: object = {}) => helpers.create({ card: card.id, amount: 1_000, ...params });
  stage = { program, card, helpers, buy };
});
afterEach(() => stage.program.close());

describe('a hold', () => {
  it.each(CASES)('$name', async ({ act, authorization, events }) => {
    const { id } = await act(stage);
    const seen = (await told(stage.program)).filter(({ type }) => !type.startsWith('card'));
    expect(seen.map(({ type }) => type)).toEqual(events.map(([type]) => type));
    expect(seen.map(({ object }) => object)).toMatchObject(events.map(([, object]) => object));
    expect(seen.map(({ previous }) => previous)).toEqual(events.map(([, , previous]) => previous));
    if (authorization === undefined) return;
    const stored = await stage.program.stripe.issuing.authorizations.retrieve(id);
    expect(stored).toMatchObject(authorization);
    // The last event shows what a caller gets who asks afterwards.
    const last = seen.findLast(({ type }) => /^authorization\.(created|updated)$/.test(type));
    expect(last?.object).toEqual(JSON.parse(JSON.stringify(stored)));
  });
});
