/** The feed of changes on a real database: its order, what it tells, and that no late commit is skipped. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeAttention, openAttention } from '../../src/adapters/postgres/attention.ts';
import { addTimeline } from '../../src/adapters/postgres/card-timeline.ts';
import { createChangeFeed } from '../../src/adapters/postgres/change-feed.ts';
import { createSql, type Queryable, type Sql } from '../../src/adapters/postgres/pool.ts';
import type { Change, ChangeFeed } from '../../src/ports/changes.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { decide, requestOf, unknownCard } from '../support/decide-request.ts';
import { pageOf, readOn, readUntil } from './read-all.ts';

let database: TestDatabase;
let sql: Sql;
let feed: ChangeFeed;
let program: CardProgram;

beforeEach(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 6, name: 'test-changes' });
  feed = createChangeFeed(sql);
  program = await createCardProgram(sql, { fundsMinor: 5_000 });
});
afterEach(async () => {
  await sql.end();
  await database.drop();
});

const moveTo = (on: Queryable, to: string): Promise<void> =>
  addTimeline(on, { id: program.cardId, tenantId: program.tenantId, phase: to }, 'phase_changed', {
    from: 'issuance',
    to,
    cause: 'card_created',
    reason: 'typed by a person',
  });
const item = (subject: string) => ({
  tenantId: program.tenantId,
  kind: 'fraud_warning',
  subject,
  details: { note: 'typed by a person' },
});
const phasesOf = (changes: readonly Change[]): readonly string[] =>
  changes.flatMap((change) => (change.kind === 'phase' ? [change.phase.to] : []));

describe('what the feed tells', () => {
  it('tells decisions, bookings, phases and items in the order of their transactions', async () => {
    await decide(sql, [
      await requestOf(sql, program, { decision_id: 'dec_yes', asked_minor: 700 }),
    ]);
    await decide(sql, [
      await requestOf(sql, program, { decision_id: 'dec_no', asked_minor: 9_000 }),
    ]);
    await moveTo(sql, 'activation');
    await openAttention(sql, item('card_subject'));
    await closeAttention(sql, {
      kind: 'fraud_warning',
      subject: 'card_subject',
      resolution: 'typed by a person',
    });
    const changes = await readUntil(feed, 7);
    expect(changes.map(({ kind }) => kind)).toEqual([
      'booking',
      'decision',
      'booking',
      'decision',
      'phase',
      'attention_opened',
      'attention_closed',
    ]);
    const [credit, approval, hold, decline, phase, opened, closed] = changes;
    expect(credit).toMatchObject({
      booking: { entryKind: 'credit', postings: [{ debit: 'funding', amountMinor: 5_000 }] },
    });
    const { tenantId, accountId, cardId } = program;
    expect(approval).toMatchObject({
      tenantId,
      accountId,
      cardId,
      decision: { decisionId: 'dec_yes', approved: true, approvedMinor: 700, currency: 'usd' },
    });
    expect(hold).toMatchObject({
      cardId,
      booking: { entryKind: 'hold', decisionId: 'dec_yes', postings: [{ accountId }] },
    });
    expect(decline).toMatchObject({
      decision: { decisionId: 'dec_no', approved: false, reason: 'INSUFFICIENT_FUNDS' },
    });
    expect(phase).toMatchObject({
      cardId,
      accountId,
      phase: { from: 'issuance', to: 'activation', cause: 'card_created' },
    });
    expect(opened).toMatchObject({ attention: { subject: 'card_subject' } });
    expect(closed).toMatchObject({ attention: { itemKind: 'fraud_warning' } });
    expect(JSON.stringify(changes)).not.toContain('typed by a person');
  });

  it('tells a decision about an unknown card', async () => {
    await decide(sql, [await unknownCard(sql, program, { decision_id: 'dec_nobody' })]);
    const changes = await readUntil(feed, 2);
    expect(changes.at(-1)).toMatchObject({ cardId: null, decision: { decisionId: 'dec_nobody' } });
  });

  it('shows one tenant its own changes alone, and passes over those of others', async () => {
    const other = await createCardProgram(sql, { fundsMinor: 1 });
    await moveTo(sql, 'active');
    await readUntil(feed, 3);
    const mine = await readUntil(feed, 2, { tenantId: program.tenantId, limit: 1 });
    expect(mine.map(({ tenantId }) => tenantId)).toEqual([program.tenantId, program.tenantId]);
    expect(await readUntil(feed, 1, { tenantId: other.tenantId })).toHaveLength(1);
  });
});

describe('the order', () => {
  it('goes on in the middle of a transaction that is larger than a page', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `phase${index}`);
    await sql.begin(async (tx) => {
      for (const name of names) await moveTo(tx, name);
    });
    const all = await readUntil(feed, 26, { limit: 4 });
    expect(phasesOf(all)).toEqual(names);
    const fifth = all[5];
    const { changes } = await readOn(feed, { after: fifth?.cursor, limit: 3 });
    expect(phasesOf(changes)).toEqual(names.slice(5));
  });

  it('holds back what is newer than a transaction that is still open', async () => {
    await readUntil(feed, 1);
    const { cursor } = await readOn(feed);
    const early = await sql.reserve();
    await early`begin`;
    await moveTo(early, 'late_commit');
    await moveTo(sql, 'quick_commit');
    expect(phasesOf((await readOn(feed, { after: cursor })).changes)).toEqual([]);
    await early`commit`;
    early.release();
    const changes = await readUntil(feed, 2, { after: cursor });
    expect(phasesOf(changes)).toEqual(['late_commit', 'quick_commit']);
  });

  it('skips nothing and repeats nothing while transactions overlap', async () => {
    const writers = 4;
    const perWriter = 25;
    const seen: Change[] = [];
    const state = { writing: true, cursor: undefined as string | undefined };
    const reader = (async () => {
      while (state.writing) {
        const page = await pageOf(feed, { after: state.cursor, limit: 3 });
        seen.push(...page.data);
        state.cursor = page.nextCursor;
      }
    })();
    const writes = Array.from({ length: writers }, async (_, writer) => {
      for (let round = 0; round < perWriter; round += 1) {
        await sql.begin(async (tx) => {
          await moveTo(tx, `w${writer}_${round}`);
          // Some take longer than others, so that ids and commits are not in the same order.
          if ((round + writer) % 3 === 0) await tx`select pg_sleep(0.01)`;
          await openAttention(tx, item(`w${writer}_${round}`));
        });
      }
    });
    await Promise.all(writes);
    state.writing = false;
    await reader;
    const rest = await readUntil(feed, 1 + 2 * writers * perWriter - seen.length, {
      after: state.cursor,
      limit: 3,
    });
    const all = [...seen, ...rest];
    expect(all).toHaveLength(1 + 2 * writers * perWriter);
    expect(new Set(all.map(({ cursor }) => cursor)).size).toBe(all.length);
    expect(all.map(({ cursor }) => cursor)).toEqual(
      (await readOn(feed)).changes.map(({ cursor }) => cursor),
    );
  });
});

describe('cursors', () => {
  it('refuses a text that is none', async () => {
    expect(await feed.read({ after: 'nonsense', limit: 1 })).toBe('bad_cursor');
  });

  it('begins at the present when that is asked for', async () => {
    await readUntil(feed, 1);
    const after = await feed.latest();
    await moveTo(sql, 'active');
    expect(phasesOf(await readUntil(feed, 1, { after }))).toEqual(['active']);
  });

  it('answers a cursor from before a restore with a new beginning', async () => {
    await moveTo(sql, 'old_cluster');
    await readUntil(feed, 2);
    const { cursor } = await readOn(feed);
    const owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-owner' });
    // As rows look that another cluster has written: under ids that this one has yet to give out.
    await owner`update card_timeline set written_by = '900000000000'`;
    await owner`update change_epoch set cluster_id = 1`;
    await owner.end();
    expect(await feed.read({ after: cursor, limit: 1 })).toBe('restarted');
    await moveTo(sql, 'new_cluster');
    await readUntil(feed, 2);
    const { changes } = await readOn(feed);
    expect(phasesOf(changes)).toEqual(['new_cluster']);
  });

  it('answers a cursor that the database has not reached as one of another time', async () => {
    expect(await feed.read({ after: '1.900000000000.0.', limit: 1 })).toBe('restarted');
  });
});
