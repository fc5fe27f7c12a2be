import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { applyInbox } from '../../src/adapters/postgres/apply/inbox-apply.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { reasonToIgnore } from '../../src/domain/event-types.ts';
import { UNKNOWN_CARD_PARKED_MS } from '../../src/domain/limits.ts';
import {
  balancesOf,
  brokenInvariants,
  type CardProgram,
  createCardProgram,
} from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  arrivalClock,
  authorization,
  event,
  START_S,
  store,
  transaction,
} from '../support/stripe-events.ts';
import { wrongBooks } from './relay-inbox.ts';

let database: TestDatabase;
let sql: Sql;
let owner: Sql;
let offsetMs = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 6, name: 'test-apply' });
  owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-apply-owner' });
});
afterEach(async () => {
  offsetMs = 0;
  expect(await brokenInvariants(sql)).toEqual([]);
  expect(await wrongBooks(sql)).toEqual([]);
});
afterAll(async () => {
  await sql.end();
  await owner.end();
  await database.drop();
});

const clock = { nowMs: () => arrivalClock.nowMs() + offsetMs };

/** Applies everything that is due, as the relay's loop does. */
async function applyAll(): Promise<void> {
  const errors: unknown[] = [];
  for (;;) {
    const counts = await applyInbox(sql, {
      interpret: interpretEvent,
      clock,
      lanesMax: 4,
      onError: (_group, error) => errors.push(error),
    });
    if (errors.length > 0) throw errors[0];
    if (counts.applied + counts.ignored + counts.attention === 0) return;
  }
}

async function deliver(
  program: CardProgram,
  ...events: readonly ReturnType<typeof event>[]
): Promise<void> {
  await store(sql, program.tenantId, events);
  await applyAll();
}

const statusOf = async (id: unknown) => {
  const [row] = await sql<{ status: string; reason: string | null }[]>`
    select status, reason from inbox where event_id = ${String(id)}`;
  return row;
};
const openItems = async (program: CardProgram) =>
  (
    await sql<{ kind: string }[]>`
    select kind from attention_items where tenant_id = ${program.tenantId} and closed_at is null order by kind`
  ).map((row) => row.kind);
const factsOf = async (program: CardProgram) =>
  (
    await sql<{ kind: string }[]>`
    select kind from facts where card_id = ${program.cardId} order by fact_id`
  ).map((row) => row.kind);

describe('applying money', () => {
  it('adopts an approval that we never saw, and captures it in full', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const card = program.stripeCardId;
    await deliver(
      program,
      event('issuing_authorization.created', authorization({ id: 'iauth_full', card })),
    );
    expect(await balancesOf(sql, program)).toMatchObject({ available: 4_000, held: 1_000 });
    const capture = transaction({
      id: 'ipi_full',
      card,
      amount: -1_000,
      authorization: 'iauth_full',
    });
    await deliver(
      program,
      event('issuing_transaction.created', capture, { atS: START_S + 60 }),
      event(
        'issuing_authorization.updated',
        authorization({ id: 'iauth_full', card, status: 'closed', transactions: [capture] }),
        { atS: START_S + 61 },
      ),
    );
    expect(await balancesOf(sql, program)).toMatchObject({
      available: 4_000,
      held: 0,
      settlement: 1_000,
    });
    const [row] =
      await sql`select flags, status from authorizations where authorization_id = 'iauth_full'`;
    expect(row).toMatchObject({ flags: ['adopted'], status: 'closed' });
  });

  it('books a capture once, whichever of its events comes first and however often', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const card = program.stripeCardId;
    const capture = transaction({
      id: 'ipi_once',
      card,
      amount: -700,
      authorization: 'iauth_once',
    });
    const closing = event(
      'issuing_authorization.updated',
      authorization({ id: 'iauth_once', card, status: 'closed', transactions: [capture] }),
      { atS: START_S + 9 },
    );
    await deliver(program, closing);
    expect(await balancesOf(sql, program)).toMatchObject({
      available: 4_300,
      held: 0,
      settlement: 700,
    });
    await deliver(
      program,
      event('issuing_transaction.created', capture),
      event('issuing_transaction.created', capture),
      event('issuing_authorization.created', authorization({ id: 'iauth_once', card })),
    );
    expect(await balancesOf(sql, program)).toMatchObject({
      available: 4_300,
      held: 0,
      settlement: 700,
    });
  });

  it('overdraws the account where the network forces it, says so, and takes the item back when repaid', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 100 });
    const card = program.stripeCardId;
    await deliver(
      program,
      event('issuing_transaction.created', transaction({ id: 'ipi_forced', card, amount: -300 })),
    );
    expect(await balancesOf(sql, program)).toMatchObject({ available: -200, settlement: 300 });
    expect(await openItems(program)).toEqual(['account_overdrawn', 'forced_capture']);
    expect(await factsOf(program)).toEqual([]);
    await deliver(
      program,
      event('issuing_transaction.created', transaction({ id: 'ipi_refund', card, amount: 250 })),
    );
    expect(await openItems(program)).toEqual(['forced_capture', 'unlinked_refund']);
  });

  it('books money of an unknown card in suspense, and moves it when the card is known', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_000 });
    const capture = event(
      'issuing_transaction.created',
      transaction({ id: 'ipi_lost', card: 'ic_unknown', amount: -400 }),
    );
    await deliver(program, capture);
    expect(await statusOf(capture['id'])).toMatchObject({ status: 'applied' });
    expect(await balancesOf(sql, program)).toMatchObject({
      available: 1_000,
      settlement: 400,
      suspense: -400,
    });
    expect(await openItems(program)).toEqual(['transaction_of_unknown_card']);
    await sql`insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
      values (${program.tenantId}, 'ic_unknown', ${program.cardId}, 2, 'active', '1111', 1, 2031)`;
    await deliver(
      program,
      event(
        'issuing_authorization.created',
        authorization({ id: 'iauth_later', card: 'ic_unknown', approved: false }),
      ),
    );
    expect(await balancesOf(sql, program)).toMatchObject({
      available: 600,
      settlement: 400,
      suspense: 0,
    });
    // As if it had come now: a capture without an authorization of a known card.
    expect(await openItems(program)).toEqual(['forced_capture']);
  });

  it('flags a capture of a declined authorization', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_000 });
    const card = program.stripeCardId;
    await deliver(
      program,
      event(
        'issuing_authorization.created',
        authorization({ id: 'iauth_no', card, approved: false }),
      ),
      event(
        'issuing_transaction.created',
        transaction({ id: 'ipi_no', card, amount: -50, authorization: 'iauth_no' }),
      ),
    );
    expect(await openItems(program)).toEqual(['captured_while_declined']);
    expect(await balancesOf(sql, program)).toMatchObject({ available: 950, held: 0 });
  });

  it('keeps the larger hold while two views of one second contradict each other, until the object is fetched', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 5_000 });
    const card = program.stripeCardId;
    const view = (amount: number) =>
      authorization({
        id: 'iauth_tie',
        card,
        amount,
        history: [{ amount: 1_000, approved: true }],
      });
    await deliver(
      program,
      event('issuing_authorization.updated', view(1_000)),
      event('issuing_authorization.updated', view(600)),
    );
    expect(await balancesOf(sql, program)).toMatchObject({ held: 1_000 });
    const [tied] = await sql`select flags from authorizations where authorization_id = 'iauth_tie'`;
    expect(tied?.['flags']).toContain('tied');
    await deliver(program, event('issuing_authorization.fetched', view(600), { atS: START_S + 2 }));
    expect(await balancesOf(sql, program)).toMatchObject({ held: 600 });
  });
});

describe('rows that are not applied', () => {
  it('are ignored with the reason when the type is not used', async () => {
    const program = await createCardProgram(sql);
    const unused = event('issuing_settlement.created', { id: 'ise_1' });
    await deliver(program, unused);
    expect(await statusOf(unused['id'])).toEqual({
      status: 'ignored',
      reason: reasonToIgnore('issuing_settlement.created'),
    });
  });

  it('are parked while the card is unknown, and become an item after 24 hours, whatever the relay’s clock says', async () => {
    const program = await createCardProgram(sql);
    const early = event(
      'issuing_authorization.created',
      authorization({ id: 'iauth_early', card: 'ic_nobody' }),
    );
    const dayS = UNKNOWN_CARD_PARKED_MS / 1_000;
    const storedAgo = (seconds: number) => owner`
      update inbox set received_at = now() - make_interval(secs => ${seconds}), next_try_at = now()
       where event_id = ${String(early['id'])}`;
    offsetMs = 40 * UNKNOWN_CARD_PARKED_MS;
    await deliver(program, early);
    expect(await statusOf(early['id'])).toMatchObject({ status: 'pending' });
    offsetMs = -offsetMs;
    await storedAgo(dayS - 60);
    await applyAll();
    expect(await statusOf(early['id'])).toMatchObject({ status: 'pending' });
    await storedAgo(dayS + 60);
    await applyAll();
    expect(await statusOf(early['id'])).toMatchObject({ status: 'attention' });
    expect(await openItems(program)).toEqual(['event_not_applied']);
  });

  it('become an item at once when they cannot be read, and do not hold up the rest of their group', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_000 });
    const card = program.stripeCardId;
    const broken = event('issuing_transaction.created', {
      ...transaction({ id: 'ipi_bad', card, amount: -1 }),
      amount: 'one',
    });
    await deliver(
      program,
      broken,
      event('issuing_transaction.created', transaction({ id: 'ipi_good', card, amount: -2 })),
    );
    expect(await statusOf(broken['id'])).toMatchObject({
      status: 'attention',
      reason: expect.stringContaining('amount'),
    });
    expect(await balancesOf(sql, program)).toMatchObject({ settlement: 2 });
  });

  it('become an item when the currency is not the account’s', async () => {
    const program = await createCardProgram(sql, { fundsMinor: 1_000 });
    const euro = event(
      'issuing_transaction.created',
      transaction({ id: 'ipi_eur', card: program.stripeCardId, amount: -1, currency: 'eur' }),
    );
    await deliver(program, euro);
    expect(await statusOf(euro['id'])).toMatchObject({ status: 'attention' });
    expect(await openItems(program)).toEqual(['transaction_of_wrong_currency']);
  });
});

describe('applying what is seen of cards and people', () => {
  it('keeps the newest view of a card and tells its workflow', async () => {
    const program = await createCardProgram(sql);
    const card = (status: string, shipping: string | null) => ({
      id: program.stripeCardId,
      status,
      last4: '4242',
      exp_month: 12,
      exp_year: 2030,
      cancellation_reason: null,
      shipping:
        shipping === null ? null : { status: shipping, carrier: 'dhl', tracking_number: 'T1' },
    });
    await deliver(
      program,
      event('issuing_card.updated', card('active', 'delivered'), { atS: START_S + 5 }),
      event('issuing_card.updated', card('inactive', 'shipped'), { atS: START_S }),
    );
    const [row] =
      await sql`select status, shipping_status, tracking_number from stripe_cards where stripe_card_id = ${program.stripeCardId}`;
    expect(row).toMatchObject({
      status: 'active',
      shipping_status: 'delivered',
      tracking_number: 'T1',
    });
    // The late one is followed by what it leads to.
    expect(await factsOf(program)).toEqual(['card_seen', 'card_seen', 'card_seen']);
  });

  it('stores a blocked cardholder where the next decision reads it, and tells the open cards', async () => {
    const program = await createCardProgram(sql);
    await sql`update cardholders set stripe_cardholder_id = 'ich_1' where cardholder_id = ${program.cardholderId}`;
    await deliver(
      program,
      event('issuing_cardholder.updated', {
        id: 'ich_1',
        status: 'blocked',
        requirements: { disabled_reason: 'listed' },
      }),
    );
    const [row] =
      await sql`select stripe_status, stripe_disabled_reason, version from cardholders where cardholder_id = ${program.cardholderId}`;
    expect(row).toMatchObject({
      stripe_status: 'blocked',
      stripe_disabled_reason: 'listed',
      version: 2,
    });
    expect(await factsOf(program)).toEqual(['cardholder_changed']);
  });

  it('ends at verified in any order of the outcomes of a verification', async () => {
    const program = await createCardProgram(sql, { phase: 'kyc' });
    await sql`update cardholders set kyc_session_id = 'vs_1', kyc_status = 'pending', kyc_verified_at = null where cardholder_id = ${program.cardholderId}`;
    const session = (status: string, code: string | null) => ({
      id: 'vs_1',
      status,
      last_error: code === null ? null : { code, reason: 'No.' },
    });
    await deliver(
      program,
      event('identity.verification_session.verified', session('verified', null), {
        atS: START_S + 9,
      }),
      event(
        'identity.verification_session.requires_input',
        session('requires_input', 'document_expired'),
        { atS: START_S },
      ),
    );
    const [row] =
      await sql`select kyc_status from cardholders where cardholder_id = ${program.cardholderId}`;
    expect(row).toMatchObject({ kyc_status: 'verified' });
    expect(await factsOf(program)).toEqual(['identity_verified']);
  });
});
