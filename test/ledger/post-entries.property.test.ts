/** Entries posted in one call leave what the same entries leave one by one, numbered by the trigger of postings. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { brokenInvariants, type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { authorizationOf, entryOf, post, posting, type Row, S } from './entry-lists.ts';

const RUNS = 40;
const FUNDS_MINOR = 10_000;
const seed = Number(fc.sample(fc.nat(), 1)[0]);

let database: TestDatabase;
let app: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  app = createSql({ url: database.appUrl, poolSize: 4, name: 'test-post-entries' });
});
afterAll(async () => {
  expect(await brokenInvariants(app)).toEqual([]);
  await app.end();
  await database.drop();
});

const SIDES = {
  credit: { debit: 'funding', credit: 'available' },
  debit: { debit: 'available', credit: 'funding' },
  hold: { debit: 'available', credit: 'held' },
  release: { debit: 'held', credit: 'available' },
} as const;

/** Each entry moves money of one of two accounts: in, out, into a hold or out of it. */
const anEntry = fc.record({
  account: fc.nat(1),
  authorization: fc.nat(1),
  kind: fc.constantFrom('credit', 'debit', 'hold', 'release'),
  parts: fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 3 }),
});
type Step = typeof anEntry extends fc.Arbitrary<infer T> ? T : never;

/** A release gives back what is held, or less. */
function affordable(steps: readonly Step[]): readonly Step[] {
  const held = new Map<string, number>();
  return steps.map((step) => {
    const key = `${step.account}/${step.authorization}`;
    const parts = step.parts.map((part) => {
      const was = held.get(key) ?? 0;
      const amount = step.kind === 'release' ? Math.min(part, was) : part;
      if (step.kind === 'hold') held.set(key, was + amount);
      if (step.kind === 'release') held.set(key, was - amount);
      return amount;
    });
    return { ...step, parts: parts.filter((amount) => amount > 0) };
  });
}

interface Account {
  readonly program: CardProgram;
  readonly authorizations: readonly Row[];
}

async function newAccount(): Promise<Account> {
  const program = await createCardProgram(app, { fundsMinor: FUNDS_MINOR });
  return { program, authorizations: [authorizationOf(program), authorizationOf(program)] };
}

function entryOfStep({ program, authorizations }: Account, step: Step): Row {
  const isHold = step.kind === 'hold' || step.kind === 'release';
  const id = authorizations[step.authorization]?.['authorization_id'];
  return entryOf(program, { kind: step.kind, authorization_id: isHold ? id : null });
}

async function postTogether(accounts: readonly Account[], steps: readonly Step[]): Promise<void> {
  await post(app, {
    begun: accounts.flatMap(({ authorizations }) => authorizations),
    entries: steps.map((step) => entryOfStep(the(accounts[step.account]), step)),
    postings: steps.flatMap(({ kind, parts }, index) =>
      parts.map((amount) => posting(index + 1, SIDES[kind].debit, SIDES[kind].credit, amount)),
    ),
  });
}

async function postApart(accounts: readonly Account[], steps: readonly Step[]): Promise<void> {
  await post(app, { begun: accounts.flatMap(({ authorizations }) => authorizations) });
  for (const step of steps) await writeOne(the(accounts[step.account]), step);
}

const writeOne = (account: Account, step: Step) =>
  app.begin(async (tx) => {
    const { tenantId, accountId } = account.program;
    const { debit, credit } = SIDES[step.kind];
    const id = entryOfStep(account, step)['authorization_id'] as string | null;
    const [made] = await tx<{ entry_id: number }[]>`
      insert into journal_entries (tenant_id, currency, kind, account_id, authorization_id, effective_at)
      values (${tenantId}, 'usd', ${step.kind}, ${accountId}, ${id}, to_timestamp(${S})) returning entry_id`;
    for (const amount of step.parts) {
      await tx`
        insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id, authorization_id)
        values (${made?.entry_id ?? 0}, ${tenantId}, 'usd', ${debit}, ${credit}, ${amount}, ${accountId}, ${id})`;
    }
  });

function the<T>(item: T | undefined): T {
  if (item === undefined) throw new Error('there are two accounts');
  return item;
}

/** What is left, without what differs from account to account. */
async function leftOf({ program: { accountId }, authorizations }: Account) {
  const ids = authorizations.map((row) => String(row['authorization_id']));
  const postings = await app`
    select p.seq, p.debit, p.credit, p.amount_minor, p.available_after_minor, p.held_after_minor, e.kind,
           array_position(${ids}::text[], p.authorization_id) as holds
      from postings p join journal_entries e using (entry_id) where p.account_id = ${accountId} order by p.seq`;
  const [balance] = await app`
    select available_minor, held_minor, seq from accounts where account_id = ${accountId}`;
  const holds = await app`
    select held_minor from authorizations where account_id = ${accountId}
     order by array_position(${ids}::text[], authorization_id)`;
  return { postings: [...postings], balance: { ...balance }, holds: [...holds] };
}

it(`leaves what entries leave one by one (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anEntry, { minLength: 1, maxLength: 12 }), async (drawn) => {
      const steps = affordable(drawn);
      const together = [await newAccount(), await newAccount()];
      const apart = [await newAccount(), await newAccount()];
      await postTogether(together, steps);
      await postApart(apart, steps);
      expect(await Promise.all(together.map(leftOf))).toEqual(await Promise.all(apart.map(leftOf)));
    }),
    { numRuns: RUNS, seed },
  );
});
