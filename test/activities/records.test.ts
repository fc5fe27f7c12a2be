/** Loading and saving a card in the real database, as the processes' role. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import type { CardState } from '../../src/domain/card-phase.ts';
import type { CardSave } from '../../src/domain/card-save.ts';
import { transition } from '../../src/domain/card-state.ts';
import { type CardId, parseCardId } from '../../src/domain/ids.ts';
import { beginAuthorization, changeAuthorization } from '../support/change-authorization.ts';
import { createProgram, type Program } from './program.ts';

let program: Program;

beforeAll(async () => {
  program = await createProgram();
});
afterAll(() => program.close());

const loaded = (cardId: CardId) => program.activities.loadCard(cardId);
const save = (input: CardSave) => program.activities.saveCard(input);

async function firstSave(cardId: CardId, fields: Partial<CardSave> = {}): Promise<CardSave> {
  const { state, revision } = await loaded(cardId);
  const base = { cardId, state, closedFactIds: [], timeline: [] };
  return { ...base, revision: revision + 1, writer: 'run-1', ...fields };
}

/** The state after the facts, each of which must move the card. */
function after(state: CardState, ...facts: readonly Parameters<typeof transition>[1][]): CardState {
  let current = state;
  for (const fact of facts) {
    const outcome = transition(current, fact, 1_000);
    if (outcome.kind !== 'moved') throw new Error(`${fact.kind} was ${outcome.kind}`);
    current = outcome.state;
  }
  return current;
}

async function row(cardId: CardId) {
  const [found] = await program.sql<
    { phase: string; version: number; started: boolean; since: Date }[]
  >`select phase, version, workflow_started_at is not null as started, phase_since as since
    from cards where card_id = ${cardId}`;
  if (found === undefined) throw new Error('the card is there');
  return found;
}

async function insertFact(cardId: CardId): Promise<string> {
  const [fact] = await program.sql<{ fact_id: number }[]>`
    insert into facts (tenant_id, card_id, kind, body, dedupe_key)
    select tenant_id, card_id, 'identity_verified', '{}', gen_random_uuid()::text
    from cards where card_id = ${cardId} returning fact_id`;
  return String(fact?.fact_id);
}

const openItems = async (cardId: CardId): Promise<readonly string[]> => {
  const rows = await program.sql<{ kind: string }[]>`
    select kind from attention_items where subject = ${cardId} and closed_at is null`;
  return rows.map(({ kind }) => kind);
};

describe('loading', () => {
  test('a card nobody saved yet begins with KYC, from the moment of its request', async () => {
    const cardId = await program.card({ type: 'physical' });
    expect((await row(cardId)).started).toBe(false);
    const card = await loaded(cardId);
    expect(card).toMatchObject({
      cardId,
      type: 'physical',
      revision: 0,
      frozen: false,
      cancelRequested: null,
      state: { phase: 'kyc', step: 'start' },
    });
    expect((await row(cardId)).started).toBe(true);
  });

  test('a saved state comes back as it was', async () => {
    const cardId = await program.card();
    const { state } = await loaded(cardId);
    const next = after(state, { kind: 'identity_verified' });
    await save(await firstSave(cardId, { state: next, revision: 7 }));
    expect(await loaded(cardId)).toMatchObject({ state: next, revision: 7 });
    expect(Object.keys((await loaded(cardId)).state).toSorted()).toEqual(
      Object.keys(next).toSorted(),
    );
  });

  test('freezes and cancels that the API committed come with it', async () => {
    const cardId = await program.card();
    await program.sql`update cards set freezes = '{"operator":"stolen bag"}',
      cancel_requested_at = now(), cancel_reason = 'lost' where card_id = ${cardId}`;
    expect(await loaded(cardId)).toMatchObject({ frozen: true, cancelRequested: 'lost' });
  });

  test('a card that is not there fails for good', async () => {
    await expect(loaded(parseCardId('card_nobody'))).rejects.toMatchObject({
      type: 'UNKNOWN_CARD',
      nonRetryable: true,
    });
  });
});

describe('terms', () => {
  const DAY_MS = 24 * 3_600_000;
  const kyc = { reminderAfterDays: 2, deadlineDays: 3, attempts: 1 };
  const terms = { kyc: { reminderAfterMs: 2 * DAY_MS, deadlineMs: 3 * DAY_MS, attemptsMax: 1 } };

  test('a card begins with the terms it was requested with, and keeps them once saved', async () => {
    const cardId = await program.card({ options: { kyc, renewal: 'none' } });
    const wanted = { ...terms, renews: false, endsByItself: false };
    const { state } = await loaded(cardId);
    expect(state.terms).toEqual(wanted);
    await save(await firstSave(cardId, { state: after(state, { kind: 'identity_verified' }) }));
    expect((await loaded(cardId)).state).toMatchObject({ phase: 'issuance', terms: wanted });
  });

  test('a replacement has its own', async () => {
    const old = await program.card();
    await program.sql`
      update cardholders set kyc_status = 'verified', kyc_verified_at = now()
      where cardholder_id = (select cardholder_id from cards where card_id = ${old})`;
    const replaces = { cardId: old, reason: 'damaged' } as const;
    const cardId = await program.card({ holderOf: old, options: { kyc }, replaces });
    expect((await loaded(cardId)).state).toMatchObject({ phase: 'issuance', terms });
  });
});

describe('saving', () => {
  test('a change of phase is stored with its time, raises the version and is told in the timeline', async () => {
    const cardId = await program.card();
    const { state } = await loaded(cardId);
    const before = await row(cardId);
    const note = {
      atMs: 1_700_000_000_000,
      kind: 'phase_changed',
      phase: 'issuance',
      body: { from: 'kyc', to: 'issuance', cause: 'identity_verified' },
    } as const;
    await save(
      await firstSave(cardId, {
        state: after(state, { kind: 'identity_verified' }),
        timeline: [note],
      }),
    );
    expect(await row(cardId)).toMatchObject({
      phase: 'issuance',
      version: before.version + 1,
      since: new Date(note.atMs),
    });
    const [told] = await program.sql`
      select kind, phase, body, at > now() - interval '1 minute' as "isNow"
        from card_timeline where card_id = ${cardId}`;
    const happenedAt = new Date(note.atMs).toISOString();
    expect(told).toEqual({
      kind: 'phase_changed',
      phase: 'issuance',
      body: { ...note.body, happenedAt },
      isNow: true,
    });
  });

  test('a save within the phase leaves the version, so that no profile is fetched anew', async () => {
    const cardId = await program.card();
    const { state } = await loaded(cardId);
    const before = await row(cardId);
    await save(await firstSave(cardId, { state: after(state, { kind: 'verification_started' }) }));
    expect(await row(cardId)).toEqual({ ...before });
  });

  test('a repeated save changes nothing and succeeds', async () => {
    const cardId = await program.card();
    const note = { atMs: 1, kind: 'kyc_reminder_due', phase: 'kyc', body: {} } as const;
    const once = await firstSave(cardId, { timeline: [note] });
    expect(await save(once)).toBe('saved');
    expect(await save(once)).toBe('saved');
    const rows = await program.sql`select 1 from card_timeline where card_id = ${cardId}`;
    expect(rows).toHaveLength(1);
  });

  test('an older save, and one of the same revision by another run, are stale', async () => {
    const cardId = await program.card();
    const newer = await firstSave(cardId, { revision: 5 });
    expect(await save(newer)).toBe('saved');
    expect(await save({ ...newer, revision: 4 })).toBe('stale');
    expect(await save({ ...newer, writer: 'run-2' })).toBe('stale');
    expect(await save({ ...newer, writer: 'run-2', revision: 6 })).toBe('saved');
  });

  test('saves that arrive together end with the highest revision', async () => {
    const cardId = await program.card();
    const { state } = await loaded(cardId);
    const base = await firstSave(cardId);
    const frozen = (wanted: boolean): CardState => ({
      ...state,
      freeze: { ...state.freeze, wanted },
    });
    await Promise.all(
      [3, 1, 5, 2, 4].map((revision) => save({ ...base, revision, state: frozen(revision === 5) })),
    );
    expect(await loaded(cardId)).toMatchObject({
      revision: 5,
      state: { freeze: { wanted: true } },
    });
  });

  test('the facts it names are closed, those of other cards are not', async () => {
    const cardId = await program.card();
    const other = await program.card();
    const [mine, foreign] = [await insertFact(cardId), await insertFact(other)];
    await save(await firstSave(cardId, { closedFactIds: [mine, foreign, 'no-row'] }));
    const rows = await program.sql<{ card_id: string; closed: boolean }[]>`
      select card_id, closed_at is not null as closed from facts
      where card_id in (${cardId}, ${other})`;
    expect(new Map(rows.map((fact) => [fact.card_id, fact.closed]))).toEqual(
      new Map([
        [String(cardId), true],
        [String(other), false],
      ]),
    );
  });

  test('an attention item opens with the state that asks for a person, and closes with the next', async () => {
    const cardId = await program.card();
    const { state } = await loaded(cardId);
    const failed = after(
      state,
      { kind: 'verification_started' },
      { kind: 'identity_failed', code: 'document_expired' },
    );
    await save(await firstSave(cardId, { state: failed, revision: 1 }));
    expect(await openItems(cardId)).toEqual(['kyc_failed']);
    await save(await firstSave(cardId, { state: failed, revision: 2 }));
    expect(await openItems(cardId)).toEqual(['kyc_failed']);
    const retried = after(failed, { kind: 'kyc_retry_requested' });
    await save(await firstSave(cardId, { state: retried, revision: 3 }));
    expect(await openItems(cardId)).toEqual([]);
  });
});

describe('messages that could not be used', () => {
  const what = ['card_seen with status missing or of another type', 'a fact without a number'];

  test('open an item that tells them, are counted, and are over with the card', async () => {
    const counted: number[] = [];
    const activities = createActivities({
      ...program.ports,
      onUnusable: (count) => void counted.push(count),
    });
    const cardId = await program.card();
    const { state } = await loaded(cardId);
    expect(await activities.saveCard(await firstSave(cardId, { unusable: what }))).toBe('saved');
    expect(counted).toEqual([2]);
    expect(await openItems(cardId)).toEqual(['message_unusable']);
    const [item] = await program.sql`
      select tenant_id, card_id, account_id, details from attention_items where subject = ${cardId}`;
    const [card] = await program.sql`
      select tenant_id, card_id, account_id from cards where card_id = ${cardId}`;
    expect(item).toEqual({ ...card, details: { messages: what.join('; ') } });

    const verified = after(state, { kind: 'identity_verified' });
    await activities.saveCard(await firstSave(cardId, { state: verified, revision: 2 }));
    expect(await openItems(cardId)).toEqual(['message_unusable']);
    expect(counted).toEqual([2]);

    const closed = after(verified, { kind: 'cancel_requested', reason: 'requested' });
    expect(closed.phase).toBe('closed');
    await activities.saveCard(await firstSave(cardId, { state: closed, revision: 3 }));
    expect(await openItems(cardId)).toEqual([]);
    const [ended] = await program.sql`
      select resolution from attention_items where subject = ${cardId}`;
    expect(ended).toEqual({ resolution: 'the card has ended' });
  });
});

describe('settling', () => {
  test('a card with an open authorization is not settled, and is once it has ended', async () => {
    const cardId = await program.card();
    const issued = await program.activities.issueCard({ cardId, previousCardId: null });
    if (issued.kind !== 'card_created') throw new Error('not created');
    expect(await program.activities.checkSettled({ cardId })).toEqual({ kind: 'windows_passed' });
    const [card] = await program.sql<{ tenantId: string; accountId: string; currency: string }[]>`
      select tenant_id as "tenantId", account_id as "accountId", currency from cards where card_id = ${cardId}`;
    if (card === undefined) throw new Error('the card is there');
    const { stripeCardId } = issued;
    const of = { ...card, cardId, stripeCardId };
    await beginAuthorization(program.sql, 'iauth_open', of, { currency: card.currency });
    expect(await program.activities.checkSettled({ cardId })).toEqual({ kind: 'unsettled' });
    await changeAuthorization(program.sql, 'iauth_open', { status: 'closed' });
    expect(await program.activities.checkSettled({ cardId })).toEqual({ kind: 'windows_passed' });
  });
});
