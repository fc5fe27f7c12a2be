import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { createSql } from '../../src/adapters/postgres/pool.ts';
import { createFakeCardWorkflows } from './fake-card-workflows.ts';
import {
  type Answer,
  buildTestApp,
  client,
  type IngressUnderTest,
  ingressUnderTest,
  portsOver,
  WEBHOOK_SECRETS,
} from './ingress-under-test.ts';
import { platformTenant } from './program.ts';

const ingress = ingressUnderTest();
const [NEW_SECRET, OLD_SECRET] = WEBHOOK_SECRETS;
const S_PER_DAY = 86_400;
const nowS = (): number => Math.floor(Date.now() / 1000);

const newEvent = (change: Readonly<Record<string, unknown>> = {}) => ({
  id: `evt_${randomUUID().replaceAll('-', '')}`,
  object: 'event',
  type: 'issuing_card.updated',
  created: 1_790_000_000,
  api_version: '2026-10-28.test',
  data: { object: { id: 'ic_1', object: 'issuing.card' } },
  ...change,
});

interface Delivery {
  readonly secret?: string;
  readonly timestamp?: number;
  readonly header?: string;
}

function deliver(
  payload: string,
  delivery: Delivery = {},
  to: Pick<IngressUnderTest, 'inject'> = ingress,
): Promise<Answer> {
  const { secret = NEW_SECRET, timestamp = nowS() } = delivery;
  const header =
    delivery.header ?? Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
  return to.inject({
    method: 'POST',
    url: '/webhooks/stripe',
    headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': header },
    payload,
  });
}

const stored = (eventId: string) => ingress.sql<
  Record<string, unknown>[]
>`select tenant_id, stripe_account, source, type, object_id, group_key, created, payload, status
    from inbox where event_id = ${eventId}`;
const countStored = async (): Promise<number> => {
  const [row] = await ingress.sql<{ n: number }[]>`select count(*) as n from inbox`;
  return row?.n ?? -1;
};

describe('a signed event', () => {
  it('is stored with its tenant, object and group before the answer', async () => {
    const tenantId = await platformTenant(ingress);
    const event = newEvent();
    const answer = await deliver(JSON.stringify(event));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ received: true });
    expect(await stored(event.id)).toEqual([
      {
        tenant_id: tenantId,
        stripe_account: null,
        source: 'webhook',
        type: event.type,
        object_id: 'ic_1',
        group_key: 'ic_1',
        created: event.created,
        payload: JSON.stringify(event),
        status: 'pending',
      },
    ]);
  });

  it('is stored once when it comes again', async () => {
    const event = newEvent();
    await deliver(JSON.stringify(event));
    const again = await deliver(JSON.stringify(event));
    expect(again.status).toBe(200);
    expect(again.body).toEqual({ received: true, duplicate: true });
    expect(await stored(event.id)).toHaveLength(1);
  });

  it('is stored once when it comes many times at once, beside others', async () => {
    const same = newEvent();
    const others = Array.from({ length: 30 }, () => newEvent());
    const answers = await Promise.all(
      [same, ...others, same, same].map((event) => deliver(JSON.stringify(event))),
    );
    expect(answers.every((a) => a.status === 200)).toBe(true);
    expect(answers.filter((a) => a.body['duplicate'] === true)).toHaveLength(2);
    for (const event of [same, ...others]) expect(await stored(event.id)).toHaveLength(1);
  });

  it('is accepted with any of the secrets', async () => {
    for (const secret of [NEW_SECRET, OLD_SECRET]) {
      expect((await deliver(JSON.stringify(newEvent()), { secret })).status).toBe(200);
    }
    const payload = JSON.stringify(newEvent());
    const timestamp = nowS();
    const sign = (secret: string): string =>
      Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
    // While a secret is rolled Stripe signs with both; the first may be one that we do not know.
    const header = `${sign('whsec_unknown')},${sign(OLD_SECRET).split(',').at(1)}`;
    expect((await deliver(payload, { header })).status).toBe(200);
  });

  it('of a connected account belongs to its tenant, and to nobody while that is unknown', async () => {
    const stripeAccount = `acct_${randomUUID().replaceAll('-', '')}`;
    const early = newEvent({ account: stripeAccount });
    expect((await deliver(JSON.stringify(early))).status).toBe(200);
    expect(await stored(early.id)).toMatchObject([
      { tenant_id: null, stripe_account: stripeAccount },
    ]);
    const tenant = await ingress.post('/v1/tenants', { name: 'Later', stripeAccount });
    const late = newEvent({ account: stripeAccount });
    await deliver(JSON.stringify(late));
    expect(await stored(late.id)).toMatchObject([{ tenant_id: tenant.body.id }]);
  });

  it('of an unknown type is stored', async () => {
    const event = newEvent({ type: 'new_thing.happened', data: { object: {} } });
    expect((await deliver(JSON.stringify(event))).status).toBe(200);
    expect(await stored(event.id)).toMatchObject([
      { type: 'new_thing.happened', object_id: null, group_key: event.id },
    ]);
  });

  it.each([
    ['issuing_authorization.updated', { id: 'iauth_1', card: { id: 'ic_7' } }, 'ic_7'],
    ['issuing_transaction.created', { id: 'ipi_1', card: 'ic_7' }, 'ic_7'],
    ['issuing_card.created', { id: 'ic_7', cardholder: { id: 'ich_1' } }, 'ic_7'],
    ['issuing_cardholder.updated', { id: 'ich_1' }, 'ich_1'],
    ['identity.verification_session.verified', { id: 'vs_1' }, 'vs_1'],
    ['issuing_dispute.closed', { id: 'idp_1' }, 'dispute:idp_1'],
  ])('%s waits in the group of what it is about', async (type, object, groupKey) => {
    const event = newEvent({ type, data: { object } });
    await deliver(JSON.stringify(event));
    expect(await stored(event.id)).toMatchObject([{ group_key: groupKey, object_id: object.id }]);
  });

  it('with characters that Postgres refuses in a value is stored as it came', async () => {
    const object = { id: 'ic_1', name: 'A\u0000B\ud800C', backslash: '\\u0000' };
    const event = newEvent({ data: { object } });
    expect((await deliver(JSON.stringify(event))).status).toBe(200);
    expect(await stored(event.id)).toMatchObject([{ payload: JSON.stringify(event) }]);
  });
});

describe('a signed event whose names hold characters that Postgres refuses', () => {
  it('is stored under what is left of them', async () => {
    const event = newEvent({ type: 'new_\u0000thing.happened' });
    const object = { id: 'ic_\u0000\ud8001', ['na\u0000me']: 'x' };
    const payload = JSON.stringify({ ...event, data: { object } });
    const answer = await deliver(payload);
    expect(answer.status).toBe(200);
    expect(await stored(event.id)).toMatchObject([
      {
        type: 'new_thing.happened',
        object_id: 'ic_\ufffd1',
        group_key: 'ic_\ufffd1',
        payload,
      },
    ]);
  });

  it('is stored once, also when its own id holds one', async () => {
    const event = newEvent();
    const payload = JSON.stringify({ ...event, id: `${event.id}\u0000` });
    expect((await deliver(payload)).body).toEqual({ received: true });
    expect((await deliver(payload)).body).toEqual({ received: true, duplicate: true });
    expect(await stored(event.id)).toHaveLength(1);
  });
});

describe('what is not a signed event', () => {
  /** What was answered, and how many events were stored meanwhile. */
  async function refusalOf(delivery: () => Promise<Answer>) {
    const before = await countStored();
    const { status, body } = await delivery();
    return { status, code: body.error?.code, stored: (await countStored()) - before };
  }
  const BAD_SIGNATURE = { status: 400, code: 'SIGNATURE_INVALID', stored: 0 };
  const NOT_AN_EVENT = { status: 400, code: 'EVENT_INVALID', stored: 0 };

  it('is refused with a wrong signature', async () => {
    const payload = JSON.stringify(newEvent());
    expect(await refusalOf(() => deliver(payload, { secret: 'whsec_wrong' }))).toEqual(
      BAD_SIGNATURE,
    );
    expect(await refusalOf(() => deliver(payload, { header: 'nonsense' }))).toEqual(BAD_SIGNATURE);
    const unsigned = { method: 'POST', url: '/webhooks/stripe', payload } as const;
    expect(await refusalOf(() => ingress.inject(unsigned))).toEqual(BAD_SIGNATURE);
  });

  it('is refused when the body was changed', async () => {
    const payload = JSON.stringify(newEvent());
    const header = Stripe.webhooks.generateTestHeaderString({ payload, secret: NEW_SECRET });
    expect(await refusalOf(() => deliver(`${payload} `, { header }))).toEqual(BAD_SIGNATURE);
  });

  it('is refused when it was signed more than 300 s ago', async () => {
    const payload = JSON.stringify(newEvent());
    expect(await refusalOf(() => deliver(payload, { timestamp: nowS() - 302 }))).toEqual(
      BAD_SIGNATURE,
    );
    expect((await deliver(payload, { timestamp: nowS() - 295 })).status).toBe(200);
    const ahead = JSON.stringify(newEvent());
    expect((await deliver(ahead, { timestamp: nowS() + S_PER_DAY })).status).toBe(200);
  });

  it('is refused when it is no JSON, no event, or a thin notification', async () => {
    for (const body of ['{', '[]', '"text"', '{"id":"evt_1","type":"x"}', '']) {
      expect(await refusalOf(() => deliver(body))).toEqual(NOT_AN_EVENT);
    }
    const thin = JSON.stringify({ id: 'evt_1', object: 'v2.core.event', type: 'v1.x' });
    expect(await refusalOf(() => deliver(thin))).toEqual(NOT_AN_EVENT);
  });

  it('is refused when the body is over 1 MB', async () => {
    const event = newEvent({ data: { object: { id: 'ic_1', padding: 'x'.repeat(1_048_576) } } });
    expect(await refusalOf(() => deliver(JSON.stringify(event)))).toEqual({
      status: 413,
      code: 'BODY_TOO_LARGE',
      stored: 0,
    });
  });
});

describe('with Postgres down', () => {
  it('answers 503 with a retry hint', async () => {
    const sql = createSql({ url: 'postgres://x:x@127.0.0.1:1/none', poolSize: 1, name: 'nobody' });
    const app = await buildTestApp(portsOver(sql, createFakeCardWorkflows()));
    const api = client(app);
    await app.ready();
    const started = performance.now();
    const answer = await deliver(JSON.stringify(newEvent()), {}, api);
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(answer.status).toBe(503);
    expect(answer.body.error?.code).toBe('DATABASE_UNAVAILABLE');
    expect(answer.headers['retry-after']).toBeDefined();
    expect((await api.get('/v1/accounts')).status).toBe(503);
    expect((await api.get('/readyz')).status).toBe(503);
    expect((await api.get('/healthz')).status).toBe(200);
    await app.close();
    await sql.end();
  });
});

describe('metrics', () => {
  it('count deliveries by sender and what became of them', async () => {
    const payload = JSON.stringify(newEvent());
    await deliver(payload);
    await deliver(payload);
    await deliver(payload, { secret: 'whsec_wrong' });
    const { body } = await ingress.app.inject('/metrics');
    for (const outcome of ['stored', 'duplicate', 'refused']) {
      const labels = `sender="stripe",outcome="${outcome}"`;
      expect(body).toMatch(new RegExp(`webhooks_received_total\\{${labels}.*\\} [1-9]`));
    }
    expect(body).toMatch(/webhooks_received_total\{sender="kyc",outcome="refused".*\} 0\n/);
    await ingress.app.inject({ method: 'POST', url: '/webhooks/kyc', body: '{}' });
    const after = await ingress.app.inject('/metrics');
    expect(after.body).toMatch(/webhooks_received_total\{sender="kyc",outcome="refused".*\} 1\n/);
    expect(body).toMatch(/http_request_duration_seconds_bucket\{.*route="\/webhooks\/stripe"/);
  });
});
