/** `ledger:verify` finds each kind of wrong books, and nothing in right ones. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rollUpLedger } from '../../src/adapters/postgres/ledger-roll-up.ts';
import { createSql, type Sql, type Transaction } from '../../src/adapters/postgres/pool.ts';
import {
  type Difference,
  runChecks,
  verifyLedger,
} from '../../src/adapters/postgres/verify/verify-ledger.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { parseAuthorizationId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { deliver } from '../relay/relay-inbox.ts';
import { askDecision } from '../support/ask-decision.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { authorization, event, START_S, transaction } from '../support/stripe-events.ts';

let database: TestDatabase;
let sql: Sql;
let owner: Sql;
let program: CardProgram;

const options = {
  interpret: interpretEvent,
  nowS: START_S + 1_000,
  differencesMax: 100,
};

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 5, name: 'test-verify' });
  owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-owner' });
  program = await createCardProgram(sql, { fundsMinor: 50_000 });
  await liveALittle();
});
afterAll(async () => {
  await sql.end();
  await owner.end();
  await database.drop();
});

/** Approved and captured, approved and open, declined, forced, refunded, in suspense and out of it. */
async function liveALittle(): Promise<void> {
  const card = program.stripeCardId;
  const decide = (id: string, asked: number) =>
    askDecision(sql, program, {
      requestId: `evt_${id}`,
      authorizationId: parseAuthorizationId(id),
      askedMinor: minorUnits(asked),
    });
  await decide('iauth_captured', 1_000);
  await decide('iauth_open', 2_000);
  await decide('iauth_declined', 90_000);
  await decide('iauth_unseen', 300);
  const listed = transaction({
    id: 'ipi_listed',
    card,
    amount: -800,
    authorization: 'iauth_captured',
  });
  const lost = { id: 'ipi_lost', card: 'ic_lost', amount: -70 };
  await deliver(
    sql,
    program,
    event(
      'issuing_authorization.updated',
      authorization({ id: 'iauth_captured', card, amount: 1_000, transactions: [listed] }),
      { atS: START_S + 10 },
    ),
    event(
      'issuing_authorization.created',
      authorization({ id: 'iauth_open', card, amount: 2_000 }),
    ),
    event(
      'issuing_transaction.created',
      transaction({ id: 'ipi_back', card, amount: 50, authorization: 'iauth_captured' }),
    ),
    event('issuing_transaction.created', transaction({ id: 'ipi_forced', card, amount: -33 })),
    event('issuing_transaction.created', transaction(lost)),
    event(
      'issuing_transaction.created',
      transaction({ id: 'ipi_dark', card: 'ic_dark', amount: -9 }),
    ),
  );
  await sql`
    insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
    values (${program.tenantId}, 'ic_lost', ${program.cardId}, 2, 'active', '4243', 12, 2030)`;
  await deliver(
    sql,
    program,
    event('issuing_transaction.created', transaction({ ...lost, id: 'ipi_next' })),
  );
  // Transactions of other databases of the server hold a roll-up back as well; they are over in a moment.
  await eventually(async () => (await rollUpLedger(sql)).waiting === 0);
}

/** What is found after a statement of the superuser that no trigger stops; the books are as before afterwards. */
async function foundAfter(
  statement: string,
  differencesMax = options.differencesMax,
): Promise<readonly Difference[]> {
  let found: readonly Difference[] = [];
  const undo = new Error('undone');
  await owner
    .begin('isolation level repeatable read', async (tx: Transaction) => {
      await tx`set local session_replication_role = replica`;
      await tx.unsafe(statement);
      ({ differences: found } = await runChecks(tx, { ...options, differencesMax }));
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  return found;
}

const ofAccount = (): string => `account_id = '${program.accountId}'`;

/** Each is planted alone: the statement, then the first difference as `what: expected / found`. */
const corruptions: readonly (readonly [string, () => string, RegExp])[] = [
  [
    'a balance',
    () => `update accounts set available_minor = available_minor + 1 where ${ofAccount()}`,
    /^account acc_\w+: available balance, by its postings: (\d+) \/ (?!\1)\d+$/,
  ],
  [
    'a held balance',
    () => `update accounts set held_minor = held_minor + 1 where ${ofAccount()}`,
    /^account acc_\w+: held balance, by its postings: 2500 \/ 2501$/,
  ],
  [
    'the number of the last posting',
    () => `update accounts set seq = seq + 1 where ${ofAccount()}`,
    /^account acc_\w+: number of the last posting: /,
  ],
  [
    'the amount of a posting',
    () => `update postings set amount_minor = amount_minor + 5 where seq = 2 and ${ofAccount()}`,
    /^account acc_\w+, posting 2: available balance after it: 48995 \/ 49000$/,
  ],
  [
    'a posting that is gone',
    () => `delete from postings where seq = 3 and ${ofAccount()}`,
    /^account acc_\w+, posting 3: its number: 3 \/ 4$/,
  ],
  [
    'a balance after a posting',
    () => `update postings set held_after_minor = 1 where seq = 2 and ${ofAccount()}`,
    /^account acc_\w+, posting 2: held balance after it: 1000 \/ 1$/,
  ],
  [
    'the time of a posting',
    () => `update postings set posted_at = '2001-01-01' where seq = 2 and ${ofAccount()}`,
    /^account acc_\w+, posting 2: earlier than the posting before it: false \/ true$/,
  ],
  [
    'a hold that moved to another purchase',
    () =>
      `update authorizations set held_minor = held_minor + case authorization_id when 'iauth_open' then -5 else 5 end
        where authorization_id in ('iauth_open', 'iauth_unseen')`,
    /^authorization iauth_open: hold, by its postings: 2000 \/ 1995$/,
  ],
  [
    'a hold that the views do not justify',
    () => `update authorizations set snapshot = jsonb_set(snapshot, '{0,status}', '"closed"')
        where authorization_id = 'iauth_open'`,
    /^authorization iauth_open: hold, by its views and decisions: 0 \/ 2000$/,
  ],
  [
    'a hold that our decision does not justify',
    () =>
      `update decisions set approved_minor = 299, asked_minor = 299 where authorization_id = 'iauth_unseen'`,
    /^authorization iauth_unseen: hold, by its views and decisions: 299 \/ 300$/,
  ],
  [
    'a captured amount',
    () => `update authorizations set captured_minor = 1 where authorization_id = 'iauth_captured'`,
    /^authorization iauth_captured: captured amount: 800 \/ 1$/,
  ],
  [
    'a refunded amount',
    () => `update authorizations set refunded_minor = 1 where authorization_id = 'iauth_captured'`,
    /^authorization iauth_captured: refunded amount: 50 \/ 1$/,
  ],
  [
    'a limit counter',
    () => `update authorizations set counted_minor = 1 where authorization_id = 'iauth_captured'`,
    /^authorization iauth_captured: amount counted towards limits: \d+ \/ 1$/,
  ],
  [
    'a limit counter of decisions alone',
    () => `update authorizations set counted_minor = 1 where authorization_id = 'iauth_unseen'`,
    /^authorization iauth_unseen: amount counted towards limits: 300 \/ 1$/,
  ],
  [
    'the window that a purchase counts in',
    () =>
      `update authorizations set anchored_at = '2020-01-01' where authorization_id = 'iauth_open'`,
    /^authorization iauth_open: counts at the moment of our first approval: true \/ false$/,
  ],
  [
    'a status',
    () => `update authorizations set status = 'expired' where authorization_id = 'iauth_open'`,
    /^authorization iauth_open: status: pending \/ expired$/,
  ],
  [
    'a flag',
    () => `update authorizations set flags = '{adopted}' where authorization_id = 'iauth_open'`,
    /^authorization iauth_open: flags: {2}\/ adopted$/,
  ],
  [
    'a record that is awaited and booked',
    () => `update authorizations set awaits = array(select transaction_id from transactions where type = 'capture'
             and authorization_id = 'iauth_captured') where authorization_id = 'iauth_captured'`,
    /^authorization iauth_captured: records that it awaits: {2}\/ ipi_\w+$/,
  ],
  [
    'a decision that is not confirmed',
    () => `update decisions set confirmed = true where authorization_id = 'iauth_unseen'`,
    /^authorization iauth_unseen: decisions that are confirmed: {2}\/ evt_iauth_unseen$/,
  ],
  [
    'a listed capture of another amount',
    () => `update authorizations set snapshot = jsonb_set(snapshot, '{0,captures,0,amountMinor}', '799')
        where authorization_id = 'iauth_captured'`,
    /^authorization iauth_captured, clearing record ipi_listed: amount, by the stored view: 799 \/ 800$/,
  ],
  [
    'the amount of a clearing record',
    () => `update transactions set amount_minor = 34 where transaction_id = 'ipi_forced'`,
    /^clearing record ipi_forced: owed to the networks: 34 \/ 33$/,
  ],
  [
    'a clearing record that was booked twice',
    () => `drop index journal_entries_transaction_once;
      insert into journal_entries (tenant_id, currency, kind, account_id, transaction_id)
      select tenant_id, currency, kind, account_id, transaction_id from journal_entries where transaction_id = 'ipi_forced'`,
    /^clearing record ipi_forced: entries that book it: 1 \/ 2$/,
  ],
  [
    'a clearing record without its entry',
    () => `delete from journal_entries where transaction_id = 'ipi_forced'`,
    /^clearing record ipi_forced: entries that book it: 1 \/ 0$/,
  ],
  [
    'a clearing record whose entry is of another kind',
    () => `update transactions set type = 'refund' where transaction_id = 'ipi_forced'`,
    /^clearing record ipi_forced: kind of its entry: refund \/ capture$/,
  ],
  [
    'money that left suspense twice',
    () => `drop index journal_entries_left_suspense_once;
      insert into journal_entries (tenant_id, currency, kind, account_id, transaction_id)
      select tenant_id, currency, kind, account_id, transaction_id from journal_entries where kind = 'suspense_resolution'`,
    /^clearing record ipi_lost: moved out of suspense at most once: true \/ false$/,
  ],
  [
    'money that waits in suspense, and nobody knows',
    () =>
      `update transactions set account_id = null, card_id = null where transaction_id = 'ipi_forced'`,
    /^clearing record ipi_forced: taken from its account: 0 \/ -33$/,
  ],
  [
    'an entry without postings',
    () => `insert into journal_entries (tenant_id, currency, kind, account_id)
      select tenant_id, currency, 'credit', account_id from accounts where ${ofAccount()}`,
    /^entry \d+ \(credit\): has postings: true \/ false$/,
  ],
  [
    'an entry whose clearing record is gone',
    () => `delete from transactions where transaction_id = 'ipi_dark'`,
    /^entry \d+ \(capture\): its clearing record ipi_dark is there: true \/ false$/,
  ],
  [
    'the amount of a confirmed decision',
    () => `update decisions set approved_minor = 1999 where authorization_id = 'iauth_open'`,
    /^entry \d+ \(hold\): what decision dec_\w+ set aside: 1999 \/ 2000$/,
  ],
  [
    'a correction that takes back something else',
    () => `with wrong as (
        insert into journal_entries (tenant_id, currency, kind, account_id, corrects_entry_id)
        select tenant_id, currency, 'correction', account_id, entry_id from journal_entries where kind = 'credit' limit 1
        returning *)
      insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor)
      select entry_id, tenant_id, currency, 'suspense', 'network_settlement', 1 from wrong`,
    /^entry \d+ \(correction\): takes back what entry \d+ moved: true \/ false$/,
  ],
  [
    'a posting without its entry',
    () => `insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor)
      values (999999, '${program.tenantId}', 'usd', 'suspense', 'network_settlement', 1)`,
    /^posting \d+ of entry 999999: tenant and currency of its entry: ten_\w+ usd \/ nothing$/,
  ],
  [
    'a posting of another currency',
    () => `update postings set currency = 'eur' where account_id is null`,
    /^posting \d+ of entry \d+: tenant and currency of its entry: ten_\w+ eur \/ ten_\w+ usd$/,
  ],
  [
    'a posting that was added later',
    () => `update postings set written_by = '7' where account_id is null`,
    /^posting \d+ of entry \d+: written after its entry was complete: false \/ true$/,
  ],
  [
    'a total of the roll-up',
    () => `update ledger_totals set balance_minor = balance_minor + 1 where kind = 'suspense'`,
    /^total of ten_\w+ usd suspense: sum of the postings rolled up: -9 \/ -8$/,
  ],
  [
    'an event whose clearing record has another amount',
    () => `update inbox set payload = jsonb_set(payload::jsonb, '{data,object,amount}', '-34')
        where payload::jsonb #>> '{data,object,id}' = 'ipi_forced'`,
    /^clearing record ipi_forced: as event evt_\w+ shows it: capture 34 usd \/ capture 33 usd$/,
  ],
  [
    'an applied event that was never booked',
    () => `update inbox set payload = jsonb_set(payload::jsonb, '{data,object,id}', '"ipi_never"')
        where payload::jsonb #>> '{data,object,id}' = 'ipi_forced'`,
    /^clearing record ipi_never: as event evt_\w+ shows it: capture 33 usd \/ nothing$/,
  ],
  [
    'the spending of a card',
    () => `update card_spending set captured_minor = 1`,
    /^spending of card card_\w+: captured amount: \d+ \/ 1$/,
  ],
  [
    'a purchase that is not counted',
    () => `delete from card_spending`,
    /^spending of card card_\w+: purchases: 5 \/ 0$/,
  ],
  [
    'what an account has spent on a day',
    () =>
      `update spending set amount_minor = amount_minor + 1 where owner_id = '${program.accountId}'`,
    /^spending of acc_\w+ on [-\d]+ in bakeries: amount: (\d+) \/ (?!\1)\d+$/,
  ],
  [
    'how often an account was spent from on a day',
    () => `update spending set purchases = purchases + 1 where owner_id = '${program.accountId}'`,
    /^spending of acc_\w+ on [-\d]+ in bakeries: purchases: 3 \/ 4$/,
  ],
  [
    'what a card has spent, and nobody knows',
    () => `delete from spending where owner_id = '${program.cardId}'`,
    /^spending of card_\w+ on [-\d]+ in bakeries: amount: \d+ \/ 0$/,
  ],
  [
    'what was spent on another day',
    () => `update spending set spent_on = '2001-01-01' where owner_id = '${program.cardId}'`,
    /^spending of card_\w+ on 2001-01-01 in bakeries: amount: 0 \/ \d+$/,
  ],
  [
    'what was spent in another category',
    () => `update spending set category = '' where owner_id = '${program.cardId}'`,
    /^spending of card_\w+ on [-\d]+ in no category: amount: 0 \/ \d+$/,
  ],
  [
    'what nobody has spent',
    () => `insert into spending values ('zzz_1', '2001-01-01', 'bars', 5, 1)`,
    /^spending of zzz_1 on 2001-01-01 in bars: amount: 0 \/ 5$/,
  ],
];

describe('ledger:verify', () => {
  it('finds nothing in right books, and says what it has looked at', async () => {
    const told: string[] = [];
    const onProgress = (rows: string) => told.push(rows);
    const verification = await verifyLedger(sql, { ...options, onProgress });
    expect(verification.differences).toEqual([]);
    expect(verification.counts).toEqual([
      { rows: 'accounts', count: 1 },
      { rows: 'authorizations', count: 3 },
      { rows: 'clearing records', count: 6 },
      { rows: 'entries', count: expect.any(Number) },
      { rows: 'postings', count: expect.any(Number) },
      { rows: 'events about money', count: 7 },
      { rows: 'cards', count: 1 },
      { rows: 'spenders', count: 2 },
    ]);
    expect(told).toContain('postings');
  });

  it.each(corruptions)('names %s', async (_what, statement, expected) => {
    const [first] = await foundAfter(statement());
    expect(`${first?.what}: ${first?.expected} / ${first?.found}`).toMatch(expected);
  });

  it('looks no further after as many differences as are wanted', async () => {
    const statement = 'update accounts set available_minor = 0, held_minor = 0';
    expect((await foundAfter(statement)).length).toBeGreaterThan(2);
    expect(await foundAfter(statement, 2)).toHaveLength(2);
  });
});
