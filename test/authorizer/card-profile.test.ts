/** What the database says of a card before the rules are asked. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import type { CardProfile } from '../../src/domain/card-profile.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { anotherCard } from '../support/limited-cards.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 1, name: 'test-profile' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

async function profileOf(program: CardProgram, of: { readonly account?: string | null } = {}) {
  const [row] = await sql<{ profile: CardProfile | null }[]>`
    select card_profile(${of.account === undefined ? sql`t.stripe_account` : of.account}, ${program.stripeCardId}) as profile
      from tenants t where tenant_id = ${program.tenantId}`;
  return row?.profile;
}

describe('the profile of a card', () => {
  it('says all that the rules need', async () => {
    const program = await createCardProgram(sql, { currency: 'eur' });
    const { tenantId, accountId, cardId, cardholderId } = program;
    await sql`update tenants set fx_margin_bp = 250, fuel_hold_minor = 12345, version = 2,
      controls = '{"blockedCountries":["T"]}' where tenant_id = ${tenantId}`;
    await sql`update accounts set allow_partial = true, status = 'frozen', version = 3,
      controls = '{"blockedCountries":["A"]}' where account_id = ${accountId}`;
    await sql`update cards set controls = '{"blockedCountries":["C"]}', version = 4 where card_id = ${cardId}`;
    await sql`update cardholders set stripe_status = 'active', version = 5 where cardholder_id = ${cardholderId}`;
    expect(await profileOf(program)).toEqual({
      tenantId,
      cardId,
      chainId: cardId,
      accountId,
      cardholderId,
      currency: 'eur',
      phase: 'active',
      isCurrentStripeCard: true,
      isFrozen: false,
      isCanceled: false,
      accountStatus: 'frozen',
      isCardholderBlocked: false,
      allowPartial: true,
      fxMarginBp: 250,
      fuelHoldMinor: 12_345,
      controls: {
        card: { blockedCountries: ['C'] },
        account: { blockedCountries: ['A'] },
        tenant: { blockedCountries: ['T'] },
      },
      versions: { card: 4, account: 3, cardholder: 5, tenant: 2 },
    });
  });

  it('names the first card of the chain of replacements that it belongs to', async () => {
    const first = await createCardProgram(sql);
    const second = await anotherCard(sql, first, 'replacing');
    const third = await anotherCard(sql, second, 'replacing');
    const beside = await anotherCard(sql, third, 'beside');
    expect(await profileOf(second)).toMatchObject({ cardId: second.cardId, chainId: first.cardId });
    expect(await profileOf(third)).toMatchObject({ cardId: third.cardId, chainId: first.cardId });
    expect(await profileOf(beside)).toMatchObject({ chainId: beside.cardId });
  });

  it.each([
    ['frozen', 'cards set freezes = \'{"operator":"lost"}\'', { isFrozen: true }],
    [
      'canceled',
      "cards set cancel_requested_at = now(), cancel_reason = 'lost'",
      { isCanceled: true },
    ],
    [
      'one that Stripe blocks',
      "cardholders set stripe_status = 'blocked'",
      { isCardholderBlocked: true },
    ],
    [
      'one that KYC rejected',
      "cardholders set kyc_status = 'rejected', kyc_verified_at = null",
      { isCardholderBlocked: true },
    ],
    ['another one by now', "cards set stripe_card_id = 'ic_newer'", { isCurrentStripeCard: false }],
  ])('says when it is %s', async (_what, change, said) => {
    const program = await createCardProgram(sql);
    const before = await profileOf(program);
    await sql.unsafe(`update ${change} where tenant_id = '${program.tenantId}'`);
    expect(await profileOf(program)).toEqual({ ...before, ...said });
  });

  it('is that of the card that was asked for, and of nobody else', async () => {
    const [one, two] = [await createCardProgram(sql), await createCardProgram(sql)];
    expect(await profileOf(one)).toMatchObject({ cardId: one.cardId, tenantId: one.tenantId });
    expect(await profileOf(two)).toMatchObject({ cardId: two.cardId, accountId: two.accountId });
    expect(await profileOf({ ...one, stripeCardId: 'ic_nobody' } as CardProgram)).toBeNull();
  });

  it('is not told to another Stripe account', async () => {
    const platform = await createCardProgram(sql, { stripeAccount: null });
    const connected = await createCardProgram(sql);
    expect(await profileOf(platform, { account: null })).toMatchObject({ cardId: platform.cardId });
    expect(await profileOf(platform, { account: 'acct_other' })).toBeNull();
    expect(await profileOf(connected, { account: 'acct_other' })).toBeNull();
    expect(await profileOf(connected, { account: null })).toBeNull();
  });
});
