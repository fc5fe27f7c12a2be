import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CardPhase } from '../../src/domain/card-phase.ts';
import { eventually } from '../support/eventually.ts';
import { ingressUnderTest } from './ingress-under-test.ts';
import { cardIn } from './program.ts';

const ingress = ingressUnderTest();
beforeEach(() => {
  ingress.workflows.mode = 'up';
});

const factsOf = (cardId: string) =>
  ingress.sql<
    { kind: string; body: unknown; sent: boolean }[]
  >`select kind, body, signalled_at is not null as sent from facts where card_id = ${cardId} order by fact_id`;

const versionOf = async (cardId: string): Promise<number> => {
  const [row] = await ingress.sql<
    { version: number }[]
  >`select version from cards where card_id = ${cardId}`;
  return row?.version ?? -1;
};

describe('freeze', () => {
  it('is in the row, the facts and the timeline when it has answered', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    const before = await versionOf(cardId);
    const answer = await ingress.post(`/v1/cards/${cardId}/freeze`, { reason: 'lost for now' });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ frozen: true, freezes: { operator: 'lost for now' } });
    expect(await versionOf(cardId)).toBe(before + 1);
    expect(await factsOf(cardId)).toEqual([
      {
        kind: 'freeze_changed',
        body: {
          kind: 'freeze_changed',
          frozen: true,
          version: expect.any(Number),
          by: ['operator'],
        },
        sent: true,
      },
    ]);
    expect(ingress.workflows.facts.at(-1)).toMatchObject({
      cardId,
      fact: { fact: { kind: 'freeze_changed', frozen: true, version: expect.any(Number) } },
    });
    const timeline = await ingress.get(`/v1/cards/${cardId}/timeline?limit=1`);
    expect(timeline.body.data).toMatchObject([
      { kind: 'frozen', phase: 'active', body: { by: 'operator', reason: 'lost for now' } },
    ]);
  });

  it.each(['down', 'silent'] as const)('is committed while Temporal is %s', async (mode) => {
    const { cardId } = await cardIn(ingress, 'active');
    ingress.workflows.mode = mode;
    const answer = await ingress.post(`/v1/cards/${cardId}/freeze`);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ frozen: true });
    expect(await factsOf(cardId)).toMatchObject([{ kind: 'freeze_changed', sent: false }]);
  });

  it('waits for a decision that holds the account', async () => {
    const { cardId, accountId } = await cardIn(ingress, 'active');
    let answered = false;
    const freeze = await ingress.sql.begin(async (tx) => {
      await tx`select 1 from accounts where account_id = ${accountId} for update`;
      const call = ingress.post(`/v1/cards/${cardId}/freeze`).then((answer) => {
        answered = true;
        return answer;
      });
      await eventually(async () => {
        const waiting = await ingress.sql`
          select 1 from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock'`;
        return waiting.length > 0;
      });
      expect(answered).toBe(false);
      // In an object, because a promise that a function returns would be waited for here.
      return { call };
    });
    expect((await freeze.call).status).toBe(202);
  });
});

describe('unfreeze', () => {
  it('lifts the freeze of the operator', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    await ingress.post(`/v1/cards/${cardId}/freeze`);
    const answer = await ingress.post(`/v1/cards/${cardId}/unfreeze`);
    expect(answer.body).toMatchObject({ frozen: false, freezes: {} });
    expect((await factsOf(cardId)).map((f) => f.body)).toEqual([
      { kind: 'freeze_changed', frozen: true, version: expect.any(Number), by: ['operator'] },
      { kind: 'freeze_changed', frozen: false, version: expect.any(Number), by: [] },
    ]);
  });

  it('leaves the card frozen while somebody else keeps it frozen, and tells who', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    await ingress.sql`update cards set freezes = '{"fraud":"score"}' where card_id = ${cardId}`;
    const url = `/v1/cards/${cardId}`;
    await ingress.post(`${url}/freeze`, { by: 'cardholder', reason: 'left at home' });
    await ingress.post(`${url}/freeze`, { reason: 'chargebacks' });
    const byHolder = await ingress.post(`${url}/unfreeze`, { by: 'cardholder', reason: 'found' });
    expect(byHolder.body).toMatchObject({
      frozen: true,
      freezes: { fraud: 'score', operator: 'chargebacks' },
    });
    // What the cardholder lifts is the cardholder's own, however often.
    await ingress.post(`${url}/unfreeze`, { by: 'cardholder' });
    await ingress.post(`${url}/unfreeze`);
    expect((await factsOf(cardId)).map(({ body }) => body)).toMatchObject([
      { frozen: true, by: ['cardholder', 'fraud'] },
      { frozen: true, by: ['operator', 'cardholder', 'fraud'] },
      { frozen: true, by: ['operator', 'fraud'] },
      { frozen: true, by: ['fraud'] },
    ]);
    const last = await ingress.post(`${url}/unfreeze`, {
      by: 'fraud',
      reason: 'it was the holder',
    });
    expect(last.body).toMatchObject({ frozen: false, freezes: {} });
    const timeline = await ingress.get(`${url}/timeline?limit=1`);
    expect(timeline.body.data).toMatchObject([
      { kind: 'unfrozen', body: { by: 'fraud', reason: 'it was the holder' } },
    ]);
  });

  it('takes a freeze for fraud from nobody, because a warning of Stripe puts it on', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    const answer = await ingress.post(`/v1/cards/${cardId}/freeze`, { by: 'fraud' });
    expect(answer.status).toBe(400);
    expect(await factsOf(cardId)).toEqual([]);
  });

  it('changes nothing on a card that is not frozen', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    const before = await versionOf(cardId);
    expect((await ingress.post(`/v1/cards/${cardId}/unfreeze`)).status).toBe(202);
    expect(await versionOf(cardId)).toBe(before);
    expect(await factsOf(cardId)).toEqual([]);
  });
});

describe('cancel', () => {
  it('is committed with its reason, also with Temporal down', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    ingress.workflows.mode = 'down';
    const answer = await ingress.post(`/v1/cards/${cardId}/cancel`, { reason: 'stolen' });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ cancelRequested: { reason: 'stolen' } });
    expect(await factsOf(cardId)).toEqual([
      {
        kind: 'cancel_requested',
        body: { kind: 'cancel_requested', reason: 'stolen' },
        sent: false,
      },
    ]);
  });

  it('is refused the second time, naming the phase', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    await ingress.post(`/v1/cards/${cardId}/cancel`);
    const second = await ingress.post(`/v1/cards/${cardId}/cancel`, { reason: 'lost' });
    expect(second.status).toBe(409);
    expect(second.body.error).toMatchObject({
      code: 'ALREADY_CANCELED',
      details: { phase: 'active', reason: 'requested' },
    });
  });
});

describe('a phase that does not allow it', () => {
  const closed: CardPhase[] = ['winding_down', 'closed'];
  it.each(
    closed.flatMap((phase) => ['freeze', 'unfreeze', 'cancel'].map((c) => [c, phase] as const)),
  )('refuses %s in %s and changes nothing', async (command, phase) => {
    const { cardId } = await cardIn(ingress, phase);
    const before = await ingress.get(`/v1/cards/${cardId}`);
    const answer = await ingress.post(`/v1/cards/${cardId}/${command}`);
    expect(answer.status).toBe(409);
    expect(answer.body.error).toMatchObject({ code: 'WRONG_PHASE', details: { phase } });
    expect((await ingress.get(`/v1/cards/${cardId}`)).body).toEqual(before.body);
    expect(await factsOf(cardId)).toEqual([]);
  });
});

describe('a card that does not exist', () => {
  it.each(['freeze', 'unfreeze', 'cancel', 'retry-kyc'])('is not found by %s', async (command) => {
    const unknown = `card_${randomUUID().replaceAll('-', '')}`;
    for (const id of [unknown, 'no-card-at-all']) {
      const answer = await ingress.post(`/v1/cards/${id}/${command}`);
      expect(answer.status).toBe(404);
      expect(answer.body.error?.code).toBe('CARD_NOT_FOUND');
    }
  });
});
