/** What a list of decisions books: entries and postings in its order, with the chain of balances of each account. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { parseAccountId } from '../../src/domain/ids.ts';
import {
  balancesOf,
  brokenInvariants,
  type CardProgram,
  createCardProgram,
} from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  decide as askDatabase,
  type Request,
  requestOf,
  undecided,
  unknownCard,
} from '../support/decide-request.ts';
import { anotherCard } from '../support/limited-cards.ts';

let database: TestDatabase;
let sql: Sql;
let owner: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 2, name: 'test-postings' });
  owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-owner' });
});
afterAll(async () => {
  await sql.end();
  await owner.end();
  await database.drop();
});

const decide = (...requests: readonly Request[]) => askDatabase(sql, requests);
const rich = () => createCardProgram(sql, { fundsMinor: 1_000 });
const asked = (amount: number): Request => ({ asked_minor: amount, minimum_minor: amount });
const id = (request: Request | undefined, column = 'authorization_id') => String(request?.[column]);

const postingsOf = async ({ accountId }: CardProgram) =>
  (
    await sql<{ text: string }[]>`
      select p.seq || ': ' || p.debit || ' → ' || p.credit || ' ' || p.amount_minor || ' for '
               || coalesce(p.authorization_id, 'nothing') || ', leaves ' || p.available_after_minor || ' and '
               || p.held_after_minor as text
        from postings p where account_id = ${accountId} order by seq`
  ).map(({ text }) => text);
/** Another card of the tenant, on an account of its own. */
async function accountBeside(of: CardProgram): Promise<CardProgram> {
  const accountId = parseAccountId(`${of.accountId}b`);
  await sql`
    insert into accounts (tenant_id, account_id, customer_ref, currency)
    values (${of.tenantId}, ${accountId}, 'beside', 'usd')`;
  return anotherCard(sql, { ...of, accountId }, 'beside');
}
const FUNDS = '1: funding → available 1000 for nothing, leaves 1000 and 0';

describe('the holds of a list', () => {
  it('are booked in their order, one entry each, account by account', async () => {
    const [one, other] = [await rich(), await rich()];
    const surplus = { kind: 'margin', basisPoints: 300 };
    const requests = [
      await requestOf(sql, one, { ...asked(100), surplus }),
      await requestOf(sql, other, asked(7)),
      await requestOf(sql, one, asked(5_000)),
      await requestOf(sql, one, asked(20)),
    ];
    await decide(...requests);
    expect(await postingsOf(one)).toEqual([
      FUNDS,
      `2: available → held 103 for ${id(requests[0])}, leaves 897 and 103`,
      `3: available → held 20 for ${id(requests[3])}, leaves 877 and 123`,
    ]);
    expect(await postingsOf(other)).toEqual([
      FUNDS,
      `2: available → held 7 for ${id(requests[1])}, leaves 993 and 7`,
    ]);
    const entries = await sql<{ decision_id: string }[]>`
      select decision_id from journal_entries
       where kind = 'hold' and tenant_id in (${one.tenantId}, ${other.tenantId}) order by entry_id`;
    expect(entries.map(({ decision_id }) => decision_id)).toEqual(
      [0, 1, 3].map((place) => id(requests[place], 'decision_id')),
    );
    expect(await balancesOf(sql, one)).toMatchObject({ available: 877, held: 123 });
    expect(await brokenInvariants(sql)).toEqual([]);
  });

  it('of two accounts of one tenant are booked each on its own', async () => {
    const one = await rich();
    const other = await accountBeside(one);
    await decide(
      await requestOf(sql, one, asked(100)),
      await requestOf(sql, other, asked(0)),
      await requestOf(sql, one, asked(20)),
    );
    expect(await postingsOf(one)).toHaveLength(3);
    expect(await postingsOf(other)).toEqual([]);
    await sql`update accounts set credit_limit_minor = 500 where account_id = ${other.accountId}`;
    await decide(
      await requestOf(sql, one, asked(3)),
      await requestOf(sql, other, asked(70)),
      await requestOf(sql, one, asked(4)),
    );
    expect(await balancesOf(sql, one)).toMatchObject({ available: 873, held: 127 });
    expect(await balancesOf(sql, other)).toMatchObject({ available: -70, held: 70 });
    expect(await brokenInvariants(sql)).toEqual([]);
  });

  it('are written by one list at once, with increments and repeats among them', async () => {
    const program = await rich();
    const beside = await accountBeside(program);
    await sql`update accounts set credit_limit_minor = 500 where account_id = ${beside.accountId}`;
    const first = await requestOf(sql, program, asked(100));
    const { authorization_id } = first;
    const requests = [
      first,
      await requestOf(sql, beside, asked(70)),
      await requestOf(sql, program, { authorization_id, ...asked(20) }),
      { ...first, decision_id: 'dec_repeated' },
      await requestOf(sql, program, { authorization_id, ...asked(0) }),
      await requestOf(sql, program, asked(5_000)),
      await unknownCard(sql, program),
    ];
    await decide(...requests);
    // Each would be decided by itself, in a subtransaction of its own, if the list could not be written as it is.
    const [row] = await sql<{ decisions: number; writers: number }[]>`
      select count(*) as decisions, count(distinct xmin::text) as writers from decisions
       where tenant_id = ${program.tenantId}`;
    expect(row).toEqual({ decisions: 6, writers: 1 });
  });

  it('follow on those of earlier lists, in number and in time', async () => {
    const program = await rich();
    await decide(await requestOf(sql, program, asked(10)));
    // A clock that was ahead: the times of an account never step back.
    const later = new Date(Date.now() + 3_600_000);
    await owner`update accounts set last_posted_at = ${later} where account_id = ${program.accountId}`;
    await decide(await requestOf(sql, program, asked(20)), await requestOf(sql, program, asked(3)));
    const rows = await sql<{ seq: number; held: number; posted_at: Date }[]>`
      select seq, held_after_minor as held, posted_at from postings
       where account_id = ${program.accountId} and seq > 1 order by seq`;
    expect(rows.map(({ seq, held }) => [seq, held])).toEqual([
      [2, 10],
      [3, 30],
      [4, 33],
    ]);
    const times = rows.map(({ posted_at }) => posted_at.getTime());
    expect(times.slice(1)).toEqual([later.getTime(), later.getTime()]);
    expect(times[0]).toBeLessThan(later.getTime());
  });

  it('of one authorization are added up, in the list that begins it and in later ones', async () => {
    const program = await rich();
    const first = await requestOf(sql, program, asked(100));
    const { authorization_id } = first;
    const more = (amount: number) =>
      requestOf(sql, program, { authorization_id, ...asked(amount) });
    await decide(first, await more(20), await more(3));
    await decide(await more(400), await requestOf(sql, program, asked(50)), await more(5));
    const rows = await sql`
      select held_minor, counted_minor from authorizations where account_id = ${program.accountId}
       order by held_minor`;
    expect(rows.map((row) => ({ ...row }))).toEqual([
      { held_minor: 50, counted_minor: 50 },
      { held_minor: 528, counted_minor: 528 },
    ]);
    expect(await postingsOf(program)).toHaveLength(7);
    expect(await brokenInvariants(sql)).toEqual([]);
  });

  it('of nothing make the authorization known, before its first amount and after', async () => {
    const program = await rich();
    const check = await requestOf(sql, program, asked(0));
    const { authorization_id } = check;
    const again = await requestOf(sql, program, { authorization_id, ...asked(0) });
    const purchase = await requestOf(sql, program, { authorization_id, ...asked(30) });
    expect(await decide(check, again)).toMatchObject([
      { reason: 'ACCOUNT_CHECK' },
      { reason: 'ACCOUNT_CHECK' },
    ]);
    expect(await postingsOf(program)).toEqual([FUNDS]);
    expect(await decide(purchase)).toMatchObject([{ reason: 'APPROVED' }]);
    expect(await postingsOf(program)).toHaveLength(2);
  });
});

describe('a request whose parts do not belong together', () => {
  it.each([
    ['the account', ({ accountId }: CardProgram) => ({ account_id: accountId })],
    ['the card', ({ cardId }: CardProgram) => ({ card_id: cardId })],
    ['the cardholder', ({ cardholderId }: CardProgram) => ({ cardholder_id: cardholderId })],
    ['the tenant', ({ tenantId }: CardProgram) => ({ tenant_id: tenantId })],
    ['no card at all', () => ({ card_id: undefined })],
    ['no cardholder at all', () => ({ cardholder_id: undefined })],
  ])('has %s of another, is outdated, and writes nothing', async (_what, over) => {
    const [program, other] = [await rich(), await rich()];
    const request = await requestOf(sql, program, over(other));
    expect(await decide(request)).toMatchObject([{ ...undecided('stale'), profile: {} }]);
    const rows = await sql`select 1 from decisions where request_id = ${id(request, 'request_id')}`;
    expect(rows).toHaveLength(0);
    expect(await postingsOf(other)).toEqual([FUNDS]);
    expect(await postingsOf(program)).toEqual([FUNDS]);
  });

  it('has an account that nobody has, and is busy: there is nothing to lock', async () => {
    const request = await requestOf(sql, await rich(), { account_id: 'acc_none' });
    expect(await decide(request)).toEqual([undecided('busy')]);
  });

  it('has another currency than its account, and fails', async () => {
    const program = await rich();
    const request = await requestOf(sql, program, { currency: 'eur' });
    expect(await decide(request)).toMatchObject([{ outcome: 'failed' }]);
    expect(await postingsOf(program)).toEqual([FUNDS]);
  });
});

describe('a decision that contradicts itself', () => {
  const insert = (program: CardProgram, over: Request) => {
    const row = {
      tenant_id: program.tenantId,
      request_id: `evt_${program.cardId}`,
      decision_id: 'dec_contradicts',
      authorization_id: 'iauth_any',
      stripe_card_id: program.stripeCardId,
      currency: 'usd',
      asked_minor: 100,
      card_id: program.cardId,
      account_id: program.accountId,
      approved: false,
      reason: 'CARD_FROZEN',
      approved_minor: 0,
      requested_at: 1,
      ...over,
    };
    return owner`insert into decisions ${owner(row)}`;
  };

  it.each([
    ['more than was asked', { approved: true, approved_minor: 101, reason: 'APPROVED' }],
    ['an amount of a decline', { approved_minor: 1 }],
    ['an approval without an account', { approved: true, account_id: null }],
    ['an approval without a card', { approved: true, card_id: null }],
    ['no currency, though it could be read', { currency: null }],
    ['no authorization, though it could be read', { authorization_id: null }],
    ['no Stripe card, though it could be read', { stripe_card_id: null }],
    ['no amount, though it could be read', { asked_minor: null }],
  ])('is refused by the table: %s', async (_what, over) => {
    await expect(insert(await rich(), over)).rejects.toThrow(/check constraint/);
  });
});
