import { beforeAll, describe, expect, it } from 'vitest';
import { parseAuthorizationId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { deliver } from '../relay/relay-inbox.ts';
import { askDecision } from '../support/ask-decision.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { authorization, event, START_S, transaction } from '../support/stripe-events.ts';
import { ingressUnderTest } from './ingress-under-test.ts';

const ingress = ingressUnderTest();
let program: CardProgram;
beforeAll(async () => {
  program = await createCardProgram(ingress.sql, { fundsMinor: 10_000 });
});

const decide = (id: string, requestId: string, asked: number) =>
  askDecision(ingress.sql, program, {
    requestId,
    authorizationId: parseAuthorizationId(id),
    askedMinor: minorUnits(asked),
  });

const told = (...events: Parameters<typeof deliver>[2][]) =>
  deliver(ingress.sql, program, ...events);
const show = async (id: string) => (await ingress.get(`/v1/authorizations/${id}`)).body;

describe('GET /v1/authorizations/{id}', () => {
  it('shows a purchase as one object from its request to its refund', async () => {
    const id = 'iauth_whole';
    const card = program.stripeCardId;
    const capture = { id: 'ipi_whole', card, amount: -1_300, authorization: id };
    await decide(id, 'evt_whole', 1_000);
    const fresh = await show(id);
    expect(fresh).toMatchObject({
      status: 'pending',
      approved: true,
      approvedMinor: 1_000,
      heldMinor: 1_000,
      leftMinor: 1_000,
      requests: [{ decision: { reason: 'APPROVED', confirmed: false }, answer: null }],
      holds: [{ kind: 'hold', amountMinor: 1_000, heldAfterMinor: 1_000 }],
    });
    const history = [
      { amount: 1_000, approved: true },
      { amount: 200, approved: true, created: START_S + 30 },
    ];
    await told(
      event('issuing_authorization.created', authorization({ id, card, history, amount: 1_200 }), {
        atS: START_S + 31,
      }),
      event('issuing_transaction.created', transaction(capture), { atS: START_S + 60 }),
      event(
        'issuing_transaction.created',
        transaction({ ...capture, id: 'ipi_whole_back', amount: 50 }),
        { atS: START_S + 90 },
      ),
    );
    const whole = await show(id);
    expect(whole).toMatchObject({
      id,
      cardId: program.cardId,
      accountId: program.accountId,
      merchant: { name: 'Shop', categoryCode: '5462', networkId: '1' },
      approvedMinor: 1_200,
      heldMinor: 0,
      capturedMinor: 1_300,
      refundedMinor: 50,
      leftMinor: 0,
      flags: ['over_captured'],
      requests: [
        {
          decision: {
            requestId: 'evt_whole',
            askedMinor: 1_000,
            heldMinor: 1_000,
            confirmed: true,
          },
          answer: { approved: true, amountMinor: 1_000, reason: 'webhook_approved' },
        },
        { decision: null, answer: { approved: true, amountMinor: 200 } },
      ],
      transactions: [
        { id: 'ipi_whole', type: 'capture', amountMinor: 1_300 },
        { id: 'ipi_whole_back', type: 'refund', amountMinor: 50 },
      ],
      attention: [],
    });
    const holds = whole['holds'] as { amountMinor: number; heldAfterMinor: number }[];
    expect(holds.reduce((sum, hold) => sum + hold.amountMinor, 0)).toBe(0);
    expect(holds.at(-1)?.heldAfterMinor).toBe(0);
  });

  it('shows a decline before any event of it came, and no second row when it does', async () => {
    const id = 'iauth_declined';
    await decide(id, 'evt_declined', 99_999);
    expect(await show(id)).toMatchObject({
      accountId: program.accountId,
      approved: false,
      approvedMinor: 0,
      requests: [{ decision: { reason: 'INSUFFICIENT_FUNDS', heldMinor: 0 } }],
      holds: [],
    });
    const history = [{ amount: 99_999, approved: false }];
    const declined = { id, card: program.stripeCardId, approved: false, amount: 0, history };
    await told(event('issuing_authorization.created', authorization(declined)));
    const body = await show(id);
    expect(body).toMatchObject({ status: 'closed', heldMinor: 0 });
    expect(body['requests']).toMatchObject([
      { decision: { confirmed: true }, answer: { approved: false, amountMinor: 99_999 } },
    ]);
  });

  it('carries the open items of the purchase', async () => {
    const id = 'iauth_against';
    const card = program.stripeCardId;
    await told(
      event(
        'issuing_authorization.created',
        authorization({ id, card, approved: false, amount: 0 }),
      ),
      event(
        'issuing_transaction.created',
        transaction({ id: 'ipi_against', card, amount: -10, authorization: id }),
      ),
    );
    expect((await show(id))['attention']).toMatchObject([
      { kind: 'captured_while_declined', subject: id, closedAt: null },
    ]);
  });

  it('shows a purchase that is known by a clearing record in suspense only', async () => {
    const over = { id: 'ipi_dark', card: 'ic_nobody', amount: -70, authorization: 'iauth_dark' };
    await told(event('issuing_transaction.created', transaction(over)));
    expect(await show('iauth_dark')).toMatchObject({
      cardId: null,
      accountId: null,
      heldMinor: 0,
      transactions: [{ id: 'ipi_dark', flags: ['suspense'] }],
      attention: [{ subject: 'ipi_dark' }],
    });
  });

  it('does not know others', async () => {
    const answer = await ingress.get('/v1/authorizations/iauth_nowhere');
    expect([answer.status, answer.body.error?.code]).toEqual([404, 'AUTHORIZATION_NOT_FOUND']);
  });
});

describe('GET /v1/authorizations', () => {
  it('lists the purchases of a card or an account page by page, newest first', async () => {
    const of = await createCardProgram(ingress.sql);
    const card = of.stripeCardId;
    for (const [index, id] of ['iauth_l1', 'iauth_l2', 'iauth_l3'].entries()) {
      const status = index === 1 ? 'closed' : 'pending';
      const object = { ...authorization({ id, card, status }), created: START_S + index };
      await deliver(ingress.sql, of, event('issuing_authorization.created', object));
    }
    const ids = async (query: string) =>
      (await ingress.get(`/v1/authorizations?${query}`)).body.data?.map((item) => item.id);
    expect(await ids(`cardId=${of.cardId}&limit=2`)).toEqual(['iauth_l3', 'iauth_l2']);
    expect(await ids(`cardId=${of.cardId}&after=iauth_l2`)).toEqual(['iauth_l1']);
    expect(await ids(`accountId=${of.accountId}&status=pending`)).toEqual(['iauth_l3', 'iauth_l1']);
  });

  it('wants a card or an account, and a cursor of its own', async () => {
    const all = await ingress.get('/v1/authorizations');
    expect(all.body.error).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ in: 'query', path: 'cardId' }] },
    });
    const wrong = await ingress.get(`/v1/authorizations?cardId=${program.cardId}&after=iauth_no`);
    expect(wrong.body.error?.code).toBe('CURSOR_INVALID');
    const status = await ingress.get(`/v1/authorizations?cardId=${program.cardId}&status=open`);
    expect(status.body.error?.code).toBe('VALIDATION_FAILED');
  });
});

describe('GET /v1/transactions', () => {
  it('shows how a clearing record was booked', async () => {
    const id = 'ipi_booked';
    await told(
      event(
        'issuing_transaction.created',
        transaction({ id, card: program.stripeCardId, amount: -25 }),
      ),
    );
    const { body } = await ingress.get(`/v1/transactions/${id}`);
    expect(body).toMatchObject({
      id,
      type: 'capture',
      amountMinor: 25,
      flags: ['forced_capture'],
      merchant: { name: 'Shop' },
      parts: { merchantAmountMinor: null, atmFeeMinor: 0, cashbackMinor: 0 },
      postings: [
        {
          kind: 'capture',
          debit: 'available',
          credit: 'network_settlement',
          amountMinor: 25,
          accountId: program.accountId,
        },
      ],
    });
    const unknown = await ingress.get('/v1/transactions/ipi_nowhere');
    expect([unknown.status, unknown.body.error?.code]).toEqual([404, 'TRANSACTION_NOT_FOUND']);
  });

  it('lists those of a tenant, an account or a purchase, and of everybody', async () => {
    const of = await createCardProgram(ingress.sql, { fundsMinor: 1_000 });
    const card = of.stripeCardId;
    const later = (id: string, atS: number, purchase: string | null) => ({
      ...transaction({ id, card, amount: -1, authorization: purchase }),
      created: START_S + 1_000 + atS,
    });
    await deliver(
      ingress.sql,
      of,
      event('issuing_transaction.created', later('ipi_t1', 1, 'iauth_t')),
      event('issuing_transaction.created', later('ipi_t2', 2, null)),
    );
    const ids = async (query: string) =>
      (await ingress.get(`/v1/transactions?${query}`)).body.data?.map((item) => item.id);
    expect(await ids(`tenantId=${of.tenantId}`)).toEqual(['ipi_t2', 'ipi_t1']);
    expect(await ids(`tenantId=${of.tenantId}&after=ipi_t2`)).toEqual(['ipi_t1']);
    expect(await ids(`accountId=${of.accountId}`)).toEqual(['ipi_t2', 'ipi_t1']);
    expect(await ids('authorizationId=iauth_t')).toEqual(['ipi_t1']);
    expect(await ids('limit=2')).toEqual(['ipi_t2', 'ipi_t1']);
  });
});
