/** A person's verdict about a cardholder, and who may be asked for one. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createVerificationStore } from '../../src/adapters/postgres/verification-store.ts';
import { parseCardId, parseKycReference } from '../../src/domain/ids.ts';
import { buildTestApp, client, ingressUnderTest, portsOver } from './ingress-under-test.ts';
import { cardIn, newCustomer, platformTenant } from './program.ts';

const ingress = ingressUnderTest();
beforeEach(() => {
  ingress.workflows.mode = 'up';
});

const APPROVED = { approved: true, reason: 'Passport seen' };
const REJECTED = { approved: false, reason: 'Forged passport' };
const decide = (id: string, body: object, key?: string) =>
  ingress.post(`/v1/cardholders/${id}/decide-kyc`, body, key === undefined ? {} : { key });
const kycOf = async (id: string) => (await ingress.get(`/v1/cardholders/${id}`)).body['kyc'];
const codeOf = ({ status, body }: Awaited<ReturnType<typeof decide>>) => [status, body.error?.code];

/** A holder whose review waits for a person, with two cards. */
async function underReview() {
  const card = await cardIn(ingress, 'kyc');
  const { cardholderId, accountId } = card;
  const other = await ingress.post('/v1/cards', { cardholderId, accountId, type: 'virtual' });
  const store = createVerificationStore(ingress.sql);
  const claim = await store.claim(parseCardId(card.cardId), Date.now());
  if (claim?.kind !== 'running') throw new Error('a review can be asked for');
  const reference = parseKycReference(`review:${cardholderId}:1`);
  await store.record(claim, { provider: 'manual', reference, url: null });
  return { ...card, otherId: String(other.body.id) };
}

const toldCards = async (...cardIds: readonly string[]) =>
  ingress.sql`
    select card_id as id, body from facts where card_id = any (${[...cardIds]}) order by card_id`;

describe('the verdict about a cardholder', () => {
  it('is committed while Temporal is down, told to all waiting cards, and closes the review', async () => {
    const { cardId, otherId, cardholderId } = await underReview();
    ingress.workflows.mode = 'down';
    const open = await ingress.get('/v1/attention?limit=100');
    expect(open.body.data).toContainEqual(
      expect.objectContaining({ kind: 'kyc_review', subject: cardholderId }),
    );
    const answer = await decide(cardholderId, APPROVED);
    expect(answer.status).toBe(200);
    expect(answer.body['kyc']).toMatchObject({ status: 'verified', provider: 'manual' });
    const body = { kind: 'kyc_decided', approved: true };
    expect(await toldCards(cardId, otherId)).toEqual(
      [cardId, otherId].toSorted().map((id) => ({ id, body })),
    );
    const [item] = await ingress.sql`
      select resolution from attention_items where subject = ${cardholderId}`;
    expect(item).toEqual({ resolution: 'approved by a person' });
    const timeline = await ingress.get(`/v1/cards/${otherId}/timeline?limit=1`);
    expect(timeline.body.data).toMatchObject([{ kind: 'command_decide_kyc', body: APPROVED }]);
  });

  it('that rejects shows its reason, and keeps it out of what the cards are told', async () => {
    const { cardId, otherId, cardholderId } = await underReview();
    await decide(cardholderId, REJECTED);
    expect(await kycOf(cardholderId)).toMatchObject({
      status: 'rejected',
      verifiedAt: null,
      lastError: { code: 'rejected_in_review', reason: REJECTED.reason },
    });
    const told = await toldCards(cardId, otherId);
    expect(told).toHaveLength(2);
    expect(JSON.stringify(told)).not.toContain('Forged');
  });

  it('stands: the same again changes nothing, the other one is refused', async () => {
    const { cardId, cardholderId } = await underReview();
    await decide(cardholderId, REJECTED);
    const before = await kycOf(cardholderId);
    expect((await decide(cardholderId, { ...REJECTED, reason: 'Again' })).status).toBe(200);
    expect(codeOf(await decide(cardholderId, APPROVED))).toEqual([409, 'KYC_DECIDED']);
    const ofCard = await ingress.post(`/v1/cards/${cardId}/decide-kyc`, APPROVED);
    expect(codeOf(ofCard)).toEqual([409, 'KYC_DECIDED']);
    expect(await kycOf(cardholderId)).toEqual(before);
    expect(await toldCards(cardId)).toHaveLength(1);

    const approved = await underReview();
    await decide(approved.cardholderId, APPROVED);
    const answer = await decide(approved.cardholderId, REJECTED);
    expect(codeOf(answer)).toEqual([409, 'KYC_DECIDED']);
    expect(answer.body.error?.details).toMatchObject({ status: 'verified' });
  });

  it('is refused where nothing is to be decided', async () => {
    const { cardholderId } = await newCustomer(ingress);
    expect(codeOf(await decide(cardholderId, APPROVED))).toEqual([409, 'KYC_NOTHING_TO_DECIDE']);
    expect(codeOf(await decide('chr_none', APPROVED))).toEqual([404, 'CARDHOLDER_NOT_FOUND']);
    expect(codeOf(await decide(cardholderId, { approved: 'yes', reason: 'r' }))).toEqual([
      400,
      'VALIDATION_FAILED',
    ]);
  });

  it('may come while another provider checks, and ends that', async () => {
    const { cardId, cardholderId } = await cardIn(ingress, 'kyc');
    await ingress.sql`
      update cardholders set kyc_status = 'pending', kyc_session_id = 'vs_1' where cardholder_id = ${cardholderId}`;
    await decide(cardholderId, APPROVED);
    expect(await kycOf(cardholderId)).toMatchObject({ status: 'verified', sessionId: 'vs_1' });
    expect(await toldCards(cardId)).toHaveLength(1);
  });

  it('is one of two that come at once', async () => {
    const { cardId, otherId, cardholderId } = await underReview();
    const answers = await Promise.all([
      decide(cardholderId, APPROVED),
      decide(cardholderId, REJECTED),
      decide(cardholderId, APPROVED),
      decide(cardholderId, REJECTED),
    ]);
    const { status } = (await kycOf(cardholderId)) as { status: string };
    const right = status === 'verified' ? [200, 409, 200, 409] : [409, 200, 409, 200];
    expect(answers.map((answer) => answer.status)).toEqual(right);
    expect(await toldCards(cardId, otherId)).toHaveLength(2);
  });

  it('is answered alike under the same key', async () => {
    const { cardholderId } = await underReview();
    const first = await decide(cardholderId, APPROVED, 'verdict-1');
    const again = await decide(cardholderId, APPROVED, 'verdict-1');
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotent-replayed']).toBe('true');
  });
});

describe('the provider of a tenant', () => {
  it('is Stripe Identity until it is changed', async () => {
    const id = await platformTenant(ingress);
    const before = await ingress.get(`/v1/tenants/${id}`);
    expect(before.body['kycProvider']).toBe('stripe_identity');
    const answer = await ingress.post(`/v1/tenants/${id}`, { kycProvider: 'external' });
    expect(answer.body).toEqual({ ...before.body, kycProvider: 'external' });
    await ingress.post(`/v1/tenants/${id}`, { kycProvider: 'stripe_identity' });
  });

  it('is refused where it is not configured, and so are cards that would wait for it', async () => {
    const { tenantId, cardholderId, accountId } = await newCustomer(ingress);
    const ports = portsOver(ingress.sql, ingress.workflows);
    const app = await buildTestApp({ ...ports, kycProviders: ['stripe_identity', 'manual'] });
    const api = client(app);
    const setting = await api.post(`/v1/tenants/${tenantId}`, { kycProvider: 'external' });
    expect(setting.status).toBe(409);
    expect(setting.body.error).toMatchObject({
      code: 'KYC_PROVIDER_NOT_CONFIGURED',
      details: { provider: 'external', configured: ['stripe_identity', 'manual'] },
    });
    // It was configured when the tenant chose it.
    await ingress.post(`/v1/tenants/${tenantId}`, { kycProvider: 'external' });
    const wanted = { cardholderId, accountId, type: 'virtual' };
    const refused = await api.post('/v1/cards', wanted);
    expect(refused.body.error?.code).toBe('KYC_PROVIDER_NOT_CONFIGURED');
    await ingress.sql`
      update cardholders set kyc_status = 'verified', kyc_verified_at = now() where cardholder_id = ${cardholderId}`;
    expect((await api.post('/v1/cards', wanted)).status).toBe(202);
    const named = await api.post('/v1/cards', { ...wanted, kyc: { provider: 'external' } });
    expect(named.body.error?.code).toBe('KYC_PROVIDER_NOT_CONFIGURED');
    await ingress.post(`/v1/tenants/${tenantId}`, { kycProvider: 'stripe_identity' });
    await app.close();
  });
});
