/** What one posting does to the balances it touches, and which postings an entry takes. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSql, type Sql, type Transaction } from '../../src/adapters/postgres/pool.ts';
import { brokenInvariants, type CardProgram, createCardProgram } from '../support/card-program.ts';
import { beginAuthorization } from '../support/change-authorization.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const FUNDS_MINOR = 1_000;

let database: TestDatabase;
let app: Sql;
let owner: Sql;
let program: CardProgram;
/** Another customer of the same tenant. */
let neighbour: CardProgram;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  app = createSql({ url: database.appUrl, poolSize: 2, name: 'test-posting' });
  owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-owner' });
});
afterAll(async () => {
  await app.end();
  await owner.end();
  await database.drop();
});
beforeEach(async () => {
  program = await createCardProgram(app, { fundsMinor: FUNDS_MINOR });
  neighbour = await neighbourOf(program);
});

async function neighbourOf(first: CardProgram): Promise<CardProgram> {
  const name = (id: string): string => `${id}b`;
  const second = {
    ...first,
    accountId: name(first.accountId),
    cardId: name(first.cardId),
    stripeCardId: name(first.stripeCardId),
  } as CardProgram;
  await app`insert into accounts (tenant_id, account_id, customer_ref, currency)
    values (${first.tenantId}, ${second.accountId}, 'neighbour', 'usd')`;
  await app`insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, stripe_card_id)
    values (${first.tenantId}, ${second.cardId}, ${first.cardholderId}, ${second.accountId}, 'virtual', 'usd', 'active',
      ${second.stripeCardId})`;
  await app`insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
    values (${first.tenantId}, ${second.stripeCardId}, ${second.cardId}, 1, 'active', '4242', 12, 2030)`;
  return second;
}

async function authorizationOf(of: CardProgram): Promise<string> {
  count += 1;
  const id = `iauth_posting${count}`;
  await beginAuthorization(app, id, of);
  return id;
}

type Row = Readonly<Record<string, string | number | null>>;

/** Writes an entry and postings of it in one transaction, as the processes do. */
const book = (entry: Row, ...postings: readonly Row[]) =>
  app.begin((tx) => write(tx, entry, postings));

async function write(tx: Transaction, entry: Row, postings: readonly Row[]) {
  const owned = { tenant_id: program.tenantId, currency: 'usd' };
  const [made] = await tx<{ entry_id: number }[]>`
    insert into journal_entries ${tx({ ...owned, account_id: program.accountId, ...entry })} returning entry_id`;
  const rows = postings.map((posting) => ({
    ...owned,
    entry_id: made?.entry_id ?? 0,
    account_id: program.accountId,
    amount_minor: 100,
    ...posting,
  }));
  const written = [];
  for (const row of rows) written.push(...(await tx`insert into postings ${tx(row)} returning *`));
  return written;
}

const accountOf = async ({ accountId }: CardProgram) => {
  const [row] = await app`
    select available_minor as available, held_minor as held, seq from accounts where account_id = ${accountId}`;
  return { ...row };
};
const heldOf = async (authorizationId: string) => {
  const [row] = await app<{ held: number }[]>`
    select held_minor as held from authorizations where authorization_id = ${authorizationId}`;
  return row?.held;
};

describe('a posting of an account', () => {
  it.each([
    ['funding', 'available', FUNDS_MINOR + 100],
    ['available', 'funding', FUNDS_MINOR - 100],
    ['available', 'network_settlement', FUNDS_MINOR - 100],
    ['network_settlement', 'available', FUNDS_MINOR + 100],
    ['available', 'suspense', FUNDS_MINOR - 100],
    ['suspense', 'available', FUNDS_MINOR + 100],
  ])('from %s to %s leaves %i available', async (debit, credit, available) => {
    const posted = await book({ kind: 'credit' }, { debit, credit });
    expect(posted).toMatchObject([
      { seq: 2, available_after_minor: available, held_after_minor: 0 },
    ]);
    expect(await accountOf(program)).toEqual({ available, held: 0, seq: 2 });
    expect(await accountOf(neighbour)).toEqual({ available: 0, held: 0, seq: 0 });
    expect(await brokenInvariants(app)).toEqual([]);
  });

  it('moves what is held with the hold it belongs to, and no other', async () => {
    const [authorizationId, other] = [
      await authorizationOf(program),
      await authorizationOf(program),
    ];
    const entry = { authorization_id: authorizationId };
    const own = { authorization_id: authorizationId };
    await book({ ...entry, kind: 'hold' }, { ...own, debit: 'available', credit: 'held' });
    expect(await accountOf(program)).toEqual({ available: 900, held: 100, seq: 2 });
    expect(await heldOf(authorizationId)).toBe(100);
    const posted = await book(
      { ...entry, kind: 'release' },
      { ...own, debit: 'held', credit: 'available', amount_minor: 30 },
      { ...own, debit: 'held', credit: 'network_settlement', amount_minor: 60 },
    );
    expect(posted).toMatchObject([
      { seq: 3, available_after_minor: 930, held_after_minor: 70 },
      { seq: 4, available_after_minor: 930, held_after_minor: 10 },
    ]);
    expect(await accountOf(program)).toEqual({ available: 930, held: 10, seq: 4 });
    expect([await heldOf(authorizationId), await heldOf(other)]).toEqual([10, 0]);
    expect(await brokenInvariants(app)).toEqual([]);
  });

  it('of one cent moves the hold too', async () => {
    const authorizationId = await authorizationOf(program);
    const own = { authorization_id: authorizationId };
    await book(
      { ...own, kind: 'hold' },
      { ...own, debit: 'available', credit: 'held', amount_minor: 1 },
    );
    expect(await heldOf(authorizationId)).toBe(1);
  });

  it('is numbered and dated by the database', async () => {
    const [row] = await book({ kind: 'credit' }, { debit: 'funding', credit: 'available' });
    expect(row).toMatchObject({ seq: 2, available_after_minor: FUNDS_MINOR + 100 });
    expect(Date.now() - Number(row?.['posted_at'])).toBeLessThan(60_000);
    const [entry] = await app<{ is_same: boolean }[]>`
      select e.written_by = p.written_by as is_same from postings p join journal_entries e using (entry_id)
       where p.posting_id = ${row?.['posting_id'] ?? 0}`;
    expect(entry?.is_same).toBe(true);
  });

  it.each([
    ['seq', 77],
    ['posted_at', '2020-01-01'],
    ['available_after_minor', 5],
    ['held_after_minor', 5],
    ['written_by', '3'],
  ])('is refused with a %s of its writer', async (column, value) => {
    const posting = { debit: 'funding', credit: 'available', [column]: value };
    await expect(book({ kind: 'credit' }, posting)).rejects.toMatchObject({ code: '42501' });
  });
});

describe('a posting of no account', () => {
  const noAccount = { account_id: null, debit: 'suspense', credit: 'network_settlement' };

  it('has no number and no balance after it, and is dated by the database', async () => {
    const [row] = await book({ kind: 'credit', account_id: null }, noAccount);
    expect(row).toMatchObject({ seq: null, available_after_minor: null, held_after_minor: null });
    expect(Date.now() - Number(row?.['posted_at'])).toBeLessThan(60_000);
    expect(await accountOf(program)).toEqual({ available: FUNDS_MINOR, held: 0, seq: 1 });
  });

  it('may stand in an entry of an account', async () => {
    await book({ kind: 'credit' }, noAccount, { debit: 'available', credit: 'suspense' });
    expect(await accountOf(program)).toEqual({ available: 900, held: 0, seq: 2 });
  });

  it("is refused in another tenant's entry, and in an entry of another currency", async () => {
    const stranger = await createCardProgram(app);
    for (const wrong of [{ tenant_id: stranger.tenantId }, { currency: 'eur' }]) {
      await expect(
        book({ kind: 'credit', account_id: null }, { ...noAccount, ...wrong }),
      ).rejects.toThrow(/does not belong to its entry/);
    }
  });
});

describe('an entry of two accounts', () => {
  const transfer = () => ({ kind: 'transfer', counter_account_id: neighbour.accountId });
  const out = { debit: 'available', credit: 'funding' };
  const into = { debit: 'funding', credit: 'available' };

  it('takes postings of both', async () => {
    await book(transfer(), out, { ...into, account_id: neighbour.accountId });
    expect(await accountOf(program)).toEqual({ available: 900, held: 0, seq: 2 });
    expect(await accountOf(neighbour)).toEqual({ available: 100, held: 0, seq: 1 });
    expect(await brokenInvariants(app)).toEqual([]);
  });

  it('takes none of a third, nor does an entry of one take any of a second', async () => {
    const third = (await neighbourOf(neighbour)).accountId;
    await expect(book(transfer(), out, { ...into, account_id: third })).rejects.toThrow(
      /does not belong to entry/,
    );
    await expect(
      book({ kind: 'credit' }, { ...into, account_id: neighbour.accountId }),
    ).rejects.toThrow(/does not belong to entry/);
    expect(await accountOf(program)).toEqual({ available: FUNDS_MINOR, held: 0, seq: 1 });
  });
});

describe('a posting that touches a hold', () => {
  it.each([
    ['available', 'held'],
    ['held', 'available'],
  ])(
    'from %s to %s is refused in an entry of another authorization, or of none',
    async (debit, credit) => {
      const [own, other] = [await authorizationOf(program), await authorizationOf(program)];
      const funds = { authorization_id: other, debit: 'available', credit: 'held' };
      await book({ kind: 'hold', authorization_id: other }, funds);
      const posting = { authorization_id: other, debit, credit };
      for (const entry of [{ kind: 'hold', authorization_id: own }, { kind: 'credit' }]) {
        await expect(book(entry, posting)).rejects.toThrow(/does not belong to entry/);
      }
      expect(await heldOf(other)).toBe(100);
    },
  );

  it("is refused for a hold of another customer's", async () => {
    const authorizationId = await authorizationOf(neighbour);
    const own = { authorization_id: authorizationId };
    await expect(
      book({ ...own, kind: 'hold' }, { ...own, debit: 'available', credit: 'held' }),
    ).rejects.toThrow(/does not exist/);
    expect(await heldOf(authorizationId)).toBe(0);
  });

  it('is not asked of a posting that touches none: a capture may name its authorization', async () => {
    const authorizationId = await authorizationOf(program);
    const capture = { debit: 'available', credit: 'network_settlement' };
    await book({ kind: 'credit' }, { ...capture, authorization_id: authorizationId });
    await book({ kind: 'credit', authorization_id: authorizationId }, capture);
    expect(await accountOf(program)).toEqual({ available: 800, held: 0, seq: 3 });
  });
});

describe('the trigger', () => {
  it("writes no balance for another table, not even the owner's own", async () => {
    await owner`create table look_alike (like postings)`;
    await owner`create trigger look_alike before insert on look_alike for each row execute function apply_posting()`;
    const posting = owner.begin(async (tx) => {
      const [entry] = await tx<{ entry_id: number }[]>`
        insert into journal_entries (tenant_id, currency, kind, account_id)
        values (${program.tenantId}, 'usd', 'credit', ${program.accountId}) returning entry_id`;
      await tx`
        insert into look_alike (posting_id, entry_id, tenant_id, currency, debit, credit, amount_minor, account_id,
          written_by)
        values (1, ${entry?.entry_id ?? 0}, ${program.tenantId}, 'usd', 'funding', 'available', 5,
          ${program.accountId}, pg_current_xact_id())`;
    });
    await expect(posting).rejects.toThrow(/belongs to postings alone/);
    expect(await accountOf(program)).toEqual({ available: FUNDS_MINOR, held: 0, seq: 1 });
  });
});
