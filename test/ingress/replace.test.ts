import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CardPhase } from '../../src/domain/card-phase.ts';
import { ingressUnderTest } from './ingress-under-test.ts';
import { BILLING, cardIn } from './program.ts';

const ingress = ingressUnderTest();
beforeEach(() => {
  ingress.workflows.mode = 'up';
});

const replace = (cardId: string, body: object, key?: string) =>
  ingress.post(`/v1/cards/${cardId}/replace`, body, key === undefined ? {} : { key });

const cardOf = async (cardId: string) => (await ingress.get(`/v1/cards/${cardId}`)).body;

const factsOf = async (cardId: string) =>
  (
    await ingress.sql<{ body: { kind: string } & Record<string, unknown>; sent: boolean }[]>`
      select body, signalled_at is not null as sent from facts where card_id = ${cardId} order by fact_id`
  ).map(({ body, sent }) => ({ ...body, sent }));

const timelineOf = async (cardId: unknown) =>
  ((await ingress.get(`/v1/cards/${String(cardId)}/timeline`)).body.data ?? []).map(
    ({ kind, phase, body }) => ({ kind, phase, body }),
  );

async function rowOf(cardId: unknown) {
  const [row] = await ingress.sql`
    select tenant_id, cardholder_id, account_id, type, currency, controls, options, second_line, chain_id
      from cards where card_id = ${String(cardId)}`;
  return { ...row };
}

/** An active card with all that can be asked for with one. */
async function equippedCard() {
  const card = await cardIn(ingress, 'active');
  const cardId = `card_${randomUUID().replaceAll('-', '')}`;
  await ingress.sql`
    insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, stripe_card_id, shipping,
                       controls, options, second_line)
    select tenant_id, ${cardId}, cardholder_id, account_id, type, currency, phase, 'ic_equipped', shipping,
           '{"blockedCountries":["RU"]}', '{"renewal":"none"}', 'Laboratory'
      from cards where card_id = ${card.cardId}`;
  return { ...card, cardId };
}

async function verified(cardholderId: string): Promise<void> {
  await ingress.sql`
    update cardholders set kyc_status = 'verified', kyc_verified_at = now() where cardholder_id = ${cardholderId}`;
}

describe('a replacement', () => {
  it('is a card of its own that copies the old one, linked both ways, and starts at issuance', async () => {
    const { cardId, cardholderId } = await equippedCard();
    await verified(cardholderId);
    const answer = await replace(cardId, { reason: 'damaged' });
    expect(answer.status).toBe(202);
    const { id } = answer.body;
    expect(answer.body).toMatchObject({
      phase: 'issuance',
      replacementFor: cardId,
      replacementReason: 'damaged',
      replacedBy: null,
      stripeCard: null,
      workflowStarted: true,
    });
    const old = await cardOf(cardId);
    expect(old).toMatchObject({ phase: 'active', replacedBy: id, cancelRequested: null });
    expect(answer.body['shipping']).toEqual(old['shipping']);
    expect(await rowOf(id)).toEqual(await rowOf(cardId));
    expect(ingress.workflows.started).toContain(id);
    expect(await factsOf(cardId)).toEqual([
      { kind: 'replacement_requested', reason: 'damaged', replacementId: id, sent: true },
    ]);
    expect(await timelineOf(id)).toEqual([
      {
        kind: 'card_requested',
        phase: 'issuance',
        body: { replacementFor: cardId, reason: 'damaged' },
      },
    ]);
    expect((await timelineOf(cardId))[0]).toEqual({
      kind: 'replacement_requested',
      phase: 'active',
      body: { reason: 'damaged', replacementId: id },
    });
  });

  it('begins with KYC when its holder is not verified', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    expect((await replace(cardId, { reason: 'damaged' })).body).toMatchObject({ phase: 'kyc' });
  });

  it('goes to another address where one is given, and a virtual card takes none', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    const shipping = { name: 'Reception', ...BILLING, line1: '1 Other St' };
    const answer = await replace(cardId, { reason: 'damaged', shipping });
    expect(answer.body['shipping']).toEqual({ ...shipping, service: 'standard' });
    const virtual = await cardIn(ingress, 'active', 'virtual');
    const refused = await replace(virtual.cardId, { reason: 'lost', shipping });
    expect(refused.status).toBe(400);
    expect(refused.body.error?.details).toMatchObject({ fields: [{ path: 'shipping' }] });
  });

  it('goes to no address that Stripe would refuse', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    const shipping = { name: 'Reception', ...BILLING, state: 'California', postalCode: 'none' };
    const refused = await replace(cardId, { reason: 'lost', shipping });
    expect(refused.status).toBe(400);
    expect(refused.body.error).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ path: 'shipping.postalCode' }, { path: 'shipping.state' }] },
    });
    expect(await cardOf(cardId)).toMatchObject({ replacedBy: null, cancelRequested: null });
  });

  it.each(['lost', 'stolen'] as const)(
    'of a %s card cancels it in the same moment, with Temporal down',
    async (reason) => {
      const { cardId } = await cardIn(ingress, 'active');
      ingress.workflows.mode = 'down';
      const answer = await replace(cardId, { reason });
      expect(answer.status).toBe(202);
      expect(answer.body['workflowStarted']).toBe(false);
      expect(await cardOf(cardId)).toMatchObject({
        cancelRequested: { reason },
        replacedBy: answer.body.id,
      });
      expect(await factsOf(cardId)).toMatchObject([
        { kind: 'cancel_requested', reason, sent: false },
        { kind: 'replacement_requested', reason, sent: false },
      ]);
    },
  );

  it('with the same number takes the freezes along, one with a new number begins without', async () => {
    for (const [reason, frozen] of [
      ['damaged', true],
      ['lost', false],
    ] as const) {
      const { cardId } = await cardIn(ingress, 'active');
      await ingress.post(`/v1/cards/${cardId}/freeze`, { by: 'cardholder', reason: 'where is it' });
      expect((await replace(cardId, { reason })).body['frozen']).toBe(frozen);
    }
  });
});

describe('a second replacement', () => {
  it('is refused, naming the first; a repeat with the same key answers the first', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    const key = randomUUID();
    const first = await replace(cardId, { reason: 'damaged' }, key);
    const second = await replace(cardId, { reason: 'expired' });
    expect(second.status).toBe(409);
    expect(second.body.error).toMatchObject({
      code: 'ALREADY_REPLACED',
      details: { replacementId: first.body.id },
    });
    expect((await replace(cardId, { reason: 'damaged' }, key)).body.id).toBe(first.body.id);
    expect(await cardOf(cardId)).toMatchObject({ cancelRequested: null });
    expect(await factsOf(cardId)).toHaveLength(1);
  });

  it('asked for at the same time is made once', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    const answers = await Promise.all([1, 2, 3, 4].map(() => replace(cardId, { reason: 'lost' })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      202, 409, 409, 409,
    ]);
    const rows = await ingress.sql`select 1 from cards where replacement_for = ${cardId}`;
    expect(rows).toHaveLength(1);
  });

  it('of the replacement itself is possible, and limits count across all of them', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    const first = await replace(cardId, { reason: 'lost' });
    await ingress.sql`update cards set phase = 'active', stripe_card_id = 'ic_second' where card_id = ${String(first.body.id)}`;
    const second = await replace(String(first.body.id), { reason: 'lost' });
    expect(second.status).toBe(202);
    expect(await rowOf(second.body.id)).toMatchObject({ chain_id: cardId });
  });
});

describe('a card that is lost while a replacement with its number is on the way', () => {
  const onTheWay = async () => {
    const { cardId, cardholderId } = await cardIn(ingress, 'active');
    await verified(cardholderId);
    await ingress.post(`/v1/cards/${cardId}/freeze`, { by: 'cardholder', reason: 'where is it' });
    const { id } = (await replace(cardId, { reason: 'expired' })).body;
    return { cardId, id: String(id) };
  };

  it('is cancelled, and a replacement that is not made yet gets another number', async () => {
    const { cardId, id } = await onTheWay();
    await ingress.post(`/v1/cards/${id}/freeze`, { by: 'operator', reason: 'its own' });
    ingress.workflows.mode = 'down';
    const answer = await replace(cardId, { reason: 'stolen' });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      id,
      replacementReason: 'stolen',
      freezes: { operator: 'its own' },
      cancelRequested: null,
    });
    expect(await cardOf(cardId)).toMatchObject({
      cancelRequested: { reason: 'stolen' },
      replacedBy: id,
    });
    expect((await factsOf(cardId)).map(({ kind }) => kind)).toEqual([
      'freeze_changed',
      'replacement_requested',
      'cancel_requested',
    ]);
    expect((await factsOf(id)).at(-1)).toMatchObject({ kind: 'freeze_changed', by: ['operator'] });
    const again = await replace(cardId, { reason: 'stolen' });
    expect(again.body.error).toMatchObject({
      code: 'ALREADY_REPLACED',
      details: { replacementId: id },
    });
  });

  it('ends one that is made, and the answer is the card in the place of that', async () => {
    const { cardId, id } = await onTheWay();
    await ingress.sql`
      insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
      select tenant_id, ${`ic_${id}`}, card_id, 1, 'inactive', '4242', 12, 2030 from cards where card_id = ${id}`;
    await ingress.sql`
      update cards set phase = 'awaiting_delivery', stripe_card_id = ${`ic_${id}`} where card_id = ${id}`;
    const shipping = { name: 'Reception', ...BILLING, line1: '1 Other St' };
    const answer = await replace(cardId, { reason: 'lost', shipping });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      replacementFor: id,
      replacementReason: 'lost',
      shipping,
      frozen: false,
    });
    for (const lost of [cardId, id]) {
      expect(await cardOf(lost)).toMatchObject({ cancelRequested: { reason: 'lost' } });
      expect((await factsOf(lost)).map(({ kind }) => kind)).toContain('cancel_requested');
    }
    expect(ingress.workflows.started).toContain(answer.body.id);
  });

  it('is cancelled, and replaced once more, when its replacement has ended before it served', async () => {
    const { cardId, id } = await onTheWay();
    await ingress.sql`update cards set phase = 'closed', replacement_failed = true where card_id = ${id}`;
    expect(await cardOf(cardId)).toMatchObject({ replacedBy: null });
    const answer = await replace(cardId, { reason: 'lost' });
    expect(answer.status).toBe(202);
    expect(answer.body.id).not.toBe(id);
    expect(answer.body).toMatchObject({ replacementFor: cardId, replacementReason: 'lost' });
    expect(await cardOf(cardId)).toMatchObject({
      cancelRequested: { reason: 'lost' },
      replacedBy: answer.body.id,
    });
  });

  it('is cancelled while its replacement without a card is being cancelled too', async () => {
    const { cardId, id } = await onTheWay();
    await ingress.post(`/v1/cards/${id}/cancel`, { reason: 'requested' });
    const answer = await replace(cardId, { reason: 'lost' });
    expect(answer.body).toMatchObject({ id, replacementReason: 'expired' });
    expect(await cardOf(cardId)).toMatchObject({ cancelRequested: { reason: 'lost' } });
  });
});

describe('what is decided about a card', () => {
  it('is a freeze of its number: its renewal has it too, until it is lifted', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    const id = String((await replace(cardId, { reason: 'expired' })).body.id);
    await ingress.post(`/v1/cards/${cardId}/freeze`, { reason: 'chargebacks' });
    expect(await cardOf(id)).toMatchObject({ freezes: { operator: 'chargebacks' } });
    expect((await timelineOf(id))[0]).toMatchObject({
      kind: 'frozen',
      body: { by: 'operator', reason: 'chargebacks', togetherWith: cardId },
    });
    expect(await factsOf(id)).toMatchObject([{ kind: 'freeze_changed', frozen: true }]);
    await ingress.post(`/v1/cards/${cardId}/freeze`, { reason: 'more chargebacks' });
    expect(await cardOf(id)).toMatchObject({ freezes: { operator: 'more chargebacks' } });
    await ingress.post(`/v1/cards/${cardId}/unfreeze`);
    expect(await cardOf(id)).toMatchObject({ freezes: {} });
    await ingress.post(`/v1/cards/${id}/freeze`, { reason: 'its own' });
    await ingress.post(`/v1/cards/${cardId}/freeze`, { reason: 'another' });
    await ingress.post(`/v1/cards/${cardId}/unfreeze`);
    expect(await cardOf(id)).toMatchObject({ freezes: { operator: 'its own' } });
  });

  it('as its controls is followed by its replacement, until that has its own', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    const id = String((await replace(cardId, { reason: 'expired' })).body.id);
    const put = (of: string, country: string) =>
      ingress.put(`/v1/cards/${of}/controls`, { blockedCountries: [country] });
    const controlsOf = async (of: string) => (await ingress.get(`/v1/cards/${of}/controls`)).body;
    await put(cardId, 'RU');
    expect(await controlsOf(id)).toEqual({ blockedCountries: ['RU'] });
    expect(await factsOf(id)).toMatchObject([{ kind: 'mirror_wanted', what: 'controls' }]);
    await put(id, 'KP');
    await put(cardId, 'IR');
    expect(await controlsOf(id)).toEqual({ blockedCountries: ['KP'] });
    expect(await controlsOf(cardId)).toEqual({ blockedCountries: ['IR'] });
  });
});

describe('a card that was cancelled before', () => {
  it('is replaced as lost without another cancellation, and not as damaged', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    await ingress.post(`/v1/cards/${cardId}/cancel`, { reason: 'stolen' });
    for (const reason of ['damaged', 'expired']) {
      const refused = await replace(cardId, { reason });
      expect(refused.status).toBe(409);
      expect(refused.body.error).toMatchObject({
        code: 'ALREADY_CANCELED',
        details: { reason: 'stolen' },
      });
    }
    expect((await replace(cardId, { reason: 'lost' })).status).toBe(202);
    expect((await factsOf(cardId)).map(({ kind }) => kind)).toEqual([
      'cancel_requested',
      'replacement_requested',
    ]);
    expect(await cardOf(cardId)).toMatchObject({ cancelRequested: { reason: 'stolen' } });
  });
});

describe('the phase', () => {
  const allowed: readonly CardPhase[] = ['awaiting_delivery', 'activation', 'winding_down'];
  it.each(allowed)('%s takes it', async (phase) => {
    for (const reason of ['lost', 'damaged']) {
      const { cardId } = await cardIn(ingress, phase);
      expect((await replace(cardId, { reason })).status).toBe(202);
    }
  });

  it('of a card that winds down gets no second end', async () => {
    const { cardId } = await cardIn(ingress, 'winding_down');
    await replace(cardId, { reason: 'lost' });
    expect((await factsOf(cardId)).map(({ kind }) => kind)).toEqual(['replacement_requested']);
  });

  it('closed takes it for all but a damaged card, if there was a card at all', async () => {
    for (const [reason, status] of [
      ['lost', 202],
      ['stolen', 202],
      ['expired', 202],
      ['damaged', 409],
    ] as const) {
      const { cardId } = await cardIn(ingress, 'closed');
      expect((await replace(cardId, { reason })).status).toBe(status);
    }
    const { cardId } = await cardIn(ingress, 'closed');
    await ingress.sql`update cards set stripe_card_id = null where card_id = ${cardId}`;
    expect((await replace(cardId, { reason: 'lost' })).body.error?.code).toBe('WRONG_PHASE');
  });

  it.each(['kyc', 'issuance'] as const)('%s has nothing to replace yet', async (phase) => {
    const { cardId } = await cardIn(ingress, phase);
    const answer = await replace(cardId, { reason: 'lost' });
    expect(answer.status).toBe(409);
    expect(answer.body.error).toMatchObject({
      code: 'WRONG_PHASE',
      details: { command: 'replace', phase },
    });
    expect(await factsOf(cardId)).toEqual([]);
    expect(await cardOf(cardId)).toMatchObject({ replacedBy: null, cancelRequested: null });
  });
});

describe('what is refused otherwise', () => {
  it('is a closed account, an unknown reason, and a card that is not there', async () => {
    const { cardId, accountId } = await cardIn(ingress, 'active');
    await ingress.sql`update accounts set status = 'closed' where account_id = ${accountId}`;
    const closed = await replace(cardId, { reason: 'lost' });
    expect(closed.body.error?.code).toBe('ACCOUNT_NOT_OPEN');
    expect(await factsOf(cardId)).toEqual([]);
    expect((await replace(cardId, { reason: 'bored' })).status).toBe(400);
    expect((await replace(cardId, {})).status).toBe(400);
    const unknown = `card_${randomUUID().replaceAll('-', '')}`;
    expect((await replace(unknown, { reason: 'lost' })).body.error?.code).toBe('CARD_NOT_FOUND');
  });
});
