/**
 * Statements and past balances against a fold of the postings: whatever happened on an account, opening and lines
 * lead to the closing balance, and each period begins where the one before it ended.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createRecords } from '../../src/adapters/postgres/records.ts';
import { statementCsv } from '../../src/apps/ingress/statement-csv.ts';
import type { AccountId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import type { AccountHistory, StatementLine } from '../../src/ports/account-history.ts';
import type { Accounts } from '../../src/ports/accounts.ts';
import { brokenInvariants, type CardProgram, createCardProgram } from '../support/card-program.ts';
import { beginAuthorization } from '../support/change-authorization.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const RUNS = 25;
const seed = Number(fc.sample(fc.nat(), 1)[0]);

let database: TestDatabase;
let sql: Sql;
let history: AccountHistory;
let nextName = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-statement' });
  history = createRecords(sql).accountHistory;
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

const BEFORE = '2000-01-01T00:00:00Z';
const AFTER = '2999-12-31T23:59:59.999999Z';

const inTransaction = <T>(work: (accounts: Accounts) => Promise<T>): Promise<T> =>
  sql.begin(async (tx) => work(createRecords(tx).accounts)) as Promise<T>;

/** Where a step of the network finds its purchase. */
interface Purchase {
  readonly id: string;
  held: number;
}

interface Step {
  readonly kind: 'credit' | 'debit' | 'transfer' | 'reverse' | 'hold' | 'release' | 'capture';
  readonly amount: number;
  readonly pick: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step['kind'][]>(
    'credit',
    'debit',
    'transfer',
    'reverse',
    'hold',
    'release',
    'capture',
  ),
  amount: fc.integer({ min: 1, max: 1_000 }),
  pick: fc.nat(20),
});

/** Writes an entry of the network with its postings, as the relay or the decision function would. */
async function networkEntry(
  program: CardProgram,
  purchase: Purchase,
  kind: 'hold' | 'release' | 'capture',
  moves: readonly (readonly [debit: string, credit: string, amount: number])[],
): Promise<void> {
  const { tenantId, accountId, stripeCardId, cardId } = program;
  nextName += 1;
  const transactionId = kind === 'capture' ? `ipi_${nextName}` : null;
  await sql.begin(async (tx) => {
    if (transactionId !== null) {
      const merchant = JSON.stringify({ name: `Shop ${nextName}` });
      await tx`
        insert into transactions (tenant_id, transaction_id, type, authorization_id, account_id, card_id,
          stripe_card_id, currency, amount_minor, merchant)
        values (${tenantId}, ${transactionId}, 'capture', ${purchase.id}, ${accountId}, ${cardId}, ${stripeCardId},
          'usd', 1, ${merchant}::text::jsonb)`;
    }
    const [entry] = await tx<{ id: number }[]>`
      insert into journal_entries (tenant_id, currency, kind, account_id, authorization_id, transaction_id)
      values (${tenantId}, 'usd', ${kind}, ${accountId}, ${purchase.id}, ${transactionId}) returning entry_id as id`;
    for (const [debit, credit, amount] of moves.filter((move) => move[2] > 0)) {
      const hold = [debit, credit].includes('held') ? purchase.id : null;
      await tx`
        insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id, authorization_id)
        values (${entry?.id ?? 0}, ${tenantId}, 'usd', ${debit}, ${credit}, ${amount}, ${accountId}, ${hold})`;
    }
  });
}

async function newPurchase(program: CardProgram) {
  nextName += 1;
  const id = `iauth_${nextName}`;
  await beginAuthorization(sql, id, program);
  return { id, held: 0 };
}

/** Carries the steps out; what is refused changes nothing and is no failure. */
async function carryOut(program: CardProgram, other: AccountId, steps: readonly Step[]) {
  const { accountId } = program;
  const purchase = await newPurchase(program);
  const booked: string[] = [];
  for (const { kind, amount, pick } of steps) {
    const amountMinor = minorUnits(amount);
    const common = { accountId, externalRef: null, atMs: 1_800_000_000_000, amountMinor };
    if (kind === 'hold') {
      await networkEntry(program, purchase, 'hold', [['available', 'held', amount]]);
      purchase.held += amount;
    } else if (kind === 'release') {
      const released = Math.min(amount, purchase.held);
      await networkEntry(program, purchase, 'release', [['held', 'available', released]]);
      purchase.held -= released;
    } else if (kind === 'capture') {
      const fromHeld = Math.min(amount, purchase.held);
      await networkEntry(program, purchase, 'capture', [
        ['held', 'network_settlement', fromHeld],
        ['available', 'network_settlement', amount - fromHeld],
      ]);
      purchase.held -= fromHeld;
    } else {
      const outcome = await inTransaction((accounts) => {
        if (kind === 'transfer') {
          const [from, to] = pick % 2 === 0 ? [accountId, other] : [other, accountId];
          return accounts.transfer({ ...common, accountId: from, toAccountId: to });
        }
        const entryId = booked[pick % Math.max(booked.length, 1)] ?? '1';
        return kind === 'reverse'
          ? accounts.reverse({ ...common, entryId })
          : accounts[kind](common);
      });
      if (outcome.kind === 'booked') booked.push(outcome.entry.entryId);
    }
  }
}

async function allLines(accountId: AccountId, from: string, to: string, limit: number) {
  const frame = await history.statement(accountId, { from, to });
  if (frame === undefined) throw new Error('the account is there');
  const lines: StatementLine[] = [];
  for (let after: string | undefined, isEnd = false; !isEnd; ) {
    const page = await history.lines(frame, { limit, after });
    if (page === 'bad_cursor') throw new Error('the cursor was just given');
    lines.push(...page.data);
    isEnd = page.nextCursor === null;
    after = page.nextCursor ?? undefined;
  }
  return { frame, lines };
}

interface Posting {
  readonly seq: number;
  readonly posted: string;
  readonly before: string;
  readonly available: number;
  readonly held: number;
}

/** The postings as they are stored, with the moment just before each. */
const postingsOf = (accountId: AccountId): Promise<readonly Posting[]> => sql<Posting[]>`
  select seq, to_char(posted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as posted,
         to_char((posted_at - interval '1 microsecond') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as before,
         case when credit = 'available' then amount_minor when debit = 'available' then -amount_minor else 0 end as available,
         case when credit = 'held' then amount_minor when debit = 'held' then -amount_minor else 0 end as held
    from postings where account_id = ${accountId} order by seq`;

/** What the first postings sum up to. */
const fold = (postings: readonly Posting[]) => ({
  availableMinor: postings.reduce((sum, p) => sum + p.available, 0),
  heldMinor: postings.reduce((sum, p) => sum + p.held, 0),
});

const newProgram = async (): Promise<{ program: CardProgram; other: AccountId }> => {
  const program = await createCardProgram(sql, { fundsMinor: 2_000 });
  const other = `acc_other${(nextName += 1)}` as AccountId;
  await sql`
    insert into accounts (tenant_id, account_id, customer_ref, currency, credit_limit_minor)
    values (${program.tenantId}, ${other}, 'other', 'usd', 500)`;
  return { program, other };
};

describe(`statements (seed ${seed})`, () => {
  it('add up, and chain over consecutive periods, whatever happened', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 14 }),
        fc.array(fc.record({ at: fc.nat(40), isBefore: fc.boolean() }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 5 }),
        async (steps, cuts, limit) => {
          const { program, other } = await newProgram();
          await carryOut(program, other, steps);
          for (const accountId of [program.accountId, other]) {
            const postings = await postingsOf(accountId);
            const moments = cuts.flatMap(({ at, isBefore }) => {
              const posting = postings[at % Math.max(postings.length, 1)];
              return posting === undefined ? [] : [isBefore ? posting.before : posting.posted];
            });
            const bounds = [...new Set([BEFORE, ...moments, AFTER])].toSorted();
            const whole = await allLines(accountId, BEFORE, AFTER, 100);
            expect(whole.frame.opening).toMatchObject({ seq: 0, balanceMinor: 0 });
            expect(whole.frame.closing).toMatchObject({ ...fold(postings) });
            let ended = whole.frame.opening;
            let moved = 0;
            for (const [index, from] of bounds.slice(0, -1).entries()) {
              const { frame, lines } = await allLines(
                accountId,
                from,
                bounds[index + 1] ?? '',
                limit,
              );
              expect(frame.opening).toEqual(ended);
              const sum = lines.reduce((total, line) => total + line.amountMinor, 0);
              expect(frame.opening.balanceMinor + sum).toBe(frame.closing.balanceMinor);
              moved += sum;
              ended = frame.closing;
            }
            expect(ended).toEqual(whole.frame.closing);
            expect(moved).toBe(whole.frame.closing.balanceMinor);
            expect(whole.lines.map((line) => line.entryId)).toEqual([
              ...new Set(whole.lines.map((line) => line.entryId)),
            ]);
          }
        },
      ),
      { numRuns: RUNS, seed },
    );
    expect(await brokenInvariants(sql)).toEqual([]);
  });

  it('show one line for a capture above its hold, and none for holds', async () => {
    const { program } = await newProgram();
    const purchase = await newPurchase(program);
    await networkEntry(program, purchase, 'hold', [['available', 'held', 300]]);
    await networkEntry(program, purchase, 'capture', [
      ['held', 'network_settlement', 300],
      ['available', 'network_settlement', 50],
    ]);
    const { frame, lines } = await allLines(program.accountId, BEFORE, AFTER, 1);
    expect(lines).toMatchObject([
      { kind: 'credit', amountMinor: 2_000, balanceMinor: 2_000, merchant: null, seq: 1 },
      {
        kind: 'capture',
        amountMinor: -350,
        balanceMinor: 1_650,
        merchant: `Shop ${nextName}`,
        authorizationId: purchase.id,
        cardId: program.cardId,
        seq: 4,
      },
    ]);
    expect(frame.closing).toEqual({
      seq: 4,
      balanceMinor: 1_650,
      availableMinor: 1_650,
      heldMinor: 0,
    });
  });

  it('never cut an entry in two at the end of a page', async () => {
    const { program } = await newProgram();
    const purchase = await newPurchase(program);
    const parts = Array.from({ length: 7 }, () => ['available', 'network_settlement', 1] as const);
    for (let count = 0; count < 4; count += 1) {
      await networkEntry(program, purchase, 'capture', parts);
    }
    const { lines } = await allLines(program.accountId, BEFORE, AFTER, 3);
    expect(lines.map((line) => line.amountMinor)).toEqual([2_000, -7, -7, -7, -7]);
  });

  it('keep what is held in the balance and show it apart', async () => {
    const { program } = await newProgram();
    await networkEntry(program, await newPurchase(program), 'hold', [['available', 'held', 300]]);
    const { frame, lines } = await allLines(program.accountId, BEFORE, AFTER, 10);
    expect(frame.closing).toMatchObject({
      balanceMinor: 2_000,
      availableMinor: 1_700,
      heldMinor: 300,
    });
    expect(lines).toHaveLength(1);
    expect(frame.final).toBe(false);
    const past = await history.statement(program.accountId, {
      from: BEFORE,
      to: '2001-01-01T00:00:00Z',
    });
    expect(past).toMatchObject({ final: true, closing: { balanceMinor: 0, seq: 0 } });
  });

  it('refuse a cursor of another place', async () => {
    const { program } = await newProgram();
    const frame = await history.statement(program.accountId, { from: BEFORE, to: AFTER });
    for (const after of ['0', '2', '-1', '1.5', 'x', '9'.repeat(30)]) {
      expect(frame && (await history.lines(frame, { limit: 5, after }))).toBe('bad_cursor');
    }
  });

  it('as CSV are read page by page and end with the closing balance', async () => {
    const { program, other } = await newProgram();
    const credits = Array.from(
      { length: 12 },
      (): Step => ({ kind: 'credit', amount: 5, pick: 0 }),
    );
    await carryOut(program, other, credits);
    const { frame } = await allLines(program.accountId, BEFORE, AFTER, 100);
    const limits: number[] = [];
    const small: Pick<AccountHistory, 'lines'> = {
      lines: (of, page) => {
        limits.push(page.limit);
        return history.lines(of, { ...page, limit: 5 });
      },
    };
    let text = '';
    for await (const part of statementCsv(frame, small)) text += part;
    const rows = text.trimEnd().split('\r\n');
    expect(limits).toHaveLength(3);
    expect(rows).toHaveLength(1 + 1 + 13 + 1);
    expect(rows.at(1)).toMatch(/^2000-01-01T00:00:00\.000000Z,,opening,,usd,,0\.00,,0,/);
    expect(rows.at(-1)).toMatch(/,,closing,,usd,,20\.60,,2060,/);
  });
});

describe('a balance of a past moment', () => {
  it('equals the fold of all postings until then, and of none after', async () => {
    const { program, other } = await newProgram();
    const kinds = ['credit', 'hold', 'capture', 'transfer', 'debit', 'release', 'reverse'] as const;
    const steps = Array.from({ length: 28 }, (_, index): Step => {
      return { kind: kinds[index % kinds.length] ?? 'credit', amount: 10 + index, pick: index };
    });
    await carryOut(program, other, steps);
    const { accountId } = program;
    const postings = await postingsOf(accountId);
    expect(postings.length).toBeGreaterThan(25);
    for (const moment of postings.flatMap(({ posted, before }) => [before, posted])) {
      const until = postings.filter((posting) => posting.posted <= moment);
      expect(await history.balanceAt(accountId, moment)).toEqual({
        accountId,
        currency: 'usd',
        at: moment,
        ...fold(until),
        postedAt: until.at(-1)?.posted ?? null,
      });
    }
  });

  it('is that of now for a moment in the future, and says so', async () => {
    const { program } = await newProgram();
    const now = await history.balanceAt(program.accountId, AFTER);
    expect(now).toMatchObject({ availableMinor: 2_000, heldMinor: 0 });
    expect(Date.parse(now?.at ?? '')).toBeLessThanOrEqual(Date.now() + 1_000);
  });
});

describe('the entries of an account', () => {
  it('are listed newest first, each once, with the balances after it', async () => {
    const { program, other } = await newProgram();
    const kinds = ['credit', 'hold', 'capture', 'transfer', 'debit'] as const;
    await carryOut(
      program,
      other,
      Array.from({ length: 15 }, (_, index): Step => {
        return { kind: kinds[index % kinds.length] ?? 'credit', amount: 10 + index, pick: index };
      }),
    );
    const { accountId } = program;
    const seen = [];
    for (let after: string | undefined, isEnd = false; !isEnd; ) {
      const page = await history.entries(accountId, { limit: 4, after });
      if (page === 'bad_cursor') throw new Error('the cursor was just given');
      seen.push(...page.data);
      isEnd = page.nextCursor === null;
      after = page.nextCursor ?? undefined;
    }
    const postings = await postingsOf(accountId);
    expect(
      seen.toReversed().map(({ seq, postedAt, availableMinor, heldMinor, ...change }) => ({
        seq,
        postedAt,
        availableMinor,
        heldMinor,
        changes: [change.availableChangeMinor, change.heldChangeMinor],
      })),
    ).toEqual(
      postings.map(({ seq, posted, available, held }, index) => ({
        seq,
        postedAt: posted,
        ...fold(postings.slice(0, index + 1)),
        changes: [available, held],
      })),
    );
  });
});
