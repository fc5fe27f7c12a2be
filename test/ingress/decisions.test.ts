/** What the API tells of decisions: made by the decision function, then read as an operator would. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createDecisionStore } from '../../src/adapters/postgres/decision-store.ts';
import type {
  AuthorizationRequest,
  UnreadableRequest,
} from '../../src/domain/authorization-request.ts';
import { CARDHOLDER_TEXTS } from '../../src/domain/cardholder-texts.ts';
import { evaluate } from '../../src/domain/decision.ts';
import { parseAuthorizationId, parseStripeCardId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { GivenAnswer } from '../../src/ports/decision-store.ts';
import { askDecision, questionOf, TIMINGS } from '../support/ask-decision.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { sampleRequest } from '../support/sample-request.ts';
import { START_S } from '../support/stripe-events.ts';
import { ingressUnderTest } from './ingress-under-test.ts';

const ingress = ingressUnderTest();
let program: CardProgram;
let stripeAccount = '';
beforeEach(async () => {
  stripeAccount = `acct_${random()}`;
  program = await createCardProgram(ingress.sql, { fundsMinor: 100_000, stripeAccount });
});

const random = (): string => randomUUID().replaceAll('-', '');
const store = () => createDecisionStore(() => ingress.sql, systemClock());

/** Decides one purchase and returns its id and that of the request. */
async function decided(
  over: Partial<AuthorizationRequest> & { readonly asked?: number } = {},
): Promise<{ id: string; requestId: string }> {
  const { asked = 2_500, requestId = `evt_${random()}`, ...request } = over;
  const reply = await askDecision(ingress.sql, program, {
    authorizationId: parseAuthorizationId(`iauth_${random()}`),
    askedMinor: minorUnits(asked),
    requestId,
    ...request,
  });
  if (reply.kind !== 'decided') throw new Error(`not decided: ${reply.kind}`);
  return { id: reply.decisionId, requestId };
}

async function answered(requestId: string, over: Partial<GivenAnswer> = {}): Promise<void> {
  await store().recordAnswers([
    {
      requestId,
      stripeAccount,
      decisionId: null,
      approved: false,
      reason: 'NO_ANSWER_IN_TIME',
      timings: { databaseMs: null, answeredMs: 500.25 },
      answeredAt: '2026-03-18T15:00:00.500Z',
      ...over,
    },
  ]);
}

const show = async (id: string) => (await ingress.get(`/v1/decisions/${id}`)).body;
const setControls = (owner: 'card' | 'account' | 'tenant', controls: object) =>
  ingress.put(
    {
      card: `/v1/cards/${program.cardId}/controls`,
      account: `/v1/accounts/${program.accountId}/controls`,
      tenant: `/v1/tenants/${program.tenantId}/controls`,
    }[owner],
    controls,
  );

describe('GET /v1/decisions/{id}', () => {
  it('tells the rule and its numbers', async () => {
    await setControls('card', { limits: [{ interval: 'daily', amountMinor: 50_000 }] });
    await decided({ asked: 48_010 });
    const { id, requestId } = await decided({ asked: 2_500 });
    await answered(requestId, {
      decisionId: id,
      reason: 'DAILY_LIMIT_EXCEEDED',
      timings: { databaseMs: 2.5, answeredMs: 2.75 },
    });
    const answer = await ingress.get(`/v1/decisions/${id}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      id,
      requestId,
      tenantId: program.tenantId,
      authorizationId: expect.stringMatching(/^iauth_/),
      stripeCardId: program.stripeCardId,
      cardId: program.cardId,
      accountId: program.accountId,
      approved: false,
      reason: 'DAILY_LIMIT_EXCEEDED',
      explanation:
        "The card's daily limit is 500.00 USD; 480.10 USD were spent and 25.00 USD were asked.",
      cardholderText: CARDHOLDER_TEXTS.DAILY_LIMIT_EXCEEDED,
      currency: 'usd',
      askedMinor: 2_500,
      approvedMinor: 0,
      surplus: { kind: 'none' },
      heldMinor: 0,
      availableBeforeMinor: 51_990,
      creditLimitMinor: null,
      facts: {
        limit: {
          by: 'card',
          interval: 'daily',
          amountMinor: 50_000,
          spentMinor: 48_010,
          spentCount: 1,
        },
      },
      versions: { card: 2, account: 1, cardholder: 1, tenant: 1 },
      confirmed: false,
      requestedAt: new Date(START_S * 1_000).toISOString(),
      decidedAt: expect.stringMatching(/^20\d\d-.*Z$/),
      timings: { ...TIMINGS, databaseMs: 2.5, answeredMs: 2.75 },
      answer: {
        approved: false,
        reason: 'DAILY_LIMIT_EXCEEDED',
        answeredAt: '2026-03-18T15:00:00.500Z',
      },
    });
  });

  it('tells the balance at that moment, and what was held', async () => {
    await ingress.post(`/v1/accounts/${program.accountId}`, { creditLimitMinor: 5_000 });
    const { id } = await decided({ asked: 10_000, merchantCurrency: 'eur' });
    await decided({ asked: 20_000 });
    expect(await show(id)).toMatchObject({
      approved: true,
      explanation:
        '100.00 USD were asked and approved, 103.00 USD held; 1000.00 USD were available, with a credit limit of 50.00 USD.',
      surplus: { kind: 'margin', basisPoints: 300 },
      heldMinor: 10_300,
      availableBeforeMinor: 100_000,
      creditLimitMinor: 5_000,
      facts: { funds: { creditLimitMinor: 5_000, neededMinor: 10_300 } },
      timings: { ...TIMINGS, databaseMs: null, answeredMs: null },
      answer: null,
    });
    const declined = await show((await decided({ asked: 99_999 })).id);
    expect(declined).toMatchObject({
      reason: 'INSUFFICIENT_FUNDS',
      explanation:
        '999.99 USD were asked; 697.00 USD were available, with a credit limit of 50.00 USD.',
    });
  });

  it('tells what a rule found', async () => {
    await setControls('tenant', { blockedCategories: ['bakeries'] });
    expect(await show((await decided()).id)).toMatchObject({
      reason: 'CATEGORY_NOT_ALLOWED',
      explanation: "The tenant's controls block the merchant category bakeries.",
      facts: { finding: { kind: 'list', by: 'tenant', list: 'blocked', value: 'bakeries' } },
      creditLimitMinor: null,
    });
  });

  it('tells of a card that nobody knows', async () => {
    const { id } = await decided({ stripeCardId: parseStripeCardId('ic_nobody') });
    expect(await show(id)).toMatchObject({
      tenantId: program.tenantId,
      cardId: null,
      accountId: null,
      reason: 'UNKNOWN_CARD',
      explanation: 'No card of this tenant has the Stripe card ic_nobody.',
      availableBeforeMinor: null,
      versions: null,
    });
  });

  it('does not know others', async () => {
    for (const id of [`dec_${'0'.repeat(32)}`, 'no-id-at-all']) {
      const answer = await ingress.get(`/v1/decisions/${id}`);
      expect(`${answer.status} ${answer.body.error?.code}`).toBe('404 DECISION_NOT_FOUND');
    }
  });
});

describe('a request that was unreadable', () => {
  async function unreadable(over: Partial<UnreadableRequest> = {}): Promise<string> {
    const request: UnreadableRequest = {
      kind: 'unreadable',
      requestId: `evt_${random()}`,
      stripeAccount,
      authorizationId: null,
      stripeCardId: null,
      requestedS: START_S,
      problem: 'pending_request is missing',
      ...over,
    };
    const rule = evaluate(request, null);
    const deadlineMs = Date.now() + 60_000;
    const [reply] = await store().decide([
      { request, profile: null, rule, timings: TIMINGS, deadlineMs },
    ]);
    if (reply?.kind !== 'decided') throw new Error(`not decided: ${reply?.kind}`);
    return reply.decisionId;
  }

  it('is told without what it did not tell', async () => {
    expect(await show(await unreadable())).toMatchObject({
      reason: 'REQUEST_UNREADABLE',
      explanation: 'The request could not be read: pending_request is missing.',
      authorizationId: null,
      stripeCardId: null,
      currency: null,
      askedMinor: null,
      approvedMinor: 0,
    });
  });

  it('is a part of the purchase that it names', async () => {
    const authorizationId = parseAuthorizationId(`iauth_${random()}`);
    await unreadable({ authorizationId });
    const url = `/v1/authorizations/${authorizationId}`;
    expect((await ingress.get(url)).status).toBe(404);
    await decided({ authorizationId, requestedS: START_S + 60 });
    expect((await ingress.get(url)).body).toMatchObject({
      stripeCardId: program.stripeCardId,
      requests: [
        { decision: { reason: 'REQUEST_UNREADABLE', askedMinor: null }, answer: null },
        {
          decision: {
            reason: 'APPROVED',
            explanation: '25.00 USD were asked and approved; 1000.00 USD were available.',
            facts: { funds: { creditLimitMinor: 0, neededMinor: 2_500 } },
          },
        },
      ],
    });
  });
});

describe('what was answered', () => {
  it('is told apart from a decision that Postgres recorded too late', async () => {
    const { id, requestId } = await decided();
    await answered(requestId);
    expect(await show(id)).toMatchObject({
      approved: true,
      reason: 'APPROVED',
      explanation:
        '25.00 USD were asked and approved; 1000.00 USD were available. Answered NO_ANSWER_IN_TIME before this was recorded: the purchase was declined, and the hold is released when Stripe shows the decline.',
      cardholderText: CARDHOLDER_TEXTS.NO_ANSWER_IN_TIME,
      timings: { databaseMs: null, answeredMs: 500.25 },
      answer: { approved: false, reason: 'NO_ANSWER_IN_TIME' },
    });
  });

  it('is the newest of several, and never that of another request, decision or Stripe account', async () => {
    const { id, requestId } = await decided();
    await answered(requestId, { stripeAccount: 'acct_other', answeredAt: '2026-03-19T00:00:00Z' });
    await answered(requestId, { decisionId: 'dec_other', answeredAt: '2026-03-19T00:00:00Z' });
    await answered(`${requestId}0`, { answeredAt: '2026-03-19T00:00:00Z' });
    expect((await show(id))['answer']).toBeNull();
    const approved = { decisionId: id, approved: true, reason: 'APPROVED' } as const;
    await answered(requestId, { ...approved, answeredAt: '2026-03-18T15:00:01Z' });
    await answered(requestId, { answeredAt: '2026-03-18T15:00:00Z' });
    expect(await show(id)).toMatchObject({
      explanation: '25.00 USD were asked and approved; 1000.00 USD were available.',
      answer: { approved: true, reason: 'APPROVED' },
    });
  });
});

describe('GET /v1/cards/{id}/decisions', () => {
  it('shows the same of each decision of the card, newest first, page by page', async () => {
    const first = await decided({ asked: 100 });
    const second = await decided({ asked: 999_999 });
    await answered(second.requestId, { decisionId: second.id, reason: 'INSUFFICIENT_FUNDS' });
    const url = `/v1/cards/${program.cardId}/decisions?limit=1`;
    const newest = await ingress.get(url);
    expect(newest.body.data).toEqual([await show(second.id)]);
    const rest = await ingress.get(`${url}&after=${String(newest.body['nextCursor'])}`);
    expect(rest.body.data).toEqual([await show(first.id)]);
    expect(rest.body['nextCursor']).toBeNull();
  });
});

describe('controls', () => {
  it.each(['card', 'account', 'tenant'] as const)(
    'of a %s are in force for the next decision, and lifted for the one after',
    async (owner) => {
      const reasonOf = async () => (await show((await decided()).id))['reason'];
      expect(await reasonOf()).toBe('APPROVED');
      await setControls(owner, { allowedCountries: ['CA'] });
      expect(await reasonOf()).toBe('COUNTRY_NOT_ALLOWED');
      await setControls(owner, {});
      expect(await reasonOf()).toBe('APPROVED');
    },
  );

  it.each(['card', 'account', 'tenant'] as const)(
    'of a %s are in force for a decision whose profile was read before',
    async (owner) => {
      const { stripeCardId } = program;
      const request = sampleRequest({ requestId: `evt_${random()}`, stripeAccount, stripeCardId });
      const question = await questionOf(store(), request);
      const controls = { blockedCountries: ['US'] };
      await setControls(owner, controls);
      const [reply] = await store().decide([question]);
      expect(reply).toMatchObject({
        kind: 'stale',
        profile: { controls: { [owner]: controls } },
      });
    },
  );
});
