/** Lists of cards by phase, owner and attention, and the line that says why a card waits. */
import { beforeEach, describe, expect, it } from 'vitest';
import { requestedCard } from '../../src/domain/card-start.ts';
import { ingressUnderTest } from './ingress-under-test.ts';
import { cardIn, platformTenant, type TestCard } from './program.ts';

const ingress = ingressUnderTest();
beforeEach(() => platformTenant(ingress));

/** Ids of a list, read page by page. */
async function listed(query: string, limit = 100): Promise<readonly string[]> {
  const ids: string[] = [];
  let after = '';
  for (;;) {
    const { status, body } = await ingress.get(`/v1/cards?limit=${limit}&${query}${after}`);
    expect(status).toBe(200);
    ids.push(...(body.data ?? []).map(({ id }) => String(id)));
    const cursor = body['nextCursor'] as string | null;
    if (cursor === null) return ids;
    after = `&after=${cursor}`;
  }
}

let items = 0;
async function needsAttention({ tenantId, cardId }: TestCard, isOpen: boolean): Promise<void> {
  items += 1;
  const closed = isOpen ? null : new Date();
  await ingress.sql`
    insert into attention_items (item_id, tenant_id, kind, subject, card_id, closed_at, resolution)
    values (${`att_list${items}`}, ${tenantId}, ${`kind${items}`}, ${cardId}, ${cardId}, ${closed}, ${isOpen ? null : 'done'})`;
}

describe('a list of cards', () => {
  it('tells those that need a person from those that do not, together with the other filters', async () => {
    const open = await cardIn(ingress, 'issuance');
    const twice = await cardIn(ingress, 'issuance');
    const settled = await cardIn(ingress, 'issuance');
    const active = await cardIn(ingress, 'active');
    await needsAttention(open, true);
    await needsAttention(twice, true);
    await needsAttention(twice, true);
    await needsAttention(settled, false);
    await needsAttention(active, true);
    const { tenantId } = open;
    for (const limit of [1, 2, 100]) {
      expect(await listed('attention=true', limit)).toEqual([
        active.cardId,
        twice.cardId,
        open.cardId,
      ]);
      expect(await listed('attention=false', limit)).toEqual([settled.cardId]);
      expect(await listed(`attention=true&phase=issuance&tenantId=${tenantId}`, limit)).toEqual([
        twice.cardId,
        open.cardId,
      ]);
    }
    expect(await listed(`attention=true&cardholderId=${twice.cardholderId}`)).toEqual([
      twice.cardId,
    ]);
    expect(await listed(`attention=true&accountId=${settled.accountId}`)).toEqual([]);
    expect(await listed('attention=true&phase=closed')).toEqual([]);
    expect(await listed('')).toHaveLength(4);
  });

  it('takes true and false alone for attention', async () => {
    for (const value of ['1', 'yes', 'TRUE', '']) {
      const { body } = await ingress.get(`/v1/cards?attention=${value}`);
      expect({ value, code: body.error?.code }).toEqual({ value, code: 'VALIDATION_FAILED' });
    }
  });
});

describe('why a card waits', () => {
  const show = async (cardId: string) => (await ingress.get(`/v1/cards/${cardId}`)).body;

  it('is told before its workflow has saved anything', async () => {
    const { cardId } = await cardIn(ingress, 'kyc');
    expect(await show(cardId)).toMatchObject({
      why: 'the identity check is being set up',
      waitsUntil: null,
    });
  });

  it('follows the saved state, in the card and in the list', async () => {
    const { cardId, cardholderId } = await cardIn(ingress, 'kyc');
    const requestedMs = Date.parse('2026-11-30T09:30:12.345Z');
    const state = { ...requestedCard('physical', requestedMs), step: 'pending', savedRevision: 1 };
    await ingress.sql`update cards set state = ${JSON.stringify(state)}::text::jsonb where card_id = ${cardId}`;
    const expected = {
      why: 'waits for the customer to identify until 2026-12-14T09:30Z, then the request is closed',
      waitsUntil: '2026-12-14T09:30:12.345Z',
    };
    expect(await show(cardId)).toMatchObject(expected);
    const { body } = await ingress.get(`/v1/cards?cardholderId=${cardholderId}`);
    expect(body.data).toMatchObject([expected]);
  });

  it('is nothing where the row stands in another phase than the saved state', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    expect(await show(cardId)).toMatchObject({ why: null, waitsUntil: null });
  });
});
