import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Answers } from '../../src/ports/answers.ts';
import {
  buildTestApp,
  client,
  ingressUnderTest,
  portsOver,
  SECOND_API_KEY,
} from './ingress-under-test.ts';
import { BILLING, cardIn, newCustomer, platformTenant } from './program.ts';

const ingress = ingressUnderTest();
let tenantId = '';
beforeEach(async () => {
  tenantId = await platformTenant(ingress);
  ingress.workflows.answer = { kind: 'accepted', phase: 'issuance' };
});

const accountsOf = async (customerRef: string): Promise<number> => {
  const rows = await ingress.sql`select 1 from accounts where customer_ref = ${customerRef}`;
  return rows.length;
};

describe('Idempotency-Key', () => {
  it('is required on every POST and PUT', async () => {
    for (const answer of [
      await ingress.post('/v1/tenants', { name: 'x' }, { key: null }),
      await ingress.put(`/v1/tenants/${tenantId}/controls`, {}, { key: null }),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.body.error?.code).toBe('IDEMPOTENCY_KEY_MISSING');
    }
  });

  it('is refused when it is longer than 255 characters', async () => {
    const answer = await ingress.post('/v1/tenants', { name: 'x' }, { key: 'k'.repeat(256) });
    expect(answer.status).toBe(400);
    expect(answer.body.error?.details).toMatchObject({
      fields: [{ in: 'headers', path: 'idempotency-key' }],
    });
  });

  it('gives the same answer to the same request, whatever the order of the fields', async () => {
    const key = randomUUID();
    const customerRef = randomUUID();
    const first = await ingress.post(
      '/v1/accounts',
      { tenantId, customerRef, currency: 'usd' },
      { key },
    );
    const second = await ingress.post(
      '/v1/accounts',
      { currency: 'usd', customerRef, tenantId },
      { key, apiKey: SECOND_API_KEY },
    );
    expect(second.status).toBe(201);
    expect(second.body).toEqual(first.body);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(await accountsOf(customerRef)).toBe(1);
  });

  it('is refused for another body, and for another route', async () => {
    const key = randomUUID();
    const { accountId } = await newCustomer(ingress);
    const url = `/v1/accounts/${accountId}/credits`;
    await ingress.post(url, { amountMinor: 100 }, { key });
    const otherBody = await ingress.post(url, { amountMinor: 200 }, { key });
    expect(otherBody.status).toBe(409);
    expect(otherBody.body.error?.code).toBe('IDEMPOTENCY_KEY_REUSED');
    const otherRoute = await ingress.post('/v1/tenants', { name: 'x' }, { key });
    expect(otherRoute.body.error?.code).toBe('IDEMPOTENCY_KEY_REUSED');
    const account = await ingress.get(`/v1/accounts/${accountId}`);
    expect(account.body['availableMinor']).toBe(100);
  });

  it('gives a refusal again too', async () => {
    const key = randomUUID();
    const { accountId } = await newCustomer(ingress);
    const body = { cardholderId: `chr_${'0'.repeat(32)}`, accountId, type: 'virtual' };
    const first = await ingress.post('/v1/cards', body, { key });
    const second = await ingress.post('/v1/cards', body, { key });
    expect(second.status).toBe(404);
    expect(second.body).toEqual(first.body);
    expect(second.headers['idempotent-replayed']).toBe('true');
  });

  it('stays free when the request did not fit the schema', async () => {
    const key = randomUUID();
    const body = { tenantId, customerRef: randomUUID(), currency: 'usd' };
    expect((await ingress.post('/v1/accounts', { ...body, x: 1 }, { key })).status).toBe(400);
    expect((await ingress.post('/v1/accounts', body, { key })).status).toBe(201);
  });

  it('runs the effect once when a key is used by several requests at once', async () => {
    const key = randomUUID();
    const { accountId } = await newCustomer(ingress);
    const url = `/v1/accounts/${accountId}/credits`;
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => ingress.post(url, { amountMinor: 700 }, { key })),
    );
    expect(answers.map((a) => a.status)).toEqual(Array.from({ length: 8 }, () => 201));
    expect(new Set(answers.map((a) => a.body['entryId'])).size).toBe(1);
    const account = await ingress.get(`/v1/accounts/${accountId}`);
    expect(account.body['availableMinor']).toBe(700);
  });
});

describe('a crash half way', () => {
  /** The first transaction of these answers fails after its effect, before its commit. */
  const failingOnce = (answers: Answers): Answers => {
    let hasFailed = false;
    return {
      ...answers,
      once: (request, effect) =>
        answers.once(request, async (records) => {
          const answer = await effect(records);
          if (hasFailed) return answer;
          hasFailed = true;
          throw new Error('crashed before the commit');
        }),
    };
  };

  it('leaves nothing behind, and the repeat does it', async () => {
    const ports = portsOver(ingress.sql, ingress.workflows);
    const app = await buildTestApp({ ...ports, answers: failingOnce(ports.answers) });
    const api = client(app);
    const customerRef = randomUUID();
    const body = { tenantId, customerRef, currency: 'usd' };
    const key = randomUUID();
    const first = await api.post('/v1/accounts', body, { key });
    expect(first.status).toBe(500);
    expect(first.body.error).toEqual({
      code: 'INTERNAL',
      message: 'Something went wrong on our side.',
    });
    expect(await accountsOf(customerRef)).toBe(0);
    expect((await api.post('/v1/accounts', body, { key })).status).toBe(201);
    expect(await accountsOf(customerRef)).toBe(1);
    await app.close();
  });

  it('after the workflow has answered gives the first answer to the repeat', async () => {
    const ports = portsOver(ingress.sql, ingress.workflows);
    const answers: Answers = {
      ...ports.answers,
      finish: () => Promise.reject(new Error('crashed before the answer was stored')),
    };
    const app = await buildTestApp({ ...ports, answers });
    const { cardId } = await cardIn(ingress, 'issuance');
    const url = `/v1/cards/${cardId}/correct-shipping`;
    const body = { name: 'Ada', ...BILLING, line1: '9 Right St' };
    const key = randomUUID();
    const asked = ingress.workflows.commands.length;
    expect((await client(app).post(url, body, { key })).status).toBe(500);
    await app.close();

    // The card has moved on since, so a new request would be refused.
    await ingress.sql`
      insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
      values (${tenantId}, ${`ic_${key}`}, ${cardId}, 1, 'inactive', '4242', 12, 2030)`;
    await ingress.sql`
      update cards set phase = 'activation', stripe_card_id = ${`ic_${key}`} where card_id = ${cardId}`;
    const repeat = await ingress.post(url, body, { key });
    expect(repeat.status).toBe(202);
    expect(repeat.body).toMatchObject({ phase: 'issuance', shipping: { line1: '9 Right St' } });
    expect(ingress.workflows.commands).toHaveLength(asked + 1);
    const again = await ingress.post(url, body, { key });
    expect(again.body).toEqual(repeat.body);
  });
});
