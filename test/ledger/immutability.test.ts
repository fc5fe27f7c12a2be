import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { parseAuthorizationId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { deliver } from '../relay/relay-inbox.ts';
import { askDecision } from '../support/ask-decision.ts';
import {
  balancesOf,
  brokenInvariants,
  type CardProgram,
  createCardProgram,
} from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { event, transaction } from '../support/stripe-events.ts';

let database: TestDatabase;
let app: Sql;
let owner: Sql;
let program: CardProgram;

beforeAll(async () => {
  database = await createTestDatabase();
  app = createSql({ url: database.appUrl, poolSize: 2, name: 'test-app' });
  owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-owner' });
  program = await createCardProgram(app, { fundsMinor: 10_000 });
  const authorizationId = parseAuthorizationId('iauth_kept');
  await askDecision(app, program, { authorizationId, askedMinor: minorUnits(100) });
  const clearing = { id: 'ipi_kept', card: program.stripeCardId, amount: -7 };
  await deliver(app, program, event('issuing_transaction.created', transaction(clearing)));
});
afterAll(async () => {
  await app.end();
  await owner.end();
  await database.drop();
});

const PERMISSION = /permission denied/;
const APPEND_ONLY = /append-only/;

describe("the processes' role", () => {
  it.each([
    ['a balance', 'update accounts set available_minor = 1 where true', PERMISSION],
    ['a hold', 'update authorizations set held_minor = 1 where true', PERMISSION],
    [
      'what a purchase counts as captured',
      'update authorizations set captured_minor = 1 where true',
      PERMISSION,
    ],
    [
      'what was seen of a purchase',
      'update authorizations set snapshot = null where true',
      PERMISSION,
    ],
    ['a posting', 'update postings set amount_minor = 1 where true', PERMISSION],
    ['a journal entry', 'delete from journal_entries where true', PERMISSION],
    ['all postings', 'truncate postings', PERMISSION],
    ['a decision', 'update decisions set approved = true where true', PERMISSION],
    [
      'the amount of a clearing record',
      'update transactions set amount_minor = 1 where true',
      PERMISSION,
    ],
    [
      'what a clearing record is made of',
      "update transactions set parts = '{}' where true",
      PERMISSION,
    ],
    ['a clearing record', 'delete from transactions where true', PERMISSION],
    ['the amount of a decision', 'update decisions set approved_minor = 1 where true', PERMISSION],
    ['all decisions', 'truncate decisions', PERMISSION],
    [
      'what was decided',
      'insert into decisions (tenant_id) select tenant_id from tenants',
      PERMISSION,
    ],
    [
      'which purchases there are',
      'insert into authorizations (tenant_id) select tenant_id from tenants',
      PERMISSION,
    ],
    [
      'the books without deciding',
      'select write_decisions(array[]::decisions[], array[]::decided_hold[], now())',
      PERMISSION,
    ],
    ['a purchase without deciding', 'select write_increments(array[]::decided_hold[])', PERMISSION],
    [
      'how it is decided',
      "select decide_together('[]', array[]::asked_request[], now(), true)",
      PERMISSION,
    ],
    [
      'what a purchase counts towards limits',
      'update authorizations set counted_minor = 1 where true',
      PERMISSION,
    ],
    ['all clearing records', 'truncate transactions', PERMISSION],
    ['a purchase', 'delete from authorizations where true', PERMISSION],
    [
      'who receives a transfer',
      'update journal_entries set counter_account_id = null where true',
      PERMISSION,
    ],
    ['a total', 'update ledger_totals set balance_minor = 1 where true', PERMISSION],
    [
      'what a total begins with',
      "insert into ledger_totals (tenant_id, currency, kind, balance_minor) values ('ten_1', 'usd', 'fees', 1)",
      PERMISSION,
    ],
    ['what is rolled up', "update ledger_roll_up set rolled_up_to = '0' where true", PERMISSION],
    ['where totals begin', 'select begin_ledger_anew()', PERMISSION],
    ['what an event said', "update inbox set payload = '{}' where true", PERMISSION],
    ['a stored event', 'delete from inbox where true', PERMISSION],
    ['whose money a card spends', "update cards set account_id = 'acc_1' where true", PERMISSION],
    ['the migrations', 'insert into schema_migrations (version) values (99)', PERMISSION],
    ['a table', 'drop table postings', /must be owner/],
  ])('cannot change %s', async (_what, statement, refusal) => {
    await expect(app.unsafe(statement)).rejects.toThrow(refusal);
  });

  it('cannot make an account that starts with money', async () => {
    const insert = app`
      insert into accounts (tenant_id, account_id, customer_ref, currency, available_minor)
      values (${program.tenantId}, 'acc_rich', 'x', 'usd', 100)`;
    await expect(insert).rejects.toThrow(PERMISSION);
  });

  it('owns nothing', async () => {
    const rows = await owner`
      select relname from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = 'issuing_app'`;
    expect(rows).toHaveLength(0);
  });
});

describe('the owner', () => {
  it.each([
    ['edit a posting', 'update postings set amount_minor = amount_minor + 1'],
    ['delete a posting', 'delete from postings'],
    ['truncate the postings', 'truncate postings cascade'],
    ['edit an entry', "update journal_entries set kind = 'debit'"],
    ['delete an entry', 'delete from journal_entries'],
    ['truncate the entries', 'truncate journal_entries cascade'],
    ['delete a decision', 'delete from decisions'],
    ['truncate the decisions', 'truncate decisions cascade'],
    ['delete a clearing record', 'delete from transactions'],
    ['truncate the clearing records', 'truncate transactions cascade'],
    ['delete a purchase', 'delete from authorizations'],
    ['truncate the purchases', 'truncate authorizations cascade'],
  ])('cannot %s either', async (_what, statement) => {
    await expect(owner.unsafe(statement)).rejects.toThrow(APPEND_ONLY);
  });

  it.each([
    // What they may learn later: that Stripe has shown it, and whose it is.
    ['decisions', ['confirmed']],
    ['transactions', ['account_id', 'card_id', 'authorization_id', 'flags']],
  ])('cannot edit any other column of %s than is meant to change', async (table, free) => {
    const columns = await owner<{ name: string }[]>`
      select column_name as name from information_schema.columns where table_name = ${table}`;
    const editable: string[] = [];
    for (const { name } of columns) {
      const edit = owner.unsafe(`update ${table} set ${name} = ${name}`);
      await edit.then(
        () => editable.push(name),
        (error: unknown) => expect(String(error)).toMatch(APPEND_ONLY),
      );
    }
    expect(columns.length).toBeGreaterThan(10);
    expect(editable.toSorted()).toEqual([...free].toSorted());
  });
});

interface PostingOver {
  readonly amount?: number;
  readonly debit?: string;
  readonly credit?: string;
  readonly currency?: string;
  readonly account?: string | null;
}

/** Writes an entry with one posting, in one transaction as it must be. */
const post = (over: PostingOver = {}) =>
  app.begin(async (tx) => {
    const { amount = 5, debit = 'funding', credit = 'available', currency = 'usd' } = over;
    const account = over.account === undefined ? program.accountId : over.account;
    const [entry] = await tx<{ entry_id: number }[]>`
      insert into journal_entries (tenant_id, currency, kind, account_id)
      values (${program.tenantId}, 'usd', 'credit', ${program.accountId}) returning entry_id`;
    const id = entry?.entry_id ?? 0;
    await tx`
      insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id)
      values (${id}, ${program.tenantId}, ${currency}, ${debit}, ${credit}, ${amount}, ${account})`;
    return id;
  });

describe('a posting', () => {
  it.each<[string, PostingOver, RegExp]>([
    ['of zero', { amount: 0 }, /amount_minor/],
    ['of a negative amount', { amount: -5 }, /amount_minor/],
    ['from an account to itself', { debit: 'funding', credit: 'funding', account: null }, /check/],
    [
      'between accounts that no case moves money between',
      { debit: 'fees', credit: 'available' },
      /check/,
    ],
    ['of another currency than its entry', { currency: 'eur' }, /does not belong/],
    [
      'into held without an authorization',
      { debit: 'available', credit: 'held' },
      /does not exist/,
    ],
    [
      'beyond what a number carries exactly',
      { amount: Number.MAX_SAFE_INTEGER },
      /available_minor/,
    ],
  ])('%s is refused', async (_what, over, refusal) => {
    const before = await balancesOf(app, program);
    await expect(post(over)).rejects.toThrow(refusal);
    expect(await balancesOf(app, program)).toEqual(before);
  });

  it("of another customer's account is refused", async () => {
    const other = await createCardProgram(app);
    await expect(post({ account: other.accountId })).rejects.toThrow(/does not belong/);
  });

  it('cannot be added to an entry that is complete', async () => {
    const id = await post();
    const late = app`
      insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id)
      values (${id}, ${program.tenantId}, 'usd', 'funding', 'available', 5, ${program.accountId})`;
    await expect(late).rejects.toThrow(/is complete/);
  });

  it('numbers the postings of an account without gaps and carries the balance after it', async () => {
    for (const amount of [3, 4]) await post({ amount });
    const rows = await app<{ seq: number; after: number; rises: boolean }[]>`
      select seq, available_after_minor as after,
             posted_at >= lag(posted_at, 1, posted_at) over (order by seq) as rises
        from postings where account_id = ${program.accountId} order by seq`;
    expect(rows.map((row) => row.seq)).toEqual(rows.map((_row, index) => index + 1));
    expect(rows.every((row) => row.rises)).toBe(true);
    expect(rows.at(-1)?.after).toBe((await balancesOf(app, program)).available);
    expect(await brokenInvariants(app)).toEqual([]);
  });
});

describe('the trigger that writes balances', () => {
  it("cannot be attached to a table of the processes' own", async () => {
    const attach = app.begin(async (tx) => {
      await tx`create temporary table evil (like public.postings)`;
      await tx`create trigger evil before insert on evil for each row execute function public.apply_posting()`;
    });
    await expect(attach).rejects.toThrow(PERMISSION);
  });

  it('cannot be misled by a temporary table that is called like one of ours', async () => {
    const before = await balancesOf(app, program);
    await app
      .begin(async (tx) => {
        await tx`create temporary table accounts (like public.accounts including all) on commit drop`;
        const [entry] = await tx<{ entry_id: number }[]>`
          insert into journal_entries (tenant_id, currency, kind, account_id)
          values (${program.tenantId}, 'usd', 'credit', ${program.accountId}) returning entry_id`;
        await tx`
          insert into public.postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id)
          values (${entry?.entry_id ?? 0}, ${program.tenantId}, 'usd', 'funding', 'available', 7, ${program.accountId})`;
      })
      // Where the owner has taken the right to make temporary tables away, it does not even come to that.
      .catch((error: unknown) => expect(String(error)).toMatch(PERMISSION));
    expect(await brokenInvariants(app)).toEqual([]);
    expect([0, 7]).toContain((await balancesOf(app, program)).available - before.available);
  });
});
