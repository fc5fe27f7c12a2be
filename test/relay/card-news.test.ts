/** What the relay tells card workflows of sightings of cards, of fraud warnings and of disputes, and what it does not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCardControls } from '../../src/adapters/postgres/card-controls.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import type { Json } from '../../src/adapters/stripe/wire.ts';
import { parseCardId, parseStripeCardId } from '../../src/domain/ids.ts';
import { lifecycleText } from '../../src/domain/timeline-texts.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { event, START_S, store, transaction } from '../support/stripe-events.ts';
import { applyDue, deliver, openItems, rowOf } from './relay-inbox.ts';

let database: TestDatabase;
let sql: Sql;
beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 6, name: 'test-card-news' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

/** What an event shows of the card; a plain one shows nothing that is not known. */
interface Shown {
  readonly status?: string;
  readonly was?: string;
  readonly shipping?: string;
  readonly reason?: string;
  readonly year?: number;
  readonly warning?: { readonly started_at: number | null; readonly type: string };
  readonly atS?: number;
}

const cardEvent = (program: CardProgram, shown: Shown): Json =>
  event(
    'issuing_card.updated',
    {
      id: program.stripeCardId,
      status: shown.status ?? 'active',
      last4: '4242',
      exp_month: 12,
      exp_year: shown.year ?? 2030,
      cancellation_reason: shown.reason ?? null,
      shipping: shown.shipping === undefined ? null : { status: shown.shipping },
      latest_fraud_warning: shown.warning ?? null,
    },
    {
      atS: shown.atS ?? START_S,
      previous: shown.was === undefined ? {} : { status: shown.was },
    },
  );

const tell = (program: CardProgram, ...all: readonly Shown[]): Promise<void> =>
  deliver(sql, program, ...all.map((shown) => cardEvent(program, shown)));

const factsOf = async ({ cardId }: CardProgram) =>
  (
    await sql<{ body: { kind: string } & Record<string, unknown> }[]>`
      select body from facts where card_id = ${cardId} order by fact_id`
  ).map(({ body }) => body);

const timelineOf = async ({ cardId }: CardProgram) =>
  (
    await sql<{ kind: string; body: Record<string, unknown> }[]>`
      select kind, body from card_timeline where card_id = ${cardId} order by timeline_id`
  ).map(({ kind, body }) => ({ kind, ...body }));

const freezesOf = async ({ cardId }: CardProgram) => {
  const [row] = await sql<
    { freezes: unknown }[]
  >`select freezes from cards where card_id = ${cardId}`;
  return row?.freezes;
};

/** The row as it was made with the card: base and status are the same. */
async function inactiveProgram(): Promise<CardProgram> {
  const program = await createCardProgram(sql);
  await sql`update stripe_cards set status = 'inactive', shipping_status = 'pending'
    where stripe_card_id = ${program.stripeCardId}`;
  return program;
}

describe('a sighting of a card', () => {
  it('that shows what is known is not told', async () => {
    const program = await inactiveProgram();
    await tell(
      program,
      { status: 'inactive', shipping: 'pending' },
      { status: 'inactive', shipping: 'submitted', atS: START_S + 1 },
      { status: 'inactive', shipping: 'pending', atS: START_S + 2 },
    );
    expect(await factsOf(program)).toEqual([]);
    expect(await timelineOf(program)).toEqual([
      { kind: 'shipping_changed', status: 'submitted', stripeCardId: program.stripeCardId },
    ]);
  });

  it('is told when the parcel gets on, and what comes late about it is not', async () => {
    const program = await inactiveProgram();
    await tell(
      program,
      { status: 'inactive', shipping: 'delivered', atS: START_S + 3 },
      { status: 'inactive', shipping: 'shipped', atS: START_S + 2 },
      { status: 'inactive', shipping: 'returned', atS: START_S + 4 },
    );
    expect((await factsOf(program)).map((fact) => fact['shippingStatus'])).toEqual([
      'delivered',
      'returned',
    ]);
    expect((await timelineOf(program)).map((row) => 'status' in row && row.status)).toEqual([
      'delivered',
      'returned',
    ]);
  });

  it('is told when its status changes, also to what is known: other events may be missing', async () => {
    const program = await inactiveProgram();
    // The event of the activation was lost, so the row never was active; the workflow may be.
    await tell(program, { status: 'inactive', was: 'active' });
    expect(await factsOf(program)).toMatchObject([{ kind: 'card_seen', status: 'inactive' }]);
  });

  it('is told with a new reason, and a new expiry as the first moment after it', async () => {
    const program = await inactiveProgram();
    await tell(
      program,
      { status: 'canceled', was: 'inactive', atS: START_S + 1 },
      { status: 'canceled', reason: 'fulfillment_error', atS: START_S + 2 },
      { status: 'canceled', reason: 'fulfillment_error', atS: START_S + 3 },
      { status: 'canceled', year: 2031, atS: START_S + 4 },
    );
    expect(await factsOf(program)).toMatchObject([
      { status: 'canceled', cancellationReason: null, expiresMs: Date.UTC(2031, 0, 1) },
      { cancellationReason: 'fulfillment_error' },
      { expiresMs: Date.UTC(2032, 0, 1) },
    ]);
  });
});

describe('a fraud warning', () => {
  const warning = { started_at: START_S, type: 'third_party_reported' };
  const warned = async (): Promise<CardProgram> => {
    const program = await createCardProgram(sql);
    await tell(program, { warning });
    return program;
  };

  it('freezes the card, and asks a person', async () => {
    const program = await warned();
    expect(await freezesOf(program)).toEqual({ fraud: 'third_party_reported' });
    expect(await factsOf(program)).toEqual([
      { kind: 'freeze_changed', frozen: true, version: 2, by: ['fraud'] },
    ]);
    expect(await openItems(sql, program)).toEqual(['fraud_warning']);
    expect(await timelineOf(program)).toMatchObject([
      { kind: 'fraud_warned', type: 'third_party_reported' },
    ]);
  });

  it('offers to replace the card as stolen, in the item and in the timeline', async () => {
    const program = await warned();
    const [entry] = await timelineOf(program);
    const [item] = await warningsOf(program);
    for (const told of [entry, item]) {
      expect(told).toMatchObject({ offer: 'replace', reason: 'stolen' });
    }
    expect(lifecycleText('fraud_warned', { ...entry })).toBe(
      'Stripe warns of fraud: third party reported. Offered: replace as stolen',
    );
  });

  const warningsOf = ({ cardId }: CardProgram) => sql`
    select details ->> 'offer' as offer, details ->> 'reason' as reason from attention_items
     where card_id = ${cardId} and kind = 'fraud_warning' and closed_at is null`;

  const lift = (program: CardProgram): Promise<void> =>
    sql.begin(async (tx) => {
      const controls = createCardControls(tx);
      const card = await controls.lock(program.cardId);
      if (card === undefined) throw new Error('the card is there');
      await controls.unfreeze(card, { by: 'fraud', reason: 'the holder knows the purchase' });
    });

  it('that was dismissed freezes no second time, in whichever order it is seen again', async () => {
    const program = await warned();
    await lift(program);
    expect(await openItems(sql, program)).toEqual([]);
    await tell(
      program,
      { warning, atS: START_S + 5 },
      { warning: { started_at: START_S - 60, type: 'user_indicated_fraud' }, atS: START_S - 50 },
    );
    expect(await freezesOf(program)).toEqual({});
    expect(await openItems(sql, program)).toEqual([]);
    const newer = { started_at: START_S + 60, type: 'fraud_dispute_filed' };
    await tell(program, { warning: newer, atS: START_S + 61 });
    expect(await freezesOf(program)).toEqual({ fraud: 'fraud_dispute_filed' });
  });

  it('leaves the freezes of others, and says whose stand', async () => {
    const program = await createCardProgram(sql);
    await sql`update cards set freezes = '{"cardholder":"lost"}' where card_id = ${program.cardId}`;
    await tell(program, { warning });
    expect(await factsOf(program)).toMatchObject([{ by: ['cardholder', 'fraud'] }]);
    await lift(program);
    expect(await freezesOf(program)).toEqual({ cardholder: 'lost' });
  });

  it('without a time freezes once', async () => {
    const program = await createCardProgram(sql);
    const vague = { started_at: null, type: 'card_testing_exposure' };
    await tell(program, { warning: vague });
    await lift(program);
    await tell(program, { warning: vague, atS: START_S + 1 });
    expect(await freezesOf(program)).toEqual({});
  });

  it('about a Stripe card that is not current, or a card that has ended, is noted only', async () => {
    const other = await createCardProgram(sql);
    await sql`update cards set stripe_card_id = 'ic_newer' where card_id = ${other.cardId}`;
    const ended = await createCardProgram(sql, { phase: 'closed' });
    for (const program of [other, ended]) {
      await tell(program, { warning });
      expect(await freezesOf(program)).toEqual({});
      expect(await factsOf(program)).toEqual([]);
      const timeline = await timelineOf(program);
      expect(timeline).toMatchObject([{ kind: 'fraud_warned' }]);
      expect(timeline[0]).not.toHaveProperty('offer');
    }
  });

  const renewalOf = async (program: CardProgram): Promise<CardProgram> => {
    const [cardId, stripeCardId] = [`${program.cardId}r`, `${program.stripeCardId}r`];
    await sql`
      insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, stripe_card_id,
                         replacement_for, replacement_reason)
      select tenant_id, ${cardId}, cardholder_id, account_id, 'physical', currency, 'awaiting_delivery', ${stripeCardId},
             card_id, 'expired' from cards where card_id = ${program.cardId}`;
    await sql`
      insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
      values (${program.tenantId}, ${stripeCardId}, ${cardId}, 1, 'inactive', '4242', 12, 2033)`;
    return {
      ...program,
      cardId: parseCardId(cardId),
      stripeCardId: parseStripeCardId(stripeCardId),
    };
  };

  it('is about a number: the renewal on its way is frozen too, and dismissed with the card', async () => {
    const program = await createCardProgram(sql);
    const renewal = await renewalOf(program);
    await tell(program, { warning });
    expect(await freezesOf(renewal)).toEqual({ fraud: 'third_party_reported' });
    expect(await factsOf(renewal)).toMatchObject([{ kind: 'freeze_changed', by: ['fraud'] }]);
    expect(await timelineOf(renewal)).toMatchObject([{ kind: 'fraud_warned' }]);
    expect(await openItems(sql, program)).toEqual(['fraud_warning', 'fraud_warning']);
    expect(await warningsOf(renewal)).toMatchObject([{ offer: 'replace', reason: 'stolen' }]);
    await lift(program);
    expect(await freezesOf(renewal)).toEqual({});
    expect(await openItems(sql, program)).toEqual([]);
    // Stripe shows it with the other card as well.
    await tell(renewal, { status: 'inactive', warning, atS: START_S + 5 });
    expect(await freezesOf(renewal)).toEqual({});
  });

  it('about a card that has ended freezes the one that goes on with its number', async () => {
    const program = await createCardProgram(sql);
    const renewal = await renewalOf(program);
    await sql`update cards set phase = 'winding_down' where card_id = ${program.cardId}`;
    await tell(program, { warning });
    expect(await freezesOf(program)).toEqual({});
    expect(await freezesOf(renewal)).toEqual({ fraud: 'third_party_reported' });
  });

  it('waits for a decision that has the account, and is applied then', async () => {
    const program = await createCardProgram(sql);
    await store(sql, program.tenantId, [cardEvent(program, { warning })]);
    await sql.begin(async (tx) => {
      await tx`select 1 from accounts where account_id = ${program.accountId} for update`;
      // The relay gives the lock up after a moment and comes again.
      expect(await applyDue(sql)).toEqual([]);
      expect(await freezesOf(program)).toEqual({});
    });
    await eventually(async () => {
      await applyDue(sql);
      return JSON.stringify(await freezesOf(program)) !== '{}';
    });
  });
});

describe('a cardholder', () => {
  it('is told with what Stripe holds against it', async () => {
    const program = await createCardProgram(sql);
    const id = `ich_${program.cardId}`;
    await sql`update cardholders set stripe_cardholder_id = ${id} where cardholder_id = ${program.cardholderId}`;
    const seen = (status: string, disabledReason: string | null, atS: number) =>
      event(
        'issuing_cardholder.updated',
        { id, status, requirements: { disabled_reason: disabledReason } },
        { atS },
      );
    await deliver(sql, program, seen('active', 'requirements.past_due', START_S));
    await deliver(sql, program, seen('inactive', null, START_S + 1));
    await deliver(sql, program, seen('blocked', null, START_S + 2));
    await deliver(sql, program, seen('active', null, START_S + 3));
    const problems = ['requirements.past_due', 'cardholder_inactive', 'cardholder_blocked', null];
    expect(await factsOf(program)).toMatchObject(problems.map((problem) => ({ problem })));
  });
});

describe('a dispute', () => {
  const disputed = async (phase: string) => {
    const program = await createCardProgram(sql, { phase, fundsMinor: 1_000 });
    const capture = `ipi_${program.cardId}`;
    const dispute = (status: string, atS: number, type = 'updated') =>
      event(
        `issuing_dispute.${type}`,
        { id: `idp_${program.cardId}`, status, transaction: capture },
        { atS },
      );
    const booked = event(
      'issuing_transaction.created',
      transaction({
        id: capture,
        card: program.stripeCardId,
        amount: -100,
        authorization: `iauth_${program.cardId}`,
      }),
    );
    return { program, dispute, booked };
  };
  const statusOf = async (program: CardProgram) => {
    const [row] = await sql<{ status: string }[]>`
      select status from disputes where dispute_id = ${`idp_${program.cardId}`}`;
    return row?.status;
  };
  const disputeFacts = async (program: CardProgram) =>
    (await factsOf(program)).filter((fact) => fact['cause'] === 'dispute');

  it.each(['active', 'closed'])('of a card that is %s is stored and told', async (phase) => {
    const { program, dispute, booked } = await disputed(phase);
    await deliver(sql, program, booked, dispute('unsubmitted', START_S + 1, 'created'));
    expect(await statusOf(program)).toBe('unsubmitted');
    expect(await disputeFacts(program)).toEqual([{ kind: 'money_seen', cause: 'dispute' }]);
    // An event that changes something else tells nothing.
    await deliver(sql, program, dispute('unsubmitted', START_S + 2));
    expect(await disputeFacts(program)).toHaveLength(1);
    await deliver(sql, program, dispute('submitted', START_S + 3, 'submitted'));
    expect(await disputeFacts(program)).toHaveLength(2);
    expect(
      (await timelineOf(program)).filter(({ kind }) => kind === 'dispute_changed'),
    ).toMatchObject([{ status: 'unsubmitted' }, { status: 'submitted' }]);
  });

  it('ends the same in any order of its events, within one second too', async () => {
    const orders = [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [1, 3, 0, 2],
      [2, 0, 3, 1],
    ];
    for (const order of orders) {
      const { program, dispute, booked } = await disputed('winding_down');
      const events = [
        dispute('unsubmitted', START_S + 1, 'created'),
        dispute('submitted', START_S + 1, 'submitted'),
        dispute('won', START_S + 9, 'closed'),
        dispute('won', START_S + 9, 'funds_reinstated'),
      ];
      await deliver(sql, program, booked);
      for (const place of order) await deliver(sql, program, events[place] ?? {});
      expect(await statusOf(program)).toBe('won');
    }
  });

  it('waits for its clearing record', async () => {
    const { program, dispute, booked } = await disputed('closed');
    const early = dispute('submitted', START_S, 'submitted');
    await deliver(sql, program, early);
    expect(await rowOf(sql, early['id'])).toMatchObject({
      status: 'pending',
      reason: 'nobody here knows the clearing record of this event',
    });
    await deliver(sql, program, booked);
    await sql`update inbox set next_try_at = now() where event_id = ${String(early['id'])}`;
    await applyDue(sql);
    expect(await statusOf(program)).toBe('submitted');
  });

  it('in a status that nobody knows is for a person', async () => {
    const { program, dispute, booked } = await disputed('closed');
    const odd = dispute('arbitration', START_S);
    await deliver(sql, program, booked, odd);
    expect(await rowOf(sql, odd['id'])).toMatchObject({ status: 'attention' });
  });
});
