/** KYC: one session for a holder, however many cards wait for it. On the real database and the simulator. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CardId } from '../../src/domain/ids.ts';
import { KYC_VALID_FOR_MS } from '../../src/domain/limits.ts';
import { createProgram, type Program } from './program.ts';

let program: Program;

beforeAll(async () => {
  program = await createProgram();
});
afterAll(() => program.close());

const ensure = (cardId: CardId) => program.activities.ensureVerification({ cardId });

async function holderOf(cardId: CardId) {
  const [row] = await program.sql<
    { id: string; status: string; session: string | null; url: string | null; attempts: number }[]
  >`
    select cardholder_id as id, kyc_status as status, kyc_session_id as session, kyc_url as url,
           kyc_attempts as attempts
    from cardholders where cardholder_id = (select cardholder_id from cards where card_id = ${cardId})`;
  if (row === undefined) throw new Error('the holder is there');
  return row;
}

/** What the relay does with an identity event. */
async function outcome(cardId: CardId, status: 'failed' | 'verified' | 'rejected'): Promise<void> {
  const { id } = await holderOf(cardId);
  await program.sql`
    update cardholders set kyc_status = ${status},
      kyc_verified_at = ${status === 'verified' ? new Date() : null} where cardholder_id = ${id}`;
}

const sessionsMade = (): number =>
  program.proxy.calls.filter((call) => call.startsWith('POST /v1/identity/')).length;

test('a session is made, and its link is stored with the holder', async () => {
  const cardId = await program.card();
  expect(await ensure(cardId)).toEqual({ kind: 'verification_started' });
  const holder = await holderOf(cardId);
  expect(holder).toMatchObject({ status: 'pending', attempts: 1 });
  expect(holder.session).toMatch(/^vs_/);
  expect(holder.url).toMatch(/^https?:/);
});

test('a second card of the holder waits for the same session', async () => {
  const first = await program.card();
  await ensure(first);
  const before = sessionsMade();
  const second = await program.card({ holderOf: first });
  expect(await ensure(second)).toEqual({ kind: 'verification_started' });
  expect(sessionsMade()).toBe(before);
});

test('a second card makes no session when Stripe has verified the first, and the event is still on its way', async () => {
  const first = await program.card();
  await ensure(first);
  const before = await holderOf(first);
  await program.control('POST', `/identity/verification_sessions/${before.session}/verify`, {});
  const made = sessionsMade();
  const second = await program.card({ holderOf: first });
  expect(await ensure(second)).toEqual({ kind: 'verification_started' });
  expect(sessionsMade()).toBe(made);
  expect(await holderOf(first)).toMatchObject({ session: before.session, attempts: 1 });
});

test('two cards that ask at once make one session', async () => {
  const first = await program.card();
  const second = await program.card({ holderOf: first });
  const outcomes = await Promise.allSettled([ensure(first), ensure(second)]);
  for (const [index, result] of outcomes.entries()) {
    if (result.status === 'rejected') await ensure(index === 0 ? first : second);
  }
  const { id } = await holderOf(first);
  const attempts = await program.sql`select 1 from stripe_attempts where subject_id = ${id}`;
  expect(attempts).toHaveLength(1);
});

test('a failed check is tried again in the same session', async () => {
  const cardId = await program.card();
  await ensure(cardId);
  const { session } = await holderOf(cardId);
  await program.control('POST', `/identity/verification_sessions/${session}/fail`, {
    code: 'document_expired',
  });
  await outcome(cardId, 'failed');
  expect(await ensure(cardId)).toEqual({ kind: 'verification_started' });
  expect(await holderOf(cardId)).toMatchObject({ session, status: 'pending', attempts: 2 });
});

test('a cancelled session gives way to a new one', async () => {
  const cardId = await program.card();
  await ensure(cardId);
  const { session } = await holderOf(cardId);
  const canceled = await fetch(
    `${program.simulator.url}/v1/identity/verification_sessions/${session}/cancel`,
    { method: 'POST', headers: { authorization: 'Bearer sk_test_activities' } },
  );
  expect(canceled.status).toBe(200);
  await outcome(cardId, 'failed');
  await ensure(cardId);
  expect((await holderOf(cardId)).session).not.toBe(session);
});

test('a verified holder is not asked again, until the verification is too old', async () => {
  const cardId = await program.card();
  await ensure(cardId);
  const { session } = await holderOf(cardId);
  await program.control('POST', `/identity/verification_sessions/${session}/verify`, {});
  await outcome(cardId, 'verified');
  expect(await ensure(cardId)).toEqual({ kind: 'identity_verified' });
  program.later(KYC_VALID_FOR_MS);
  expect(await ensure(cardId)).toEqual({ kind: 'verification_started' });
  expect((await holderOf(cardId)).session).not.toBe(session);
});

test('a rejected holder stays rejected', async () => {
  const cardId = await program.card();
  await outcome(cardId, 'rejected');
  expect(await ensure(cardId)).toEqual({ kind: 'kyc_decided', approved: false });
});
