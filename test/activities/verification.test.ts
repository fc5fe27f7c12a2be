/** KYC at Stripe Identity: one session for a holder, however many cards wait. On the real database and the simulator. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CardId } from '../../src/domain/ids.ts';
import { KYC_VALID_FOR_MS } from '../../src/domain/limits.ts';
import { applyDue } from '../relay/relay-inbox.ts';
import { event, store } from '../support/stripe-events.ts';
import * as kyc from './kyc-world.ts';
import { createProgram, type Program } from './program.ts';

let program: Program;

beforeAll(async () => {
  program = await createProgram();
});
afterAll(() => program.close());

const DAY_MS = 24 * 3_600_000;
const STARTED = { kind: 'verification_started', provider: 'stripe_identity' };
const ensure = (cardId: CardId) => program.activities.ensureVerification({ cardId });
const poll = (cardId: CardId) => program.activities.readVerification({ cardId });
const holderOf = (cardId: CardId) => kyc.holderOf(program, cardId);
const tells = (cardId: CardId, atS?: number) => kyc.stripeTells(program, cardId, atS);

/** What the customer does, and the checks find. */
async function does(cardId: CardId, step: 'process' | 'verify' | 'fail', body = {}): Promise<void> {
  const { session } = await holderOf(cardId);
  await program.control('POST', `/identity/verification_sessions/${session}/${step}`, body);
}

async function post(cardId: CardId, step: 'cancel' | 'redact'): Promise<void> {
  const { session } = await holderOf(cardId);
  const url = `${program.simulator.url}/v1/identity/verification_sessions/${session}/${step}`;
  const headers = { authorization: 'Bearer sk_test_activities' };
  expect((await fetch(url, { method: 'POST', headers })).status).toBe(200);
}

const sessionsMade = (): number =>
  program.proxy.calls.filter((call) => call.startsWith('POST /v1/identity/')).length;

test('a session is made, and its link is stored with the holder', async () => {
  const cardId = await program.card();
  expect(await ensure(cardId)).toEqual(STARTED);
  const holder = await holderOf(cardId);
  expect(holder).toMatchObject({ status: 'pending', provider: 'stripe_identity', attempts: 1 });
  expect(holder.session).toMatch(/^vs_/);
  expect(holder.url).toMatch(/^https?:/);
});

test('a second card of the holder waits for the same session', async () => {
  const first = await program.card();
  await ensure(first);
  const before = sessionsMade();
  const second = await program.card({ holderOf: first });
  expect(await ensure(second)).toEqual(STARTED);
  expect(sessionsMade()).toBe(before);
});

test('a second card makes no session when Stripe has verified the first, and the event is still on its way', async () => {
  const first = await program.card();
  await ensure(first);
  const before = await holderOf(first);
  await does(first, 'verify');
  const made = sessionsMade();
  const second = await program.card({ holderOf: first });
  expect(await ensure(second)).toEqual(STARTED);
  expect(sessionsMade()).toBe(made);
  expect(await holderOf(first)).toMatchObject({ session: before.session, attempts: 1 });
});

test('a failed check is told with its reason, and tried again in the same session', async () => {
  const cardId = await program.card();
  await ensure(cardId);
  const { session } = await holderOf(cardId);
  await does(cardId, 'fail', { code: 'document_expired', reason: 'It has expired.' });
  await tells(cardId);
  const lastError = { code: 'document_expired', reason: 'It has expired.' };
  expect(await holderOf(cardId)).toMatchObject({ status: 'failed', error: lastError });
  expect(await kyc.toldTo(program, cardId)).toEqual([
    { kind: 'identity_failed', code: 'document_expired' },
  ]);
  expect(await ensure(cardId)).toEqual(STARTED);
  expect(await holderOf(cardId)).toMatchObject({ session, status: 'pending', attempts: 2 });
});

test('a cancelled session gives way to a new one, and what is told of it later is no news', async () => {
  const cardId = await program.card();
  await ensure(cardId);
  const { session, tenantId } = await holderOf(cardId);
  await post(cardId, 'cancel');
  await tells(cardId);
  expect(await kyc.toldTo(program, cardId)).toEqual([{ kind: 'identity_canceled' }]);
  await ensure(cardId);
  const now = await holderOf(cardId);
  expect(now.session).not.toBe(session);
  const late = event('identity.verification_session.canceled', { id: session, status: 'canceled' });
  await store(program.sql, tenantId, [late]);
  await applyDue(program.sql);
  expect(await holderOf(cardId)).toEqual(now);
  const [row] = await program.sql`select status from inbox where event_id = ${String(late['id'])}`;
  expect(row).toEqual({ status: 'applied' });
});

test('a verified holder is not asked again, until the verification is too old', async () => {
  const cardId = await program.card();
  await ensure(cardId);
  const { session } = await holderOf(cardId);
  await does(cardId, 'verify');
  await tells(cardId);
  expect(await ensure(cardId)).toEqual({ kind: 'identity_verified' });
  const strict = await program.card({ holderOf: cardId, options: { kyc: { validForDays: 30 } } });
  program.later(30 * DAY_MS - 60_000);
  expect(await ensure(strict)).toEqual({ kind: 'identity_verified' });
  program.later(60_000);
  expect(await ensure(await program.card({ holderOf: cardId }))).toEqual({
    kind: 'identity_verified',
  });
  expect(await ensure(strict)).toEqual(STARTED);
  expect((await holderOf(cardId)).session).not.toBe(session);
});

test('the age limit is ours where the card names none', async () => {
  const cardId = await program.card();
  await ensure(cardId);
  await does(cardId, 'verify');
  await tells(cardId);
  program.later(KYC_VALID_FOR_MS);
  expect(await ensure(cardId)).toEqual(STARTED);
  expect(await holderOf(cardId)).toMatchObject({ status: 'pending', attempts: 2 });
});

test('a rejected holder stays rejected', async () => {
  const cardId = await program.card();
  const { id } = await holderOf(cardId);
  await program.sql`update cardholders set kyc_status = 'rejected' where cardholder_id = ${id}`;
  expect(await ensure(cardId)).toEqual({ kind: 'kyc_decided', approved: false });
  expect(await poll(cardId)).toEqual({ kind: 'kyc_decided', approved: false });
});

test('a holder who is verified stays so when the session is redacted, which cancels nothing of ours', async () => {
  const cardId = await program.card();
  await ensure(cardId);
  // A person has decided while the session still waits for input.
  const { id } = await holderOf(cardId);
  await program.sql`
    update cardholders set kyc_status = 'verified', kyc_verified_at = now() where cardholder_id = ${id}`;
  await post(cardId, 'redact');
  await tells(cardId);
  expect(await holderOf(cardId)).toMatchObject({ status: 'verified' });
  expect(await kyc.toldTo(program, cardId)).toEqual([]);
});

test('a poll makes good a missed message, and tells the other cards of the holder', async () => {
  const cardId = await program.card();
  const other = await program.card({ holderOf: cardId });
  await ensure(cardId);
  expect(await poll(cardId)).toEqual({ kind: 'verification_pending' });
  await does(cardId, 'process');
  expect(await poll(cardId)).toEqual({ kind: 'verification_pending' });
  await does(cardId, 'verify');
  expect(await poll(cardId)).toEqual({ kind: 'identity_verified' });
  expect(await holderOf(cardId)).toMatchObject({ status: 'verified' });
  expect(await kyc.toldTo(program, other)).toEqual([{ kind: 'identity_verified' }]);
  expect(await kyc.toldTo(program, cardId)).toEqual([]);
  expect(await poll(other)).toEqual({ kind: 'identity_verified' });
});

test('a poll counts a failure once, also when the next try has begun', async () => {
  const cardId = await program.card();
  await ensure(cardId);
  const failed = { kind: 'identity_failed', code: 'document_expired' };
  await does(cardId, 'fail', { code: 'document_expired' });
  expect(await poll(cardId)).toEqual(failed);
  expect(await poll(cardId)).toEqual(failed);
  await ensure(cardId);
  expect(await poll(cardId)).toEqual({ kind: 'verification_pending' });
  await does(cardId, 'fail', { code: 'document_expired' });
  expect(await poll(cardId)).toEqual(failed);
});

test('a poll never undoes a newer message', async () => {
  const cardId = await program.card();
  await ensure(cardId);
  await does(cardId, 'process');
  // The message of a later second was faster than the poll that began before it.
  const { tenantId, session } = await holderOf(cardId);
  const failed = {
    id: session,
    status: 'requires_input',
    last_error: { code: 'selfie_face_mismatch', reason: 'No match.' },
  };
  const atS = Math.floor(Date.now() / 1_000) + 60;
  await store(program.sql, tenantId, [
    event('identity.verification_session.requires_input', failed, { atS }),
  ]);
  await applyDue(program.sql);
  const before = await holderOf(cardId);
  expect(await poll(cardId)).toEqual({ kind: 'identity_failed', code: 'selfie_face_mismatch' });
  expect(await holderOf(cardId)).toEqual(before);
});

test('a session that Stripe does not know any more ends, and the next try makes another', async () => {
  const cardId = await program.card();
  await ensure(cardId);
  const { id } = await holderOf(cardId);
  await program.sql`
    update cardholders set kyc_session_id = 'vs_gone' where cardholder_id = ${id}`;
  await program.sql`update stripe_attempts set result_id = 'vs_gone' where subject_id = ${id}`;
  expect(await poll(cardId)).toEqual({ kind: 'identity_canceled' });
  expect(await ensure(cardId)).toEqual(STARTED);
  expect((await holderOf(cardId)).session).toMatch(/^vs_(?!gone)/);
});

test('a request that Stripe refuses fails the check, where a person sees it, until somebody tries again', async () => {
  const cardId = await program.card();
  program.proxy.disturb({
    on: 'POST /v1/identity/verification_sessions',
    status: 400,
    error: { type: 'invalid_request_error', code: 'identity_not_enabled' },
    done: false,
  });
  const code = 'refused_identity_not_enabled';
  expect(await ensure(cardId)).toEqual({ kind: 'identity_failed', code });
  expect(await holderOf(cardId)).toMatchObject({ status: 'failed', attempts: 0, error: { code } });
  expect(await ensure(cardId)).toEqual(STARTED);
  expect(await holderOf(cardId)).toMatchObject({ status: 'pending', attempts: 1 });
});

describe('a link', () => {
  const expire = () => program.control('POST', '/clock/advance', { seconds: 48 * 3_600 });

  test('that has ended is followed by another one, which counts no try while nothing has failed', async () => {
    const cardId = await program.card();
    const other = await program.card({ holderOf: cardId });
    await ensure(cardId);
    await ensure(other);
    const before = await holderOf(cardId);
    await expire();
    expect(await poll(cardId)).toEqual({ kind: 'verification_pending' });
    expect(await holderOf(cardId)).toMatchObject({ session: before.session, url: null });
    const [first, second] = await Promise.allSettled([ensure(cardId), ensure(other)]);
    expect([first, second]).toContainEqual({ status: 'fulfilled', value: STARTED });
    const after = await holderOf(cardId);
    expect(after).toMatchObject({ status: 'pending', attempts: 1 });
    expect(after.session).not.toBe(before.session);
    expect(after.url).toMatch(/^https?:/);
    expect(await ensure(other)).toEqual(STARTED);
    expect(await holderOf(cardId)).toEqual(after);
    expect(await kyc.attemptsOf(program, after.id)).toBe(2);
  });

  test('is new for the next try when that of the failed one has ended', async () => {
    const cardId = await program.card();
    await ensure(cardId);
    const before = await holderOf(cardId);
    await does(cardId, 'fail', { code: 'document_expired' });
    await tells(cardId);
    expect(await holderOf(cardId)).toMatchObject({ status: 'failed', url: null });
    await expire();
    expect(await ensure(cardId)).toEqual(STARTED);
    const after = await holderOf(cardId);
    expect(after).toMatchObject({ status: 'pending', attempts: 2, error: null });
    expect(after.session).not.toBe(before.session);
    expect(after.url).toMatch(/^https?:/);
    await does(cardId, 'verify');
    await tells(cardId);
    expect(await holderOf(cardId)).toMatchObject({ status: 'verified', url: null });
  });

  test('that is lost while Stripe refuses another one fails the check for all cards that wait for it', async () => {
    const cardId = await program.card();
    const other = await program.card({ holderOf: cardId });
    await ensure(cardId);
    await ensure(other);
    await expire();
    program.proxy.disturb({
      on: 'POST /v1/identity/verification_sessions',
      status: 400,
      error: { type: 'invalid_request_error', code: 'identity_not_enabled' },
      done: false,
    });
    const failed = { kind: 'identity_failed', code: 'refused_identity_not_enabled' };
    expect(await ensure(cardId)).toEqual(failed);
    expect(await kyc.toldTo(program, other)).toEqual([failed]);
    expect(await kyc.toldTo(program, cardId)).toEqual([]);
    expect(await holderOf(cardId)).toMatchObject({ status: 'failed', attempts: 1, url: null });
    expect(await ensure(cardId)).toEqual(STARTED);
    expect(await holderOf(cardId)).toMatchObject({ status: 'pending', attempts: 2 });
  });
});

describe('an earlier verification', () => {
  const verifiedAt = async (cardId: CardId): Promise<Date | null> => {
    const { id } = await holderOf(cardId);
    const [row] = await program.sql<{ at: Date | null }[]>`
      select kyc_verified_at as at from cardholders where cardholder_id = ${id}`;
    return row?.at ?? null;
  };

  /** A verified card, and a stricter one that has KYC asked again. */
  async function renewed() {
    const cardId = await program.card();
    await ensure(cardId);
    await does(cardId, 'verify');
    await tells(cardId);
    const at = await verifiedAt(cardId);
    const strict = await program.card({ holderOf: cardId, options: { kyc: { validForDays: 1 } } });
    program.later(DAY_MS);
    expect(await ensure(strict)).toEqual(STARTED);
    return { cardId, strict, at };
  }

  test('stays known while it is renewed, and counts for whom it is young enough', async () => {
    const { cardId, strict, at } = await renewed();
    expect(at).not.toBeNull();
    expect(await verifiedAt(cardId)).toEqual(at);
    const third = await program.card({
      holderOf: cardId,
      options: { kyc: { validForDays: 10_000 } },
    });
    expect(await ensure(third)).toEqual({ kind: 'identity_verified' });
    await does(strict, 'fail', { code: 'document_expired' });
    await tells(strict);
    expect(await verifiedAt(cardId)).toEqual(at);
    expect(await ensure(third)).toEqual({ kind: 'identity_verified' });
    expect(await ensure(strict)).toEqual(STARTED);
    await does(strict, 'verify');
    await tells(strict);
    expect(Number(await verifiedAt(cardId))).toBeGreaterThan(Number(at));
  });

  test('lets a card be renewed without KYC while another card has it asked again', async () => {
    const { cardId, strict } = await renewed();
    await program.sql`update cards set phase = 'closed' where card_id = ${strict}`;
    await program.activities.issueCard({ cardId, previousCardId: null });
    await program.sql`update cards set phase = 'active' where card_id = ${cardId}`;
    expect(await program.activities.renewCard({ cardId })).toMatchObject({
      kind: 'replacement_requested',
    });
    const rows = await program.sql<{ card_id: CardId; phase: string }[]>`
      select card_id, phase from cards where replacement_for = ${cardId}`;
    expect(rows).toMatchObject([{ phase: 'issuance' }]);
    for (const { card_id: id } of rows) {
      expect((await program.activities.loadCard(id)).state).toMatchObject({ phase: 'issuance' });
    }
  });
});
