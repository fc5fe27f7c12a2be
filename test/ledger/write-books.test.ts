/** What a call of `write_books` makes of clearing records, of our decisions and of a card's spending. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { parseAuthorizationId } from '../../src/domain/ids.ts';
import { askDecision } from '../support/ask-decision.ts';
import { brokenInvariants, type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { authorizationOf, entryOf, posting, type Row, S } from './entry-lists.ts';

let database: TestDatabase;
let sql: Sql;
let program: CardProgram;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 2, name: 'test-write-books' });
});
beforeEach(async () => {
  program = await createCardProgram(sql);
});
afterAll(async () => {
  expect(await brokenInvariants(sql)).toEqual([]);
  await sql.end();
  await database.drop();
});

/** In the order in which `write_books` takes them. */
const LISTS = [
  'newTransactions',
  'transactions',
  'newAuthorizations',
  'authorizations',
  'entries',
  'postings',
  'confirmations',
  'spending',
] as const;
type Change = Partial<Record<(typeof LISTS)[number], readonly Row[]>>;

const write = (change: Change) => {
  const lists = LISTS.map((name) =>
    change[name] === undefined ? null : JSON.stringify(change[name]),
  );
  const places = LISTS.map((_, index) => `$${index + 1}::text::json`);
  return sql.unsafe(`select write_books(${places.join()})`, lists);
};

const uniqueId = (prefix: string): string => `${prefix}_${randomUUID().replaceAll('-', '')}`;

const transactionOf = (fields: Row = {}): Row => ({
  tenant_id: program.tenantId,
  transaction_id: uniqueId('ipi'),
  type: 'capture',
  authorization_id: null,
  account_id: program.accountId,
  card_id: program.cardId,
  stripe_card_id: program.stripeCardId,
  currency: 'usd',
  amount_minor: 120,
  merchant: { name: 'Shop' },
  parts: { cashbackMinor: 3 },
  flags: ['forced_capture'],
  created_s: S,
  ...fields,
});

async function storedTransaction(row: Row) {
  const [stored] = await sql`
    select tenant_id, transaction_id, type, authorization_id, account_id, card_id, stripe_card_id, currency,
           amount_minor, merchant, parts, flags, extract(epoch from created_at)::int as created_s
      from transactions where transaction_id = ${String(row['transaction_id'])}`;
  return { ...stored };
}

describe('clearing records', () => {
  it('are stored whole; later their owner, authorization and flags change, and nothing else', async () => {
    const aside = transactionOf({ account_id: null, card_id: null, flags: ['suspense'] });
    const other = transactionOf({ type: 'refund' });
    await write({ newTransactions: [aside, other] });
    expect(await storedTransaction(aside)).toEqual(aside);
    const { tenantId, accountId, cardId } = program;
    const found = {
      ...aside,
      account_id: accountId,
      card_id: cardId,
      authorization_id: uniqueId('iauth'),
      flags: [],
    };
    await write({ transactions: [{ ...found, amount_minor: 999, tenant_id: `${tenantId}x` }] });
    expect(await storedTransaction(aside)).toEqual(found);
    expect(await storedTransaction(other)).toEqual(other);
    const unknown = write({ transactions: [other, { ...other, transaction_id: 'ipi_none' }] });
    await expect(unknown).rejects.toThrow('2 clearing records were to be changed, but 1 are there');
  });

  it('are there for the entries that book them', async () => {
    const authorization = authorizationOf(program);
    const row = transactionOf();
    await write({
      newTransactions: [row],
      newAuthorizations: [authorization],
      entries: [
        entryOf(program, {
          kind: 'capture',
          transaction_id: row['transaction_id'],
          authorization_id: authorization['authorization_id'],
        }),
      ],
      postings: [posting(1, 'available', 'network_settlement', 120)],
    });
    const [account] = await sql<{ available: number }[]>`
      select available_minor as available from accounts where account_id = ${program.accountId}`;
    expect(account?.available).toBe(-120);
    await write({ authorizations: [{ ...authorization, captured_minor: 120 }] });
    const [changed] = await sql<{ captured: number }[]>`
      select captured_minor as captured from authorizations
       where authorization_id = ${String(authorization['authorization_id'])}`;
    expect(changed?.captured).toBe(120);
  });
});

describe('our decisions', () => {
  const decide = async (): Promise<Row> => {
    const request = { tenant_id: program.tenantId, request_id: uniqueId('evt') };
    await askDecision(sql, program, {
      requestId: request.request_id,
      authorizationId: parseAuthorizationId(uniqueId('iauth')),
    });
    return request;
  };
  const confirmed = async () => {
    const rows = await sql<{ id: string }[]>`
      select request_id as id from decisions where tenant_id = ${program.tenantId} and confirmed`;
    return rows.map(({ id }) => id);
  };

  it('are confirmed when they are named with their tenant, and no others, and may be taken back', async () => {
    const [first, second] = [await decide(), await decide()];
    const yes = { confirmed: true };
    await write({});
    expect(await confirmed()).toEqual([]);
    await write({ confirmations: [{ ...first, ...yes, tenant_id: 'ten_other' }] });
    expect(await confirmed()).toEqual([]);
    await write({ confirmations: [{ ...first, ...yes }] });
    expect(await confirmed()).toEqual([first['request_id']]);
    await write({
      confirmations: [
        { ...first, confirmed: false },
        { ...second, ...yes },
      ],
    });
    expect(await confirmed()).toEqual([second['request_id']]);
  });
});

describe('spending of a card', () => {
  const spending = (fields: Row) => ({
    tenant_id: program.tenantId,
    card_id: program.cardId,
    purchases: 0,
    captures: 0,
    captured_minor: 0,
    refunded_minor: 0,
    ...fields,
  });
  const stored = async () => {
    const [row] = await sql`
      select purchases, captures, captured_minor, refunded_minor, revision, last_purchase_at, changed_at
        from card_spending where card_id = ${program.cardId}`;
    return row;
  };

  it('is added up, with a revision for every change', async () => {
    await write({ spending: [spending({ captures: 2, captured_minor: 30, refunded_minor: 4 })] });
    const first = await stored();
    expect(first).toMatchObject({
      purchases: 0,
      captures: 2,
      captured_minor: 30,
      refunded_minor: 4,
      revision: 1,
      last_purchase_at: null,
    });
    await write({ spending: [spending({ purchases: 3, captures: -1, captured_minor: 5 })] });
    const second = await stored();
    expect(second).toMatchObject({
      purchases: 3,
      captures: 1,
      captured_minor: 35,
      refunded_minor: 4,
      revision: 2,
    });
    expect(Number(second?.['changed_at'])).toBeGreaterThan(Number(first?.['changed_at']));
    const boughtAt = second?.['last_purchase_at'];
    expect(boughtAt).not.toBeNull();
    await write({ spending: [spending({ purchases: -1, refunded_minor: 6 })] });
    expect(await stored()).toMatchObject({
      purchases: 2,
      refunded_minor: 10,
      revision: 3,
      last_purchase_at: boughtAt,
    });
    await write({ spending: [spending({ purchases: 1 })] });
    expect(Number((await stored())?.['last_purchase_at'])).toBeGreaterThan(Number(boughtAt));
  });
});
