/** What the network posts to an account that is not open: always booked, and told of. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccountStore } from '../../src/adapters/postgres/account-store.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { balancesOf, brokenInvariants, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { event, transaction } from '../support/stripe-events.ts';
import { deliver, openItems, wrongBooks } from './relay-inbox.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-closed' });
});
afterAll(async () => {
  expect(await brokenInvariants(sql)).toEqual([]);
  expect(await wrongBooks(sql)).toEqual([]);
  await sql.end();
  await database.drop();
});

const booked = (id: string, card: string, amount: number) =>
  event('issuing_transaction.created', transaction({ id, card, amount }));
const flagsOf = async (id: string) =>
  (await sql<{ flags: string[] }[]>`select flags from transactions where transaction_id = ${id}`)[0]
    ?.flags;

describe('money of the network on an account that is not open', () => {
  it('is booked on a closed account, with an item until the account is open again', async () => {
    const program = await createCardProgram(sql);
    const accounts = createAccountStore(sql);
    expect(await accounts.changeStatus(program.accountId, 'close')).toMatchObject({
      kind: 'changed',
    });
    await deliver(sql, program, booked('ipi_late_refund', program.stripeCardId, 700));
    expect(await balancesOf(sql, program)).toMatchObject({ available: 700, settlement: -700 });
    expect(await flagsOf('ipi_late_refund')).toEqual(['unlinked_refund', 'account_closed']);
    expect(await openItems(sql, program)).toEqual(['money_on_closed_account', 'unlinked_refund']);
    await accounts.changeStatus(program.accountId, 'reopen');
    expect(await openItems(sql, program)).toEqual(['unlinked_refund']);
  });

  it('overdraws a closed account where it must, until somebody pays', async () => {
    const program = await createCardProgram(sql);
    const accounts = createAccountStore(sql);
    await accounts.changeStatus(program.accountId, 'close');
    await deliver(sql, program, booked('ipi_late_capture', program.stripeCardId, -300));
    expect(await openItems(sql, program)).toEqual([
      'account_overdrawn',
      'forced_capture',
      'money_on_closed_account',
    ]);
    await accounts.changeStatus(program.accountId, 'reopen');
    const { accountId } = program;
    const payment = { accountId, amountMinor: minorUnits(300), externalRef: null, atMs: 0 };
    const outcome = await sql.begin((tx) => createAccountStore(tx).credit(payment));
    expect(outcome).toMatchObject({ kind: 'booked' });
    expect(await openItems(sql, program)).toEqual(['forced_capture']);
  });

  it('is flagged on a frozen account, which needs nobody', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_000 });
    await createAccountStore(sql).changeStatus(program.accountId, 'freeze');
    await deliver(sql, program, booked('ipi_frozen', program.stripeCardId, -10));
    expect(await flagsOf('ipi_frozen')).toEqual(['forced_capture', 'account_frozen']);
    expect(await openItems(sql, program)).toEqual(['forced_capture']);
  });
});
