/** `post_holds` books what a list of decisions holds, with the chain of balances, and refuses what cannot be right. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import {
  balancesOf,
  brokenInvariants,
  type CardProgram,
  createCardProgram,
} from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const AT = '2026-03-18T15:00:00.123456Z';

let database: TestDatabase;
let app: Sql;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  app = createSql({ url: database.appUrl, poolSize: 2, name: 'test-holds' });
});
afterAll(async () => {
  await app.end();
  await database.drop();
});

type Hold = Readonly<Record<string, unknown>>;

/** A hold of 100 for a purchase of its own; `over` changes what a test is about. */
function holdOf(program: CardProgram, over: Hold = {}): Hold {
  count += 1;
  return {
    tenant_id: program.tenantId,
    authorization_id: `iauth_hold${count}`,
    account_id: program.accountId,
    card_id: program.cardId,
    stripe_card_id: program.stripeCardId,
    currency: 'usd',
    decision_id: `dec_hold${count}`,
    merchant: { category: 'bakeries' },
    counted_minor: 100,
    held_minor: over['counted_minor'] ?? 100,
    ...over,
  };
}

/** As the decision function calls it; holds are placed in the order of the list. */
const post = (...holds: readonly Hold[]) => app`
  select post_holds(array(
    select jsonb_populate_record(null::decided_hold, h.value || jsonb_build_object('place', h.ordinality))
      from jsonb_array_elements(${JSON.stringify(holds)}::text::jsonb) with ordinality h), ${AT}::text::timestamptz)`;

const rich = () => createCardProgram(app, { fundsMinor: 1_000 });
const postingsOf = async ({ accountId }: CardProgram) =>
  (
    await app<{ text: string }[]>`
      select p.seq || ': ' || p.debit || ' → ' || p.credit || ' ' || p.amount_minor || ' for '
               || coalesce(p.authorization_id, 'nothing') || ', leaves ' || p.available_after_minor || ' and '
               || p.held_after_minor as text
        from postings p where account_id = ${accountId} order by seq`
  ).map(({ text }) => text);
const authorizationOf = async (hold: Hold) => {
  const [row] = await app`
    select account_id, counted_minor, held_minor, merchant, status,
           anchored_at = ${AT}::text::timestamptz as is_anchored_then
      from authorizations where authorization_id = ${String(hold['authorization_id'])}`;
  return row === undefined ? undefined : { ...row };
};

describe('the holds of a list', () => {
  it('are booked in their order, one entry each, account by account', async () => {
    const [one, other] = [await rich(), await rich()];
    const holds = [
      holdOf(one, { counted_minor: 100, held_minor: 103 }),
      holdOf(other, { counted_minor: 7 }),
      holdOf(one, { counted_minor: 20 }),
    ] as const;
    await post(...holds);
    const id = (place: 0 | 1 | 2) => String(holds[place]['authorization_id']);
    expect(await postingsOf(one)).toEqual([
      '1: funding → available 1000 for nothing, leaves 1000 and 0',
      `2: available → held 103 for ${id(0)}, leaves 897 and 103`,
      `3: available → held 20 for ${id(2)}, leaves 877 and 123`,
    ]);
    expect(await postingsOf(other)).toEqual([
      '1: funding → available 1000 for nothing, leaves 1000 and 0',
      `2: available → held 7 for ${id(1)}, leaves 993 and 7`,
    ]);
    const entries = await app`
      select decision_id, authorization_id, account_id, kind, effective_at = ${AT}::text::timestamptz as is_then
        from journal_entries where kind = 'hold' and tenant_id in (${one.tenantId}, ${other.tenantId})
       order by entry_id`;
    expect(entries.map((row) => ({ ...row }))).toEqual(
      holds.map(({ decision_id, authorization_id, account_id }) => ({
        decision_id,
        authorization_id,
        account_id,
        kind: 'hold',
        is_then: true,
      })),
    );
    expect(await balancesOf(app, one)).toMatchObject({ available: 877, held: 123 });
    expect(await brokenInvariants(app)).toEqual([]);
  });

  it('of one authorization are added up, also to what it holds already', async () => {
    const program = await rich();
    const first = holdOf(program, { counted_minor: 100, held_minor: 110 });
    const { authorization_id } = first;
    await post(first);
    const next = { authorization_id, merchant: { category: 'bars' } };
    await post(
      holdOf(program, { ...next, counted_minor: 20 }),
      holdOf(program, { ...next, counted_minor: 3 }),
    );
    expect(await authorizationOf(first)).toEqual({
      account_id: program.accountId,
      counted_minor: 123,
      held_minor: 133,
      merchant: { category: 'bakeries' },
      status: 'pending',
      is_anchored_then: true,
    });
    expect(await postingsOf(program)).toHaveLength(4);
    expect(await brokenInvariants(app)).toEqual([]);
  });

  it('of nothing make the authorization known, and no entry', async () => {
    const program = await rich();
    const hold = holdOf(program, { counted_minor: 0 });
    await post(hold);
    expect(await authorizationOf(hold)).toMatchObject({ counted_minor: 0, held_minor: 0 });
    expect(await postingsOf(program)).toHaveLength(1);
    const entries = await app`
      select 1 from journal_entries where authorization_id = ${String(hold['authorization_id'])}`;
    expect(entries).toHaveLength(0);
  });

  it('may be none', async () => {
    await expect(post()).resolves.toBeDefined();
  });
});

describe('what cannot be right', () => {
  const REFERENCE = /refers to .+ exist/;

  it.each([
    ['a hold below zero', { counted_minor: 5, held_minor: -1 }, /a hold is below zero/],
    ['a count below zero', { counted_minor: -1, held_minor: 5 }, /a hold is below zero/],
    ['an account that nobody has', { account_id: 'acc_none' }, REFERENCE],
    ['a Stripe card that nobody has', { stripe_card_id: 'ic_none' }, REFERENCE],
    ['a card that nobody has', { card_id: 'card_none' }, /null value in column "owner_id"/],
    ['another currency than that of the account', { currency: 'eur' }, REFERENCE],
    ['another tenant than that of the account', { tenant_id: 'ten_none' }, REFERENCE],
    ['no authorization', { authorization_id: null }, /null value/],
  ])('is refused as a whole: %s', async (_what, over, refusal) => {
    const program = await rich();
    await expect(post(holdOf(program), holdOf(program, over))).rejects.toThrow(refusal);
    expect(await balancesOf(app, program)).toMatchObject({ available: 1_000, held: 0 });
    expect(await postingsOf(program)).toHaveLength(1);
  });

  it('is refused for an increment in another currency, or of another tenant', async () => {
    const program = await rich();
    const first = holdOf(program);
    const { authorization_id } = first;
    await post(first);
    for (const over of [{ currency: 'eur' }, { tenant_id: (await rich()).tenantId }]) {
      const wrong = holdOf(program, { authorization_id, ...over });
      await expect(post(wrong)).rejects.toThrow(REFERENCE);
    }
    expect(await balancesOf(app, program)).toMatchObject({ held: 100 });
  });

  it('is refused for an authorization of another account, known or new', async () => {
    const [one, other] = [await rich(), await rich()];
    const refusal = 'an authorization belongs to another account';
    const known = holdOf(one);
    await post(known);
    const { authorization_id } = known;
    await expect(post(holdOf(other, { authorization_id }))).rejects.toThrow(refusal);
    const fresh = holdOf(one);
    const stolen = holdOf(other, { authorization_id: fresh['authorization_id'] });
    await expect(post(fresh, stolen)).rejects.toThrow(refusal);
    expect(await authorizationOf(fresh)).toBeUndefined();
    expect(await balancesOf(app, other)).toMatchObject({ held: 0 });
  });
});

describe('a decision', () => {
  const insert = (program: CardProgram, over: Hold) => {
    count += 1;
    const row = {
      tenant_id: program.tenantId,
      request_id: `evt_refers${count}`,
      decision_id: `dec_refers${count}`,
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
    return app`insert into decisions ${app(row)}`;
  };
  const REFERENCE = /refers to something that does not exist/;

  it.each([
    ['an account', { account_id: 'acc_none' }],
    ['a card', { card_id: 'card_none' }],
    ['an account without a card', { account_id: 'acc_none', card_id: null }],
    ['a tenant', { tenant_id: 'ten_none' }],
    ['a tenant alone', { tenant_id: 'ten_none', account_id: null, card_id: null }],
  ])('cannot refer to %s that is not there', async (_what, over) => {
    await expect(insert(await rich(), over)).rejects.toThrow(REFERENCE);
  });

  it("cannot refer to another tenant's account or card", async () => {
    const [program, other] = [await rich(), await rich()];
    const theirs = [{ account_id: other.accountId }, { card_id: other.cardId }];
    for (const over of theirs) await expect(insert(program, over)).rejects.toThrow(REFERENCE);
    await expect(insert(program, {})).resolves.toBeDefined();
    await expect(insert(program, { account_id: null, card_id: null })).resolves.toBeDefined();
  });

  it.each([
    ['more than was asked', { approved: true, approved_minor: 101, reason: 'APPROVED' }],
    ['an amount and a decline', { approved_minor: 1 }],
    ['an approval without an account', { approved: true, account_id: null, card_id: null }],
    ['nothing of the request, though it was read', { currency: null }],
  ])('cannot say %s', async (_what, over) => {
    await expect(insert(await rich(), over)).rejects.toThrow(/check constraint/);
  });
});

describe('an authorization', () => {
  const insert = (program: CardProgram, over: Hold) => {
    count += 1;
    const row = {
      tenant_id: program.tenantId,
      authorization_id: `iauth_refers${count}`,
      account_id: program.accountId,
      card_id: program.cardId,
      stripe_card_id: program.stripeCardId,
      currency: 'usd',
      anchored_at: AT,
      ...over,
    };
    return app`insert into authorizations ${app(row)}`;
  };
  const REFERENCE = /refers to something that does not exist/;

  it('cannot refer to what is not there, or to what is of another tenant or card', async () => {
    const [program, other] = [await rich(), await rich()];
    const wrong = [
      { account_id: 'acc_none' },
      { account_id: other.accountId },
      { stripe_card_id: 'ic_none' },
      { stripe_card_id: other.stripeCardId },
      { card_id: other.cardId },
      { tenant_id: other.tenantId },
      { currency: 'eur' },
    ];
    for (const over of wrong) await expect(insert(program, over)).rejects.toThrow(REFERENCE);
    await expect(insert(program, {})).resolves.toBeDefined();
  });

  it('cannot come to do so later', async () => {
    const [program, other] = [await rich(), await rich()];
    const hold = holdOf(program);
    await post(hold);
    for (const over of [{ card_id: other.cardId }, { stripe_card_id: other.stripeCardId }]) {
      const changed = app`
        select post_entries(null, (
          select json_agg(to_jsonb(z) || jsonb_build_object('anchored_s', extract(epoch from anchored_at))
                   || ${JSON.stringify(over)}::text::jsonb)
            from authorizations z where authorization_id = ${String(hold['authorization_id'])}), null, null)`;
      await expect(changed).rejects.toThrow(REFERENCE);
    }
  });
});
