/** KYC by a provider of one's own, and who is asked when several are named. On the real database. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { createVerificationStore } from '../../src/adapters/postgres/verification-store.ts';
import { type CardId, parseCardholderId, parseKycReference } from '../../src/domain/ids.ts';
import type { KycProviderName } from '../../src/domain/kyc-providers.ts';
import * as kyc from './kyc-world.ts';
import { createProgram, type Program, SECRET_NAME } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await createProgram();
});
afterAll(() => program.close());

const STARTED = { kind: 'verification_started', provider: 'external' };
const REVIEWED = { kind: 'verification_started', provider: 'manual' };
const PENDING = { kind: 'verification_pending' };
const EXTERNAL = { provider: 'external' } as const;
const MANUAL = { provider: 'manual' } as const;

const ensure = (cardId: CardId) => program.activities.ensureVerification({ cardId });
const poll = (cardId: CardId) => program.activities.readVerification({ cardId });
const holderOf = (cardId: CardId) => kyc.holderOf(program, cardId);

/** Temporal repeats a failed activity; so do we, until it answers. */
async function ensured(cardId: CardId): Promise<unknown> {
  for (let left = 10; left > 0; left -= 1) {
    try {
      return await ensure(cardId);
    } catch {
      // The next try follows.
    }
  }
  return ensure(cardId);
}

async function externalCard(): Promise<{ cardId: CardId; reference: string; tenantId: string }> {
  const cardId = await program.card({ options: { kyc: EXTERNAL } });
  expect(await ensure(cardId)).toEqual(STARTED);
  const { session, tenantId } = await holderOf(cardId);
  return { cardId, reference: String(session), tenantId };
}

const made = (path: string): number =>
  program.provider.calls.filter((call) => call === `POST ${path}`).length;

describe('an external provider', () => {
  it('is asked with a signed request, and its page is stored with the holder', async () => {
    const { cardId, reference } = await externalCard();
    const check = program.provider.checks.get(reference);
    expect(check).toMatchObject({ attempt: 1, cardholderId: (await holderOf(cardId)).id });
    expect(await holderOf(cardId)).toMatchObject({
      status: 'pending',
      provider: 'external',
      url: check?.['url'],
      attempts: 1,
    });
  });

  it('tells the outcome by its callback, once', async () => {
    const { cardId, reference, tenantId } = await externalCard();
    const callback = program.provider.update(reference, { status: 'verified', url: null });
    await kyc.providerTells(program, tenantId, callback);
    expect(await holderOf(cardId)).toMatchObject({ status: 'verified', error: null });
    expect(await kyc.toldTo(program, cardId)).toEqual([{ kind: 'identity_verified' }]);
    expect(await ensure(cardId)).toEqual({ kind: 'identity_verified' });
  });

  it('is polled when its callback was missed, and both count as one', async () => {
    const { cardId, reference, tenantId } = await externalCard();
    expect(await poll(cardId)).toEqual(PENDING);
    const error = { code: 'document_unreadable', reason: 'Too dark.' };
    const late = program.provider.update(reference, { status: 'requires_input', error });
    const failed = { kind: 'identity_failed', code: 'document_unreadable' };
    expect(await poll(cardId)).toEqual(failed);
    expect(await ensure(cardId)).toEqual(STARTED);
    expect(await poll(cardId)).toEqual(PENDING);
    // The next try runs in the same check, and is not failed by what was told of the one before.
    program.provider.update(reference, { status: 'processing', error: null });
    expect(await poll(cardId)).toEqual(PENDING);
    await kyc.providerTells(program, tenantId, late);
    expect(await holderOf(cardId)).toMatchObject({ session: reference, status: 'pending' });
  });

  it('makes another check after one that has failed for good', async () => {
    const { cardId, reference, tenantId } = await externalCard();
    const error = { code: 'document_forged', reason: null };
    const callback = program.provider.update(reference, { status: 'failed', error });
    await kyc.providerTells(program, tenantId, callback);
    expect(await ensure(cardId)).toEqual(STARTED);
    const holder = await holderOf(cardId);
    expect(holder).toMatchObject({ status: 'pending', attempts: 2, error: null });
    expect(holder.session).not.toBe(reference);
  });

  it('may reject the person: then nobody tries again', async () => {
    const { cardId, reference, tenantId } = await externalCard();
    const other = await program.card({ holderOf: cardId });
    const error = { code: 'sanctioned', reason: null };
    await kyc.providerTells(
      program,
      tenantId,
      program.provider.update(reference, { status: 'rejected', error }),
    );
    const rejected = { kind: 'kyc_decided', approved: false };
    expect(await kyc.toldTo(program, other)).toEqual([rejected]);
    expect(await ensure(other)).toEqual(rejected);
    expect(await holderOf(cardId)).toMatchObject({ status: 'rejected', error });
  });

  it('makes one check although its answer was lost', async () => {
    const cardId = await program.card({ options: { kyc: EXTERNAL } });
    const before = program.provider.checks.size;
    program.provider.fail({ status: 502, done: true });
    await expect(ensure(cardId)).rejects.toThrow('status 502');
    expect(await ensure(cardId)).toEqual(STARTED);
    expect(program.provider.checks.size).toBe(before + 1);
  });

  it('is searched for the check when the key cannot be trusted any more', async () => {
    const cardId = await program.card({ options: { kyc: EXTERNAL } });
    const before = program.provider.checks.size;
    program.provider.fail({ status: 503, done: true });
    await expect(ensure(cardId)).rejects.toThrow('status 503');
    program.later(21 * 3_600_000);
    expect(await ensure(cardId)).toEqual(STARTED);
    expect(program.provider.checks.size).toBe(before + 1);
    const { id } = await holderOf(cardId);
    expect(await kyc.attemptsOf(program, id)).toBe(1);
  });

  it('says nothing of a person in the codes that Temporal keeps', async () => {
    const cardId = await program.card({ options: { kyc: EXTERNAL } });
    program.provider.fail({ status: 422, code: SECRET_NAME });
    expect(await ensure(cardId)).toEqual({ kind: 'identity_failed', code: 'refused_unknown' });
  });

  it('that refuses gives way to the one that the next card names', async () => {
    const cardId = await program.card({ options: { kyc: EXTERNAL } });
    program.provider.fail({ status: 422, code: 'country_not_covered' });
    const code = 'refused_country_not_covered';
    expect(await ensure(cardId)).toEqual({ kind: 'identity_failed', code });
    const other = await program.card({ holderOf: cardId, options: { kyc: MANUAL } });
    expect(await ensure(other)).toEqual(REVIEWED);
    expect(await ensure(cardId)).toEqual(REVIEWED);
    expect(await holderOf(cardId)).toMatchObject({ provider: 'manual', attempts: 1 });
  });

  it.each([
    ['status', { status: 'done' }],
    ['url', { url: 'javascript:alert(1)' }],
    ['url', { url: 'http://kyc.example.com/check' }],
    ['error.code', { error: { code: 'Jenny Rosen is on a list' } }],
    ['updated', { updated: 'now' }],
    ['updated', { updated: Date.now() }],
  ])('whose answer is wrong in %s is asked again', async (field, change) => {
    const { cardId, reference } = await externalCard();
    const before = await holderOf(cardId);
    program.provider.checks.set(reference, {
      ...program.provider.checks.get(reference),
      ...change,
    });
    await expect(poll(cardId)).rejects.toThrow(`check.${field} is not`);
    expect(await holderOf(cardId)).toEqual(before);
  });

  it('that is not configured fails the check, and keeps nobody from asking another', async () => {
    const { external: _, ...others } = program.ports.kyc;
    const activities = createActivities({ ...program.ports, kyc: others });
    const failed = { kind: 'identity_failed', code: 'provider_not_configured' };
    const cardId = await program.card({ options: { kyc: EXTERNAL } });
    expect(await activities.ensureVerification({ cardId })).toEqual(failed);
    expect(await holderOf(cardId)).toMatchObject({ status: 'failed', attempts: 0 });
    expect(await ensure(cardId)).toEqual(STARTED);
    // Nobody can be asked about the check now, so its card goes on waiting for its message or its deadline.
    expect(await activities.readVerification({ cardId })).toEqual(PENDING);

    // The provider went away in the middle of a call.
    const left = await program.card({ options: { kyc: EXTERNAL } });
    program.provider.fail({ status: 502 });
    await expect(ensure(left)).rejects.toThrow('status 502');
    expect(await activities.ensureVerification({ cardId: left })).toEqual(failed);
    const other = await program.card({ holderOf: left, options: { kyc: MANUAL } });
    expect(await activities.ensureVerification({ cardId: other })).toEqual(failed);
    expect(await activities.ensureVerification({ cardId: other })).toEqual(REVIEWED);
  });

  it.each([
    ['cardholderId', { cardholderId: 'chr_another' }],
    ['tenantId', { tenantId: 'ten_another' }],
  ])('whose answer is about another %s verifies nobody', async (field, change) => {
    const { cardId, reference } = await externalCard();
    const before = await holderOf(cardId);
    const check = program.provider.checks.get(reference) ?? {};
    program.provider.checks.set(reference, { ...check, ...change, status: 'verified' });
    const wrong = `check.${field} is not the one that was asked about`;
    await expect(poll(cardId)).rejects.toThrow(wrong);
    await expect(ensure(cardId)).rejects.toThrow(wrong);
    expect(await holderOf(cardId)).toEqual(before);
  });

  it('whose callback is about another cardholder verifies nobody, and is looked at by a person', async () => {
    const { cardId, reference, tenantId } = await externalCard();
    const other = await holderOf((await externalCard()).cardId);
    const before = await holderOf(cardId);
    const change = { status: 'verified', cardholderId: other.id };
    await kyc.providerTells(program, tenantId, program.provider.update(reference, change));
    expect(await holderOf(cardId)).toEqual(before);
    const [row] = await program.sql`
      select status, reason from inbox where payload::jsonb #>> '{data,object,id}' = ${reference}`;
    expect(row).toEqual({
      status: 'attention',
      reason: 'this check was made for another cardholder',
    });
  });

  it('may show a new page, and takes it along with the verdict', async () => {
    const { cardId, reference } = await externalCard();
    const url = 'https://kyc.example.com/again';
    program.provider.update(reference, { url });
    expect(await poll(cardId)).toEqual(PENDING);
    expect(await holderOf(cardId)).toMatchObject({ url });
    program.provider.update(reference, { status: 'verified' });
    await poll(cardId);
    expect(await holderOf(cardId)).toMatchObject({ status: 'verified', url: null });
  });

  it('whose answer is endless is asked again', async () => {
    const { cardId, reference } = await externalCard();
    const check = program.provider.checks.get(reference) ?? {};
    program.provider.checks.set(reference, { ...check, notes: 'x'.repeat(1_100_000) });
    await expect(poll(cardId)).rejects.toThrow('no answer (RangeError)');
  });
});

describe('who is asked', () => {
  it('is of the tenant where the card names nobody', async () => {
    const tenant = await program.tenant('acct_reviews');
    await program.sql`update tenants set kyc_provider = 'manual' where tenant_id = ${tenant}`;
    const cardId = await program.card({ tenant });
    await ensure(cardId);
    expect(await holderOf(cardId)).toMatchObject({ provider: 'manual' });
    const other = await program.card({ tenant, options: { kyc: EXTERNAL } });
    await ensure(other);
    expect(await holderOf(other)).toMatchObject({ provider: 'external' });
  });

  it('is one for cards that ask at the same moment, although they name different ones', async () => {
    const providers: readonly KycProviderName[] = ['external', 'stripe_identity', 'manual'];
    for (let round = 0; round < 8; round += 1) {
      const first = await program.card({ options: { kyc: EXTERNAL } });
      const others = await Promise.all(
        [0, 1, 2, 3, 4].map((n) => {
          const provider = providers[(n + round) % providers.length] ?? 'manual';
          return program.card({ holderOf: first, options: { kyc: { provider } } });
        }),
      );
      const checksBefore = made('/v1/checks');
      const answers = await Promise.all([...others, first].map(ensured));
      const holder = await holderOf(first);
      const started = { kind: 'verification_started', provider: holder.provider };
      expect(answers).toEqual(answers.map(() => started));
      expect(holder).toMatchObject({ status: 'pending', attempts: 1 });
      expect(await kyc.attemptsOf(program, holder.id)).toBe(1);
      const [attempt] = await program.sql`
        select request ->> 'provider' as provider, result_id from stripe_attempts where subject_id = ${holder.id}`;
      expect(attempt).toEqual({ provider: holder.provider, result_id: holder.session });
      // Repeats of one attempt under one key; none where another provider was first.
      if (holder.provider !== 'external') expect(made('/v1/checks')).toBe(checksBefore);
    }
  });

  it('is one for cards that try again at the same moment', async () => {
    const { cardId, reference, tenantId } = await externalCard();
    const other = await program.card({ holderOf: cardId, options: { kyc: MANUAL } });
    const error = { code: 'document_forged', reason: null };
    await kyc.providerTells(
      program,
      tenantId,
      program.provider.update(reference, { status: 'failed', error }),
    );
    await Promise.all([cardId, other, cardId, other].map(ensured));
    const holder = await holderOf(cardId);
    expect(holder).toMatchObject({ status: 'pending', attempts: 2 });
    expect(await kyc.attemptsOf(program, holder.id)).toBe(2);
  });

  it('stays whoever began, when a slow card records what it made too late', async () => {
    const { cardId, reference } = await externalCard();
    const store = createVerificationStore(program.sql);
    const { id } = await holderOf(cardId);
    const cardholderId = parseCardholderId(id);
    const claim = {
      kind: 'running',
      cardholderId,
      provider: 'external',
      isNewTry: true,
    } as const;
    const late = {
      provider: 'external',
      reference: parseKycReference('chk-late'),
      url: null,
    } as const;
    expect(await store.record({ ...claim, reference: null }, late)).toEqual({
      status: 'pending',
      provider: 'external',
    });
    expect(await holderOf(cardId)).toMatchObject({ session: reference });
    await program.sql`update cardholders set kyc_status = 'failed' where cardholder_id = ${id}`;
    const same = { ...late, reference: parseKycReference(reference) };
    expect(await store.record({ ...claim, reference: same.reference }, same)).toMatchObject({
      status: 'failed',
    });
    expect(await holderOf(cardId)).toMatchObject({ status: 'failed' });
  });
});
