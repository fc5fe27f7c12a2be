/** KYC by people: a review is an item of the holder, open as long as somebody waits for it. On the real database. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { createKycVerdictStore } from '../../src/adapters/postgres/kyc-verdict-store.ts';
import { transition } from '../../src/domain/card-state.ts';
import { type CardId, parseCardholderId } from '../../src/domain/ids.ts';
import * as kyc from './kyc-world.ts';
import { createProgram, type Program } from './program.ts';

let program: Program;
beforeAll(async () => {
  program = await createProgram();
});
afterAll(() => program.close());

const REVIEWED = { kind: 'verification_started', provider: 'manual' };
const PENDING = { kind: 'verification_pending' };
const EXTERNAL = { provider: 'external' } as const;
const MANUAL = { provider: 'manual' } as const;

const ensure = (cardId: CardId) => program.activities.ensureVerification({ cardId });
const poll = (cardId: CardId) => program.activities.readVerification({ cardId });
const holderOf = (cardId: CardId) => kyc.holderOf(program, cardId);

describe('review by a person', () => {
  const itemsOf = async (holderId: string) =>
    program.sql`
      select kind, closed_at is null as open from attention_items where subject = ${holderId}`;

  it('is an open item of the holder, one for all cards', async () => {
    const cardId = await program.card({ options: { kyc: MANUAL } });
    const other = await program.card({ holderOf: cardId });
    expect(await ensure(cardId)).toEqual(REVIEWED);
    expect(await ensure(other)).toEqual(REVIEWED);
    const { id, ...holder } = await holderOf(cardId);
    expect(holder).toMatchObject({ provider: 'manual', status: 'pending', url: null, attempts: 1 });
    expect(await itemsOf(id)).toEqual([{ kind: 'kyc_review', open: true }]);
    expect(await kyc.attemptsOf(program, id)).toBe(1);
    expect(await poll(other)).toEqual(PENDING);
  });

  it('ends with the verdict, which a poll shows as well', async () => {
    const cardId = await program.card({ options: { kyc: MANUAL } });
    await ensure(cardId);
    const { id } = await holderOf(cardId);
    const verdict = { approved: true, reason: 'Passport seen' };
    await program.sql.begin(async (tx) => {
      const verdicts = createKycVerdictStore(tx);
      await verdicts.decide(parseCardholderId(id), verdict, new Date());
      await verdicts.announce(parseCardholderId(id), verdict);
    });
    expect(await itemsOf(id)).toEqual([{ kind: 'kyc_review', open: false }]);
    expect(await poll(cardId)).toEqual({ kind: 'identity_verified' });
    expect(await ensure(cardId)).toEqual({ kind: 'identity_verified' });
  });
});

describe('the item of a review', () => {
  const openItems = async (holderId: string): Promise<number> =>
    (
      await program.sql`
        select 1 from attention_items where subject = ${holderId} and kind = 'kyc_review' and closed_at is null`
    ).length;

  const decide = (id: string) =>
    program.sql.begin(async (tx) => {
      const verdicts = createKycVerdictStore(tx);
      const verdict = { approved: true, reason: 'Passport seen' };
      await verdicts.decide(parseCardholderId(id), verdict, new Date());
      await verdicts.announce(parseCardholderId(id), verdict);
    });

  /** What the workflow saves when the card is cancelled. */
  async function close(cardId: CardId): Promise<void> {
    const { state, revision } = await program.activities.loadCard(cardId);
    const closed = transition(state, { kind: 'cancel_requested', reason: 'requested' }, 1_000);
    if (closed.kind !== 'moved') throw new Error('a card in KYC can be cancelled');
    const save = { cardId, writer: 'run', closedFactIds: [], timeline: [] };
    await program.activities.saveCard({ ...save, revision: revision + 1, state: closed.state });
  }

  it('is not opened by whoever asks when the verdict has come already', async () => {
    const cardId = await program.card({ options: { kyc: MANUAL } });
    const { id } = await holderOf(cardId);
    const manual = program.ports.kyc.manual;
    if (manual === undefined) throw new Error('people can be asked');
    const activities = createActivities({
      ...program.ports,
      kyc: {
        manual: {
          ...manual,
          async send(...asked) {
            await decide(id);
            return manual.send(...asked);
          },
        },
      },
    });
    expect(await activities.ensureVerification({ cardId })).toEqual({ kind: 'identity_verified' });
    expect(await openItems(id)).toBe(0);
  });

  it('closes when the last card that waits is closed, and opens for the next one', async () => {
    const cards = [await program.card({ options: { kyc: MANUAL } })];
    const [first] = cards;
    if (first === undefined) throw new Error('it was made');
    cards.push(await program.card({ holderOf: first }), await program.card({ holderOf: first }));
    for (const cardId of cards) await ensure(cardId);
    const { id, session } = await holderOf(first);
    await close(first);
    expect(await openItems(id)).toBe(1);
    await Promise.all(cards.slice(1).map(close));
    expect(await openItems(id)).toBe(0);
    const next = await program.card({ holderOf: first, options: { kyc: EXTERNAL } });
    expect(await ensure(next)).toEqual(REVIEWED);
    expect(await holderOf(next)).toMatchObject({ session, attempts: 1, status: 'pending' });
    expect(await openItems(id)).toBe(1);
    await decide(id);
    expect(await openItems(id)).toBe(0);
  });
});
