/** Money that came before its card was known, moved by the card's recording alone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCardStore } from '../../src/adapters/postgres/card-store.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { parseStripeCardId } from '../../src/domain/ids.ts';
import { APPLY_ATTEMPTS_MAX } from '../../src/domain/limits.ts';
import { UNKNOWN_CARD } from '../../src/domain/sighting-intake.ts';
import {
  balancesOf,
  brokenInvariants,
  type CardProgram,
  createCardProgram,
} from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { authorization, event, transaction } from '../support/stripe-events.ts';
import { applyDue, deliver, openItems, rowOf, spendingOf, wrongBooks } from './relay-inbox.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 6, name: 'test-suspense' });
});
afterAll(async () => {
  expect(await brokenInvariants(sql)).toEqual([]);
  expect(await wrongBooks(sql)).toEqual([]);
  await sql.end();
  await database.drop();
});

const record = (program: CardProgram, stripeCardId: string) =>
  createCardStore(sql).recordStripeCard(
    { cardId: program.cardId, tenant: { tenantId: program.tenantId, stripeAccount: null } },
    {
      card: {
        stripeCardId: parseStripeCardId(stripeCardId),
        status: 'active',
        cancellationReason: null,
        last4: '1111',
        expMonth: 1,
        expYear: 2031,
        shippingStatus: null,
        replacedBy: null,
        parcel: null,
        fraudWarning: null,
      },
      attempt: 2,
      current: false,
    },
  );

const story = (card: string) => [
  event(
    'issuing_transaction.created',
    transaction({ id: `ipi_linked${card}`, card, amount: -400, authorization: `iauth_${card}` }),
  ),
  event('issuing_transaction.created', transaction({ id: `ipi_forced${card}`, card, amount: -30 })),
  event('issuing_transaction.created', transaction({ id: `ipi_back${card}`, card, amount: 10 })),
  event('issuing_transaction.created', {
    ...transaction({ id: `ipi_euro${card}`, card, amount: -7, currency: 'eur' }),
  }),
];

async function ending(program: CardProgram, card: string) {
  const authorizations = await sql`
    select status, held_minor, captured_minor, is_purchase from authorizations where card_id = ${program.cardId}`;
  const transactions = await sql`
    select type, amount_minor, currency, flags, account_id is null as aside, card_id is null as nobody
      from transactions where stripe_card_id = ${card} order by amount_minor`;
  const facts =
    await sql`select kind, body from facts where card_id = ${program.cardId} order by kind`;
  const [account] = await sql`
    select available_minor, held_minor from accounts where account_id = ${program.accountId}`;
  const trial = await sql`
    select currency, kind, balance_minor from trial_balance where tenant_id = ${program.tenantId} and balance_minor <> 0
     order by 1, 2`;
  return {
    account,
    trial: [...trial],
    spending: await spendingOf(sql, program),
    items: await openItems(sql, program),
    authorizations: [...authorizations],
    transactions: [...transactions],
    facts: [...facts],
  };
}

describe('money in suspense', () => {
  it('ends as if it had come after the card was recorded, with nothing else to wake it', async () => {
    const early = await createCardProgram(sql, { fundsMinor: 1_000 });
    await deliver(sql, early, ...story('ic_early'));
    expect((await ending(early, 'ic_early')).account).toMatchObject({ available_minor: 1_000 });
    await record(early, 'ic_early');
    expect(await applyDue(sql)).toEqual([]);

    const late = await createCardProgram(sql, { fundsMinor: 1_000 });
    await record(late, 'ic_late');
    await deliver(sql, late, ...story('ic_late'));

    const result = await ending(early, 'ic_early');
    expect(result).toEqual(await ending(late, 'ic_late'));
    expect(result.account).toMatchObject({ available_minor: 580, held_minor: 0 });
    expect(result.spending).toEqual({ purchases: 2, captures: 2, captured: 430, refunded: 10 });
    expect(result.items).toEqual([
      // Nobody has shown the authorization that the first record names.
      'cleared_unseen',
      'forced_capture',
      'transaction_of_wrong_currency',
      'unlinked_refund',
    ]);
  });

  it('learns its authorization while the card is unknown', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 100 });
    const seen = (authorizationId: string | null) =>
      event(
        'issuing_transaction.created',
        transaction({
          id: 'ipi_learns',
          card: 'ic_learns',
          amount: -9,
          authorization: authorizationId,
        }),
      );
    await deliver(sql, program, seen(null), seen('iauth_learns'));
    await record(program, 'ic_learns');
    await applyDue(sql);
    expect(await openItems(sql, program)).toEqual(['cleared_unseen']);
    expect(await spendingOf(sql, program)).toMatchObject({ purchases: 1, captures: 1 });
  });

  it('is moved together with the parked views of the card, which need not wait for their next try', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 2_000 });
    const parked = event(
      'issuing_authorization.created',
      authorization({ id: 'iauth_parked', card: 'ic_parked' }),
    );
    await deliver(sql, program, parked);
    await sql`update inbox set next_try_at = now() + interval '10 minutes' where event_id = ${String(parked['id'])}`;
    await record(program, 'ic_parked');
    await applyDue(sql);
    expect(await rowOf(sql, parked['id'])).toMatchObject({ status: 'applied' });
    expect(await balancesOf(sql, program)).toMatchObject({ held: 1_000 });
  });

  it('is followed by what was given up, with all its attempts, be it with its last one', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 2_000 });
    const given = event(
      'issuing_authorization.created',
      authorization({ id: 'iauth_given', card: 'ic_given' }),
    );
    await deliver(sql, program, given);
    await sql`
      update inbox set status = 'attention', reason = ${UNKNOWN_CARD}, settled_at = now(), failures = ${APPLY_ATTEMPTS_MAX}
       where event_id = ${String(given['id'])}`;
    await record(program, 'ic_given');
    await applyDue(sql);
    expect(await rowOf(sql, given['id'])).toMatchObject({ status: 'applied' });
  });
});
