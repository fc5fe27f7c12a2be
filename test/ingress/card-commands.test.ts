import { beforeEach, describe, expect, it } from 'vitest';
import { ingressUnderTest } from './ingress-under-test.ts';
import { BILLING, cardIn } from './program.ts';

const ingress = ingressUnderTest();
beforeEach(() => {
  ingress.workflows.mode = 'up';
  ingress.workflows.answer = { kind: 'accepted', phase: 'issuance' };
});

const holder = async (id: string) => (await ingress.get(`/v1/cardholders/${id}`)).body['kyc'];
const lastCommand = () => ingress.workflows.commands.at(-1);
const SHIPPING = { name: 'Ada Lovelace', ...BILLING, line1: '9 Right St', service: 'express' };

describe('decide-kyc', () => {
  it('writes the verdict, asks the workflow, and answers with the phase it decided', async () => {
    const { cardId, cardholderId } = await cardIn(ingress, 'kyc');
    const body = { approved: true, reason: 'Passport seen' };
    const answer = await ingress.post(`/v1/cards/${cardId}/decide-kyc`, body);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ id: cardId, phase: 'issuance' });
    expect(lastCommand()).toMatchObject({
      cardId,
      name: 'decideKyc',
      argument: { approved: true },
    });
    expect(await holder(cardholderId)).toMatchObject({ status: 'verified' });
    const timeline = await ingress.get(`/v1/cards/${cardId}/timeline?limit=1`);
    expect(timeline.body.data).toMatchObject([{ kind: 'command_decide_kyc', body }]);
    const facts = await ingress.sql`select body from facts where card_id = ${cardId}`;
    expect(facts).toEqual([{ body: { kind: 'kyc_decided', approved: true } }]);
  });

  it('tells all cards of the holder that wait for KYC', async () => {
    const { cardId, cardholderId, accountId } = await cardIn(ingress, 'kyc');
    const other = await ingress.post('/v1/cards', { cardholderId, accountId, type: 'virtual' });
    ingress.workflows.answer = { kind: 'accepted', phase: 'closed' };
    await ingress.post(`/v1/cards/${cardId}/decide-kyc`, { approved: false, reason: 'Forged' });
    expect(await holder(cardholderId)).toMatchObject({ status: 'rejected', verifiedAt: null });
    const cards = [cardId, String(other.body.id)].toSorted();
    const facts = await ingress.sql`
      select card_id, body from facts where card_id = any (${cards}) order by card_id`;
    const body = { kind: 'kyc_decided', approved: false };
    expect(facts).toEqual(cards.map((id) => ({ card_id: id, body })));
  });

  it('stands when the workflow refuses, because the holder was decided about and not the card', async () => {
    const { cardId, cardholderId } = await cardIn(ingress, 'kyc');
    ingress.workflows.answer = { kind: 'refused', code: 'WRONG_PHASE', phase: 'closed' };
    const body = { approved: false, reason: 'Forged' };
    const answer = await ingress.post(`/v1/cards/${cardId}/decide-kyc`, body);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ id: cardId, phase: 'kyc' });
    expect(await holder(cardholderId)).toMatchObject({ status: 'rejected' });
  });

  it.each(['down', 'silent'] as const)(
    'is answered within 3 s while Temporal is %s, alike under the same key',
    async (mode) => {
      const { cardId, cardholderId } = await cardIn(ingress, 'kyc');
      const url = `/v1/cards/${cardId}/decide-kyc`;
      const body = { approved: true, reason: 'Passport seen' };
      const key = `verdict-${mode}`;
      ingress.workflows.mode = mode;
      const started = performance.now();
      const answer = await ingress.post(url, body, { key });
      expect(performance.now() - started).toBeLessThan(3_000);
      expect(answer).toMatchObject({ status: 202, body: { phase: 'kyc' } });
      expect(await holder(cardholderId)).toMatchObject({ status: 'verified' });
      const facts = await ingress.sql`select kind from facts where card_id = ${cardId}`;
      expect(facts).toMatchObject([{ kind: 'kyc_decided' }]);
      ingress.workflows.mode = 'up';
      expect((await ingress.post(url, body, { key })).body).toEqual(answer.body);
    },
  );
});

describe('retry-kyc', () => {
  it('asks the workflow', async () => {
    const { cardId } = await cardIn(ingress, 'kyc');
    ingress.workflows.answer = { kind: 'accepted', phase: 'kyc' };
    const answer = await ingress.post(`/v1/cards/${cardId}/retry-kyc`);
    expect(answer.status).toBe(202);
    expect(lastCommand()).toMatchObject({ cardId, name: 'retryKyc', argument: {} });
  });

  it.each(['NOT_WAITING', 'ATTEMPTS_USED_UP'] as const)('passes on %s', async (code) => {
    const { cardId } = await cardIn(ingress, 'kyc');
    ingress.workflows.answer = { kind: 'refused', code, phase: 'kyc' };
    const answer = await ingress.post(`/v1/cards/${cardId}/retry-kyc`);
    expect(answer.status).toBe(409);
    expect(answer.body.error).toMatchObject({ code, details: { phase: 'kyc' } });
  });
});

describe('retry-issuance', () => {
  it('asks the workflow, and is told in the timeline', async () => {
    const { cardId } = await cardIn(ingress, 'issuance');
    ingress.workflows.answer = { kind: 'accepted', phase: 'issuance' };
    const answer = await ingress.post(`/v1/cards/${cardId}/retry-issuance`);
    expect(answer.status).toBe(202);
    expect(lastCommand()).toMatchObject({ cardId, name: 'retryIssuance', argument: {} });
    const notes = await ingress.sql`
      select kind from card_timeline where card_id = ${cardId} and kind like 'command_%'`;
    expect(notes).toMatchObject([{ kind: 'command_retry_issuance' }]);
  });

  const printed = async (cardId: string) => {
    const { secondLine, options } = (await ingress.get(`/v1/cards/${cardId}`)).body;
    return { secondLine, options };
  };
  const OPTIONS = { renewal: 'none', personalizationDesign: 'ipcd_old' };
  const blocked = async () => {
    const card = await cardIn(ingress, 'issuance');
    await ingress.sql`
      update cards set second_line = 'Old', options = ${JSON.stringify(OPTIONS)}::text::jsonb
       where card_id = ${card.cardId}`;
    ingress.workflows.answer = { kind: 'accepted', phase: 'issuance' };
    return card;
  };

  it('stores what is printed in place of what Stripe refused, and leaves the rest', async () => {
    const { cardId } = await blocked();
    const url = `/v1/cards/${cardId}/retry-issuance`;
    expect((await ingress.post(url, { secondLine: 'Engines Ltd' })).status).toBe(202);
    expect(await printed(cardId)).toEqual({ secondLine: 'Engines Ltd', options: OPTIONS });
    expect(lastCommand()).toMatchObject({ name: 'retryIssuance', argument: {} });
    expect((await ingress.post(url, { personalizationDesign: 'ipcd_new' })).status).toBe(202);
    expect(await printed(cardId)).toEqual({
      secondLine: 'Engines Ltd',
      options: { ...OPTIONS, personalizationDesign: 'ipcd_new' },
    });
    const bare = { secondLine: null, personalizationDesign: null };
    expect((await ingress.post(url, bare)).status).toBe(202);
    expect(await printed(cardId)).toEqual({ secondLine: null, options: { renewal: 'none' } });
    const notes = await ingress.sql`
      select body from card_timeline where card_id = ${cardId} and kind = 'command_retry_issuance'
       order by timeline_id`;
    expect(notes).toEqual([
      { body: { corrected: ['secondLine'] } },
      { body: { corrected: ['personalizationDesign'] } },
      { body: { corrected: ['personalizationDesign', 'secondLine'] } },
    ]);
  });

  it('puts back what was printed when the workflow refuses', async () => {
    const { cardId } = await blocked();
    ingress.workflows.answer = { kind: 'refused', code: 'NOT_WAITING', phase: 'issuance' };
    const body = { secondLine: null, personalizationDesign: 'ipcd_new' };
    const answer = await ingress.post(`/v1/cards/${cardId}/retry-issuance`, body);
    expect(answer.status).toBe(409);
    expect(await printed(cardId)).toEqual({ secondLine: 'Old', options: OPTIONS });
  });

  it.each([
    ['physical', { secondLine: 'Straße *' }, 'secondLine'],
    ['virtual', { secondLine: 'Engines' }, 'secondLine'],
    ['virtual', { personalizationDesign: 'ipcd_new' }, 'personalizationDesign'],
  ] as const)('of a %s card is refused with %j', async (type, body, path) => {
    const { cardId } = await cardIn(ingress, 'issuance', type);
    const before = await printed(cardId);
    const answer = await ingress.post(`/v1/cards/${cardId}/retry-issuance`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ in: 'body', path }] },
    });
    expect(await printed(cardId)).toEqual(before);
  });
});

describe('correct-shipping', () => {
  it('stores the address, which does not go to the workflow', async () => {
    const { cardId } = await cardIn(ingress, 'issuance');
    const answer = await ingress.post(`/v1/cards/${cardId}/correct-shipping`, SHIPPING);
    expect(answer.status).toBe(202);
    expect((await ingress.get(`/v1/cards/${cardId}`)).body['shipping']).toEqual(SHIPPING);
    expect(lastCommand()).toMatchObject({ cardId, name: 'correctShipping', argument: {} });
  });

  it('puts the old address back when the workflow refuses', async () => {
    const { cardId } = await cardIn(ingress, 'issuance');
    const before = await ingress.get(`/v1/cards/${cardId}`);
    ingress.workflows.answer = { kind: 'refused', code: 'NOT_WAITING', phase: 'issuance' };
    const answer = await ingress.post(`/v1/cards/${cardId}/correct-shipping`, SHIPPING);
    expect(answer.status).toBe(409);
    expect((await ingress.get(`/v1/cards/${cardId}`)).body).toEqual(before.body);
  });

  it('is refused for a virtual card', async () => {
    const { cardId } = await cardIn(ingress, 'issuance', 'virtual');
    const answer = await ingress.post(`/v1/cards/${cardId}/correct-shipping`, SHIPPING);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ in: 'body', message: 'is for physical cards' }] },
    });
  });
});

describe('confirm-delivery', () => {
  it('is accepted with the last four digits of the current card', async () => {
    const { cardId } = await cardIn(ingress, 'awaiting_delivery');
    ingress.workflows.answer = { kind: 'accepted', phase: 'activation' };
    const answer = await ingress.post(`/v1/cards/${cardId}/confirm-delivery`, { last4: '4242' });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ phase: 'activation' });
    expect(lastCommand()).toMatchObject({ cardId, name: 'confirmDelivery', argument: {} });
  });

  it('is refused with other digits, without asking the workflow', async () => {
    const { cardId } = await cardIn(ingress, 'awaiting_delivery');
    const asked = ingress.workflows.commands.length;
    const answer = await ingress.post(`/v1/cards/${cardId}/confirm-delivery`, { last4: '0000' });
    expect(answer.status).toBe(409);
    expect(answer.body.error?.code).toBe('LAST4_MISMATCH');
    expect(ingress.workflows.commands).toHaveLength(asked);
  });
});

describe('a command that needs the workflow', () => {
  const bodies = {
    'decide-kyc': { approved: true, reason: 'r' },
    'retry-kyc': {},
    'retry-issuance': {},
    'correct-shipping': SHIPPING,
    'confirm-delivery': { last4: '4242' },
  };
  it.each(Object.entries(bodies))(
    '%s is refused in phase active, naming it',
    async (command, body) => {
      const { cardId, cardholderId } = await cardIn(ingress, 'active');
      const card = await ingress.get(`/v1/cards/${cardId}`);
      const kyc = await holder(cardholderId);
      const asked = ingress.workflows.commands.length;
      const answer = await ingress.post(`/v1/cards/${cardId}/${command}`, body);
      expect(answer.status).toBe(409);
      expect(answer.body.error).toMatchObject({
        code: 'WRONG_PHASE',
        details: { phase: 'active' },
      });
      expect(ingress.workflows.commands).toHaveLength(asked);
      expect((await ingress.get(`/v1/cards/${cardId}`)).body).toEqual(card.body);
      expect(await holder(cardholderId)).toEqual(kyc);
    },
  );

  it.each(['down', 'silent'] as const)(
    'answers 503 with a retry hint within 3 s while Temporal is %s, and works with the same key later',
    async (mode) => {
      const { cardId } = await cardIn(ingress, 'issuance');
      const url = `/v1/cards/${cardId}/retry-issuance`;
      const body = {};
      const key = `outage-${mode}`;
      ingress.workflows.mode = mode;
      const started = performance.now();
      const answer = await ingress.post(url, body, { key });
      expect(performance.now() - started).toBeLessThan(3_000);
      expect(answer.status).toBe(503);
      expect(answer.body.error?.code).toBe('WORKFLOWS_UNAVAILABLE');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      ingress.workflows.mode = 'up';
      const later = await ingress.post(url, body, { key });
      expect(later.status).toBe(202);
      expect(later.body).toMatchObject({ phase: 'issuance' });
    },
  );
});
