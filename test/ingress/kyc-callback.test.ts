/** The signed callback of an external KYC provider: what is stored, what is refused, and what comes of it. */
import { describe, expect, it } from 'vitest';
import { applyDue } from '../relay/relay-inbox.ts';
import { type SignedCallback, signCallback } from '../support/kyc-provider.ts';
import { projectText } from '../support/project-files.ts';
import { type Answer, ingressUnderTest, KYC_SECRETS } from './ingress-under-test.ts';
import { newCustomer } from './program.ts';

const ingress = ingressUnderTest();
const [NEW_SECRET, OLD_SECRET] = KYC_SECRETS;
let sent = 0;

interface Sent {
  readonly check?: object;
  readonly event?: object;
}

const payloadOf = ({ check = {}, event = {} }: Sent = {}): string => {
  sent += 1;
  const updated = Math.floor(Date.now() / 1_000);
  const object = {
    id: `chk-${sent}`,
    tenantId: 'ten_unknown',
    cardholderId: 'chr_1',
    status: 'verified',
    url: null,
    error: null,
    updated,
    ...check,
  };
  const type = 'kyc.check.updated';
  return JSON.stringify({ id: `evt-${sent}`, type, created: updated, data: { object }, ...event });
};

const deliver = ({ payload, header }: SignedCallback): Promise<Answer> =>
  ingress.inject({
    method: 'POST',
    url: '/webhooks/kyc',
    payload,
    headers: { 'content-type': 'application/json', 'kyc-signature': header },
  });

const countStored = async (): Promise<number> =>
  (await ingress.sql`select 1 from inbox where type = 'kyc.check.updated'`).length;

describe('a signed callback', () => {
  it('is stored for the tenant it names, and verifies the cardholder', async () => {
    const tenant = await ingress.post('/v1/tenants', { name: 'Other', stripeAccount: 'acct_kyc' });
    const { tenantId, cardholderId } = await newCustomer(ingress, String(tenant.body.id));
    await ingress.sql`
      update cardholders set kyc_status = 'pending', kyc_provider = 'external', kyc_session_id = 'chk-7'
       where cardholder_id = ${cardholderId}`;
    const payload = payloadOf({ check: { id: 'chk-7', tenantId, cardholderId } });
    expect(await deliver(signCallback(payload, NEW_SECRET))).toMatchObject({
      status: 200,
      body: { received: true },
    });
    expect(await ingress.sql`select tenant_id, group_key, object_id from inbox`).toEqual([
      { tenant_id: tenantId, group_key: 'kyc:chk-7', object_id: 'chk-7' },
    ]);
    expect(await applyDue(ingress.sql)).toEqual([]);
    const holder = await ingress.get(`/v1/cardholders/${cardholderId}`);
    expect(holder.body['kyc']).toMatchObject({ status: 'verified', provider: 'external' });
  });

  it('shows why a check failed, and where to try again', async () => {
    const { tenantId, cardholderId } = await newCustomer(ingress);
    await ingress.sql`
      update cardholders set kyc_status = 'pending', kyc_provider = 'external', kyc_session_id = 'chk-8'
       where cardholder_id = ${cardholderId}`;
    const error = { code: 'document_expired', reason: 'It has expired.' };
    const check = { id: 'chk-8', tenantId, cardholderId, status: 'requires_input', error };
    await deliver(signCallback(payloadOf({ check }), NEW_SECRET));
    await applyDue(ingress.sql);
    const holder = await ingress.get(`/v1/cardholders/${cardholderId}`);
    expect(holder.body['kyc']).toMatchObject({ status: 'failed', lastError: error });
  });

  it('is taken as the documentation shows it', async () => {
    const [, payload = ''] = /^body='(.*)'$/m.exec(projectText('docs/kyc.md') ?? '') ?? [];
    expect(await deliver(signCallback(payload, NEW_SECRET))).toMatchObject({ status: 200 });
  });

  it('is stored once, however often it comes', async () => {
    const before = await countStored();
    const callback = signCallback(payloadOf(), NEW_SECRET);
    const answers = await Promise.all([deliver(callback), deliver(callback), deliver(callback)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.filter(({ body }) => body['duplicate'] === true)).toHaveLength(2);
    expect(await countStored()).toBe(before + 1);
  });

  it('is taken with the old secret too, while one is being rolled', async () => {
    expect((await deliver(signCallback(payloadOf(), OLD_SECRET))).status).toBe(200);
  });

  it('never meets an event of Stripe with its id', async () => {
    const payload = payloadOf({ event: { id: 'evt_1Shared' } });
    await ingress.sql`
      insert into inbox (event_id, source, type, group_key, created, payload)
      values ('evt_1Shared', 'webhook', 'issuing_card.created', 'ic_1', 1, '{}')`;
    expect((await deliver(signCallback(payload, NEW_SECRET))).body).toEqual({ received: true });
  });
});

describe('what is no signed callback', () => {
  async function refusalOf(callback: SignedCallback) {
    const before = await countStored();
    const { status, body } = await deliver(callback);
    expect(await countStored()).toBe(before);
    return { status, ...body.error };
  }

  it('is refused for its signature', async () => {
    const payload = payloadOf();
    const wanted = { status: 400, code: 'SIGNATURE_INVALID' };
    const right = signCallback(payload, NEW_SECRET);
    expect(await refusalOf(signCallback(payload, 'another'))).toMatchObject(wanted);
    expect(await refusalOf({ ...right, header: 'nonsense' })).toMatchObject(wanted);
    expect(await refusalOf({ ...right, payload: `${payload} ` })).toMatchObject(wanted);
    expect(await refusalOf(signCallback(payload, NEW_SECRET, 302))).toMatchObject(wanted);
    expect((await deliver(signCallback(payload, NEW_SECRET, 290))).status).toBe(200);
  });

  it.each([
    ['', '[]'],
    ['', '{'],
    ['id', payloadOf({ event: { id: 7 } })],
    // This provider has no say in money.
    ['type', payloadOf({ event: { type: 'issuing_transaction.created' } })],
    ['created', payloadOf({ event: { created: 'now' } })],
    ['created', payloadOf({ event: { created: 1_790_000_000_000 } })],
    ['data.object', payloadOf({ event: { data: {} } })],
    ['data.object.id', payloadOf({ check: { id: '../other' } })],
    ['data.object.tenantId', payloadOf({ check: { tenantId: 'acct_1' } })],
    ['data.object.cardholderId', payloadOf({ check: { cardholderId: null } })],
    ['data.object.status', payloadOf({ check: { status: 'ok' } })],
    ['data.object.url', payloadOf({ check: { url: 'javascript:alert(1)' } })],
    ['data.object.updated', payloadOf({ check: { updated: 1.5 } })],
    ['data.object.error', payloadOf({ check: { error: 'no' } })],
    ['data.object.error.code', payloadOf({ check: { error: { code: 'Jenny Rosen' } } })],
    ['data.object.error.reason', payloadOf({ check: { error: { code: 'a', reason: 7 } } })],
  ])('is refused, naming the field %s', async (path, payload) => {
    const refusal = await refusalOf(signCallback(payload, NEW_SECRET));
    expect(refusal).toMatchObject({ status: 400, code: 'EVENT_INVALID' });
    expect(refusal.details).toEqual({
      fields: [{ in: 'body', path, message: expect.stringMatching(/^must be /) }],
    });
    expect(JSON.stringify(refusal)).not.toContain('Jenny');
  });
});
