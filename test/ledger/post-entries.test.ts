/** Entries posted in one call: what they leave, and what is refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { brokenInvariants, type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { authorizationOf, entryOf, type Lists, post, posting, S } from './entry-lists.ts';

const FUNDS_MINOR = 10_000;

let database: TestDatabase;
let app: Sql;
let owner: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  app = createSql({ url: database.appUrl, poolSize: 4, name: 'test-post-entries' });
  owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-owner' });
});
afterAll(async () => {
  expect(await brokenInvariants(app)).toEqual([]);
  await app.end();
  await owner.end();
  await database.drop();
});

const accountOf = async ({ accountId }: CardProgram) => {
  const [row] = await app<{ available: number; held: number; seq: number }[]>`
    select available_minor as available, held_minor as held, seq from accounts where account_id = ${accountId}`;
  return row;
};

const holdOf = async (authorizationId: unknown) => {
  const [row] = await app<{ held: number }[]>`
    select held_minor as held from authorizations where authorization_id = ${String(authorizationId)}`;
  return row?.held;
};

describe('entries posted together', () => {
  it('are numbered in their order, and their postings in theirs', async () => {
    const program = await createCardProgram(app, { fundsMinor: FUNDS_MINOR });
    const amounts = Array.from({ length: 12 }, (_, index) => index + 1);
    await post(app, {
      entries: amounts.map((amount) => entryOf(program, { effective_s: S + amount })),
      postings: amounts.map((amount) => posting(13 - amount, 'funding', 'available', amount)),
    });
    const rows = await app<{ amount: number; at: number }[]>`
      select p.amount_minor as amount, extract(epoch from e.effective_at)::int as at
        from postings p join journal_entries e using (entry_id)
       where p.account_id = ${program.accountId} and p.seq > 1 order by p.seq`;
    expect(rows.map(({ amount }) => amount)).toEqual(amounts);
    expect(rows.map(({ at }) => at)).toEqual(amounts.map((amount) => S + 13 - amount));
    const ids = await app<{ amount: number }[]>`
      select p.amount_minor as amount from postings p join journal_entries e using (entry_id)
       where p.account_id = ${program.accountId} and p.seq > 1 order by e.entry_id`;
    expect(ids.map(({ amount }) => amount)).toEqual(amounts.toReversed());
  });

  it('are dated under the lock, and never before what the account has', async () => {
    const program = await createCardProgram(app);
    const later = new Date(Date.now() + 3_600_000);
    const one = (): Lists => ({
      entries: [entryOf(program)],
      postings: [posting(1, 'funding', 'available', 1)],
    });
    await post(app, one());
    const dates = async () =>
      (
        await app<{ posted_at: Date }[]>`
        select posted_at from postings where account_id = ${program.accountId} order by seq`
      ).map((row) => row.posted_at.getTime());
    const [first] = await dates();
    expect(Math.abs(Date.now() - Number(first))).toBeLessThan(60_000);
    await owner`update accounts set last_posted_at = ${later} where account_id = ${program.accountId}`;
    await post(app, one());
    expect(await dates()).toEqual([first, later.getTime()]);
  });

  it('move nothing of an account when they touch none', async () => {
    const program = await createCardProgram(app, { fundsMinor: FUNDS_MINOR });
    await post(app, {
      entries: [entryOf(program, { account_id: null }), entryOf(program)],
      postings: [
        posting(1, 'suspense', 'network_settlement', 70),
        posting(2, 'suspense', 'available', 5),
        posting(2, 'network_settlement', 'suspense', 9),
      ],
    });
    expect(await accountOf(program)).toEqual({ available: FUNDS_MINOR + 5, held: 0, seq: 2 });
    const own = { account_id: program.accountId, seq: 2, after: FUNDS_MINOR + 5 };
    const rows = await app`
      select p.account_id, p.seq, p.amount_minor as amount, p.available_after_minor as after,
             abs(extract(epoch from clock_timestamp() - p.posted_at)) < 60 as is_now
        from postings p join journal_entries e using (entry_id)
       where e.tenant_id = ${program.tenantId} and e.external_ref is null order by posting_id`;
    const none = { account_id: null, seq: null, after: null, is_now: true };
    expect([...rows]).toEqual([
      { ...none, amount: 70 },
      { ...none, ...own, amount: 5 },
      { ...none, amount: 9 },
    ]);
  });

  it('may have no postings', async () => {
    const program = await createCardProgram(app);
    await post(app, { entries: [entryOf(program), entryOf(program)] });
    const [row] = await app<{ entries: number }[]>`
      select count(*) as entries from journal_entries where account_id = ${program.accountId}`;
    expect(row?.entries).toBe(2);
  });
});

describe('authorizations posted with their holds', () => {
  it('are stored and changed whole', async () => {
    const program = await createCardProgram(app, { fundsMinor: FUNDS_MINOR });
    const fields = {
      snapshot: [{ rank: 1 }],
      evidence: { seen: ['a'] },
      status: 'closed',
      captured_minor: 11,
      refunded_minor: 12,
      counted_minor: 13,
      anchored_s: S + 0.25,
      merchant: { name: 'Shop' },
      flags: ['adopted', 'tied'],
      is_purchase: true,
      awaits: ['ipi_listed'],
    };
    const stored = async (id: unknown) => {
      const [row] = await app`
        select tenant_id, authorization_id, account_id, card_id, stripe_card_id, currency, snapshot, evidence, status,
               captured_minor, refunded_minor, counted_minor, extract(epoch from anchored_at)::float8 as anchored_s,
               merchant, flags, is_purchase, awaits
          from authorizations where authorization_id = ${String(id)}`;
      return { ...row };
    };
    const whole = authorizationOf(program, fields);
    const bare = authorizationOf(program);
    await post(app, { begun: [whole, bare] });
    expect(await stored(whole['authorization_id'])).toEqual(whole);
    expect(await stored(bare['authorization_id'])).toEqual(bare);
    const changed = { ...bare, ...fields };
    await post(app, { changed: [changed] });
    expect(await stored(bare['authorization_id'])).toEqual(changed);
    expect(await stored(whole['authorization_id'])).toEqual(whole);
  });

  it('hold what their postings say, on top of what they held', async () => {
    const program = await createCardProgram(app, { fundsMinor: FUNDS_MINOR });
    const [one, other] = [authorizationOf(program), authorizationOf(program)];
    const id = one['authorization_id'];
    const hold = entryOf(program, { kind: 'hold', authorization_id: id });
    const toHeld = (amount: number) => posting(1, 'available', 'held', amount);
    await post(app, { begun: [one, other], entries: [hold], postings: [toHeld(300)] });
    expect([await holdOf(id), await holdOf(other['authorization_id'])]).toEqual([300, 0]);
    await post(app, { changed: [one, other], entries: [hold], postings: [toHeld(50)] });
    expect([await holdOf(id), await holdOf(other['authorization_id'])]).toEqual([350, 0]);
    const release = entryOf(program, { kind: 'release', authorization_id: id });
    await post(app, {
      changed: [one],
      entries: [release],
      postings: [
        posting(1, 'held', 'available', 100),
        posting(1, 'held', 'network_settlement', 40),
        posting(1, 'available', 'network_settlement', 7),
      ],
    });
    expect(await holdOf(id)).toBe(210);
    expect(await accountOf(program)).toEqual({
      available: FUNDS_MINOR - 257,
      held: 210,
      seq: 6,
    });
  });
});

describe('what post_entries refuses, with nothing written', () => {
  const refused = async (lists: Lists, message: RegExp) => {
    const counts = () => app`
      select (select count(*) from journal_entries) as entries, (select count(*) from postings) as postings,
             (select count(*) from authorizations) as authorizations, (select sum(seq) from accounts) as seqs`;
    const before = [...(await counts())];
    await expect(post(app, lists)).rejects.toThrow(message);
    expect([...(await counts())]).toEqual(before);
  };
  const hold = (program: CardProgram, id: unknown, amount = 10): Lists => ({
    entries: [entryOf(program, { kind: 'hold', authorization_id: id })],
    postings: [posting(1, 'available', 'held', amount)],
  });

  it('a hold whose authorization does not come along, is unknown, or is of another account', async () => {
    const [program, other] = [await createCardProgram(app), await createCardProgram(app)];
    const mine = authorizationOf(program);
    await post(app, { begun: [mine] });
    const id = mine['authorization_id'];
    const homeless = /the hold of authorization \S+ has no authorization of its account/;
    await refused(hold(program, id), homeless);
    await refused({ ...hold(program, 'iauth_none'), changed: [mine] }, homeless);
    await refused({ ...hold(other, id), changed: [mine] }, homeless);
    await refused(
      { ...hold(other, id), changed: [{ ...mine, account_id: other.accountId }] },
      homeless,
    );
    const fresh = authorizationOf(program);
    await refused({ ...hold(other, fresh['authorization_id']), begun: [fresh] }, homeless);
    const { entries: [anEntry = {}] = [] } = hold(program, 'iauth_none');
    const two = {
      entries: [anEntry, anEntry],
      postings: [1, 2].map((n) => posting(n, 'available', 'held', 1)),
    };
    await refused({ ...two, entries: [anEntry, { ...anEntry, authorization_id: id }] }, homeless);
    // Not even when nothing of it is left.
    const back = posting(1, 'held', 'available', 10);
    const { entries = [], postings = [] } = hold(program, id);
    await refused({ entries, postings: [...postings, back] }, homeless);
    await post(app, { ...hold(program, id), changed: [mine] });
    expect(await holdOf(id)).toBe(10);
  });

  it('a release of more than is held', async () => {
    const program = await createCardProgram(app);
    const mine = authorizationOf(program);
    await post(app, { begun: [mine], ...hold(program, mine['authorization_id']) });
    const release = entryOf(program, {
      kind: 'release',
      authorization_id: mine['authorization_id'],
    });
    const back = (amount: number) => posting(1, 'held', 'available', amount);
    await refused(
      { changed: [mine], entries: [release], postings: [back(11)] },
      /check constraint/,
    );
    // Not even on the way: what is held after a posting is never below zero.
    const again = posting(1, 'available', 'held', 20);
    await refused(
      { changed: [mine], entries: [release], postings: [back(11), again] },
      /held_after_minor/,
    );
  });

  it('an account that is unknown, or of another tenant or currency', async () => {
    const [program, other] = [await createCardProgram(app), await createCardProgram(app)];
    const postings = [posting(1, 'funding', 'available', 5)];
    for (const wrong of [
      { account_id: 'acc_none' },
      { tenant_id: other.tenantId },
      { currency: 'eur' },
    ]) {
      await refused(
        { entries: [entryOf(program, wrong)], postings },
        /an entry refers to acc_\w+, which does not exist/,
      );
    }
  });

  it('a second entry of an account in the name of another tenant or currency', async () => {
    const [program, other] = [await createCardProgram(app), await createCardProgram(app)];
    const mine = authorizationOf(program);
    const right = entryOf(program);
    const one = posting(1, 'funding', 'available', 1);
    for (const wrong of [{ tenant_id: other.tenantId }, { currency: 'eur' }]) {
      const named = { kind: 'hold', authorization_id: mine['authorization_id'] };
      for (const entry of [entryOf(program, wrong), entryOf(program, { ...wrong, ...named })]) {
        const two = posting(2, 'available', 'held', 500);
        const lists = { begun: [mine], entries: [right, entry], postings: [one, two] };
        await refused(lists, /an entry refers to|no authorization of its account/);
      }
    }
  });

  it('a posting of no entry', async () => {
    const program = await createCardProgram(app);
    const right = posting(1, 'funding', 'available', 1);
    for (const entry of [0, -1, 2]) {
      const lost = posting(entry, 'funding', 'available', 1);
      const lists = { entries: [entryOf(program)], postings: [right, lost] };
      await refused(lists, /1 postings belong to no entry/);
    }
  });

  it('a change of an authorization that is not there, or is of another account', async () => {
    const [program, other] = [await createCardProgram(app), await createCardProgram(app)];
    const mine = authorizationOf(program);
    await post(app, { begun: [mine] });
    for (const wrong of [{ authorization_id: 'iauth_none' }, { account_id: other.accountId }]) {
      const changed = [mine, { ...authorizationOf(program), ...mine, ...wrong }];
      await refused({ changed }, /2 authorizations were to be changed, but 1 are there/);
    }
  });

  it('an entry of a tenant that is not there', async () => {
    const program = await createCardProgram(app);
    const entry = entryOf(program, { account_id: null, tenant_id: 'ten_none' });
    const postings = [posting(1, 'suspense', 'network_settlement', 5)];
    await refused({ entries: [entry], postings }, /an entry refers to ten_none, which does not/);
  });

  it('an entry of an authorization or a clearing record that is not there', async () => {
    const program = await createCardProgram(app);
    const known = authorizationOf(program);
    await post(app, { begun: [known] });
    for (const wrong of [
      { kind: 'release', authorization_id: 'iauth_none' },
      { kind: 'capture', transaction_id: 'ipi_none' },
      { kind: 'capture', authorization_id: known['authorization_id'], transaction_id: 'ipi_none' },
    ]) {
      const entries = [entryOf(program), entryOf(program, wrong), entryOf(program)];
      await refused({ entries }, /an entry refers to (iauth|ipi)_none, which does not exist/);
    }
    await post(app, {
      entries: [entryOf(program, { kind: 'release', authorization_id: known['authorization_id'] })],
    });
  });

  it('everybody but the processes', async () => {
    const [row] = await owner`
      select has_function_privilege('issuing_app', f, 'execute') as app,
             has_function_privilege('public', f, 'execute') as everybody
        from (values ('post_entries(json, json, json, json)')) v (f)`;
    expect({ ...row }).toEqual({ app: true, everybody: false });
  });
});
