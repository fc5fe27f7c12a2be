import { beforeEach, describe, expect, it } from 'vitest';
import { rollUpLedger } from '../../src/adapters/postgres/ledger-roll-up.ts';
import { parseAuthorizationId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { askDecision } from '../support/ask-decision.ts';
import { changeAuthorization } from '../support/change-authorization.ts';
import { ingressUnderTest } from './ingress-under-test.ts';
import { cardIn, newCustomer, platformTenant, type TestCard } from './program.ts';

const ingress = ingressUnderTest();
beforeEach(() => platformTenant(ingress));

/** A purchase as decision, convergence and capture leave it; tells the id of the decision. */
async function purchase(card: TestCard, name: string, at: string): Promise<string> {
  const { sql } = ingress;
  const authorizationId = parseAuthorizationId(`iauth_${name}`);
  const asked = { requestId: `evt_${name}`, authorizationId, askedMinor: minorUnits(0) };
  const reply = await askDecision(sql, card, asked);
  if (reply.kind !== 'decided') throw new Error(`not decided: ${reply.kind}`);
  const ended = { status: 'closed', captured_minor: 900, flags: ['over_capture'] };
  await changeAuthorization(sql, authorizationId, ended);
  const { tenantId, accountId, cardId, stripeCardId } = card;
  await sql`
    insert into transactions (tenant_id, transaction_id, type, authorization_id, account_id, card_id, stripe_card_id, currency, amount_minor, created_at)
    values (${tenantId}, ${`ipi_${name}`}, 'capture', ${authorizationId}, ${accountId}, ${cardId}, ${stripeCardId}, 'usd', 900, ${at})`;
  return reply.decisionId;
}

describe('the history of a card', () => {
  it('shows decisions, authorizations and transactions, newest first', async () => {
    const card = await cardIn(ingress, 'active');
    const one = await purchase(card, 'one', '2026-11-01T10:00:00Z');
    const two = await purchase(card, 'two', '2026-11-02T10:00:00Z');

    const decisions = await ingress.get(`/v1/cards/${card.cardId}/decisions?limit=1`);
    expect(decisions.body.data).toMatchObject([
      { id: two, approved: true, reason: 'ACCOUNT_CHECK', askedMinor: 0, approvedMinor: 0 },
    ]);
    const older = await ingress.get(`/v1/cards/${card.cardId}/decisions?after=${two}`);
    expect(older.body.data).toMatchObject([{ id: one }]);

    const authorization = await ingress.get('/v1/authorizations/iauth_one');
    expect(authorization.body).toMatchObject({
      id: 'iauth_one',
      cardId: card.cardId,
      status: 'closed',
      heldMinor: 0,
      capturedMinor: 900,
      flags: ['over_capture'],
    });

    const transactions = await ingress.get(`/v1/transactions?cardId=${card.cardId}`);
    expect(transactions.body.data).toMatchObject([
      { id: 'ipi_two', type: 'capture', amountMinor: 900, authorizationId: 'iauth_two' },
      { id: 'ipi_one' },
    ]);
  });

  it('goes through the timeline page by page', async () => {
    const { cardId } = await cardIn(ingress, 'active');
    await ingress.post(`/v1/cards/${cardId}/freeze`);
    await ingress.post(`/v1/cards/${cardId}/unfreeze`);
    const first = await ingress.get(`/v1/cards/${cardId}/timeline?limit=2`);
    expect(first.body.data?.map((e) => e['kind'])).toEqual(['unfrozen', 'frozen']);
    const cursor = String(first.body['nextCursor']);
    const rest = await ingress.get(`/v1/cards/${cardId}/timeline?limit=2&after=${cursor}`);
    expect(rest.body.data?.map((e) => e['kind'])).toEqual(['card_requested']);
    expect(rest.body['nextCursor']).toBeNull();
    const wrong = await ingress.get(`/v1/cards/${cardId}/timeline?after=abc`);
    expect(wrong.body.error?.code).toBe('CURSOR_INVALID');
  });
});

describe('attention', () => {
  it('shows open items unless asked for closed ones, of one card too', async () => {
    const { cardId, tenantId } = await cardIn(ingress, 'issuance');
    await ingress.sql`
      insert into attention_items (item_id, tenant_id, kind, subject, card_id, details, closed_at, resolution)
      values ('att_open', ${tenantId}, 'address_needed', ${cardId}, ${cardId}, '{"n":1}', null, null),
             ('att_closed', ${tenantId}, 'kyc_failed', ${cardId}, ${cardId}, '{}', now(), 'retried')`;
    const open = await ingress.get(`/v1/attention?cardId=${cardId}`);
    expect(open.body.data).toMatchObject([
      {
        id: 'att_open',
        kind: 'address_needed',
        subject: cardId,
        details: { n: 1 },
        closedAt: null,
      },
    ]);
    const closed = await ingress.get(`/v1/attention?cardId=${cardId}&status=closed`);
    expect(closed.body.data).toMatchObject([{ id: 'att_closed', resolution: 'retried' }]);
    const all = await ingress.get(`/v1/attention?tenantId=${tenantId}&status=all`);
    expect(all.body.data).toHaveLength(2);
  });
});

describe('the inbox summary', () => {
  it('counts webhook events by what became of them', async () => {
    await ingress.sql`
      insert into inbox (event_id, source, type, group_key, created, payload, status, reason, settled_at)
      values ('evt_a', 'webhook', 't', 'g', 1, '{}', 'pending', null, null),
             ('evt_b', 'webhook', 't', 'g', 1, '{}', 'applied', null, now()),
             ('evt_c', 'webhook', 't', 'g', 1, '{}', 'ignored', 'unknown type', now()),
             ('evt_d', 'webhook', 't', 'g', 1, '{}', 'attention', 'unknown card', now()),
             ('evt_e', 'decision', 't', 'g', 1, '{}', 'applied', null, now())`;
    const summary = await ingress.get('/v1/inbox/summary');
    expect(summary.body).toEqual({ received: 4, pending: 1, applied: 1, ignored: 1, attention: 1 });
  });
});

describe('the trial balance', () => {
  it('shows the balances of a tenant, with sums of zero and the time they are of', async () => {
    const { tenantId, accountId } = await newCustomer(ingress);
    const empty = await ingress.get('/v1/ledger/trial-balance?tenantId=ten_unknown');
    expect(empty.body).toMatchObject({ data: [], perCurrency: [], rolledUpAt: null });
    await ingress.post(`/v1/accounts/${accountId}/credits`, { amountMinor: 700 });
    for (const isRolledUp of [false, true]) {
      const { body } = await ingress.get(`/v1/ledger/trial-balance?tenantId=${tenantId}`);
      expect(body).toMatchObject({
        data: [
          { tenantId, currency: 'usd', kind: 'available', balanceMinor: 700 },
          { tenantId, currency: 'usd', kind: 'funding', balanceMinor: -700 },
        ],
        perCurrency: [{ currency: 'usd', sumMinor: 0 }],
        asOf: expect.stringMatching(/^\d{4}-.*Z$/),
      });
      expect(body['rolledUpAt'] !== null).toBe(isRolledUp);
      await rollUpLedger(ingress.sql);
    }
  });
});
