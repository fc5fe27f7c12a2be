/** Comparing with Stripe and repairing what differs, on the real database and the simulator. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyLedger } from '../../src/adapters/postgres/verify/verify-ledger.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { WrongAccountError } from '../../src/reconciliation/object-passes.ts';
import { createReread } from '../../src/reconciliation/reread.ts';
import { runCommand } from '../support/run-command.ts';
import { type ComparedProgram, createComparedProgram, nextSecond } from './compared-program.ts';

let compared: ComparedProgram;

beforeAll(async () => {
  compared = await createComparedProgram();
});
afterAll(() => compared.close());

const sql = () => compared.program.sql;

const statusHere = async (stripeCardId: string): Promise<unknown> => {
  const [row] = await sql()<{ status: string }[]>`
    select status from stripe_cards where stripe_card_id = ${stripeCardId}`;
  return row?.status;
};

const fetchedOf = async (id: string): Promise<readonly string[]> => {
  const rows = await sql()<{ status: string }[]>`
    select status from inbox where object_id = ${id} and source = 'fetch' order by inbox_id`;
  return rows.map(({ status }) => status);
};

const openItems = async (subject: string): Promise<readonly unknown[]> => sql()`
  select kind, details from attention_items where subject = ${subject} and closed_at is null`;

/** The relay's books and those that are computed anew. */
const wrongBooks = async (): Promise<readonly unknown[]> => {
  const nowS = Math.floor(Date.now() / 1_000);
  const options = { interpret: interpretEvent, nowS, differencesMax: 5 };
  return (await verifyLedger(sql(), options)).differences;
};

const openPurchase = async (card: string, amount: number) => {
  const { testHelpers } = compared.stripe;
  return testHelpers.issuing.authorizations.create({ card, amount, currency: 'eur' });
};

describe('a card', () => {
  test('whose freeze at Stripe was never told is repaired once, with a fact and a line in its timeline', async () => {
    const { cardId, stripeCardId } = await compared.active();
    await compared.stripe.issuing.cards.update(stripeCardId, { status: 'inactive' });
    const told = await compared.repair({ cardId });
    expect(told).toMatchObject([{ kind: 'card', id: stripeCardId, cardId, remedy: 'repaired' }]);
    expect(told[0]?.differences).toEqual([
      { field: 'status', ours: 'active', theirs: 'inactive', canRepair: true },
    ]);
    expect(await statusHere(stripeCardId)).toBe('inactive');
    const [line] = await sql()`
      select body from card_timeline where card_id = ${cardId} and kind = 'status_repaired'
       order by timeline_id desc limit 1`;
    expect(line?.['body']).toEqual({ stripeCardId, from: 'active', to: 'inactive' });
    const [fact] = await sql()`
      select body from facts where card_id = ${cardId} and kind = 'card_seen' order by fact_id desc limit 1`;
    expect(fact?.['body']).toMatchObject({ source: 'event', status: 'inactive' });
    const before = await fetchedOf(stripeCardId);
    expect(await compared.repair({ cardId })).toEqual([]);
    expect(await fetchedOf(stripeCardId)).toEqual(before);
  });

  test('is left as it is by a dry run', async () => {
    const { cardId, stripeCardId } = await compared.active();
    const before = await fetchedOf(stripeCardId);
    await compared.stripe.issuing.cards.update(stripeCardId, { status: 'inactive' });
    expect(await compared.repair({ cardId, isDryRun: true })).toMatchObject([
      { remedy: 'repaired' },
    ]);
    expect(await statusHere(stripeCardId)).toBe('active');
    expect(await fetchedOf(stripeCardId)).toEqual(before);
  });

  test('that was taken for cancelled here needs a person until Stripe shows it so', async () => {
    const { cardId, stripeCardId } = await compared.active();
    await sql()`update stripe_cards set status = 'canceled' where stripe_card_id = ${stripeCardId}`;
    expect(await compared.repair({ cardId })).toMatchObject([{ remedy: 'person' }]);
    expect(await openItems(stripeCardId)).toEqual([
      {
        kind: 'stripe_object_differs',
        details: { object: 'card', detail: 'status canceled here, active at Stripe' },
      },
    ]);
    await compared.stripe.issuing.cards.update(stripeCardId, { status: 'canceled' });
    expect(await compared.repair({ cardId })).toEqual([]);
    expect(await openItems(stripeCardId)).toEqual([]);
  });

  test('that is as Stripe shows it by the second look is no drift', async () => {
    const { cardId, stripeCardId } = await compared.active();
    await compared.stripe.issuing.cards.update(stripeCardId, { status: 'inactive' });
    const settled = async () => {
      await sql()`update stripe_cards set status = 'inactive' where stripe_card_id = ${stripeCardId}`;
    };
    expect(await compared.repair({ cardId, ports: { settled } })).toEqual([]);
  });

  test('with an event that waits to be applied is left out', async () => {
    const { cardId, stripeCardId } = await compared.active();
    await compared.stripe.issuing.cards.update(stripeCardId, { status: 'inactive' });
    await sql()`
      insert into inbox (tenant_id, event_id, source, type, object_id, group_key, created, payload, next_try_at)
      values (${compared.tenant.tenantId}, ${`evt_${stripeCardId}`}, 'webhook', 'issuing_card.updated', ${stripeCardId},
              'elsewhere', 1, '{}', now() + interval '1 hour')`;
    expect(await compared.repair({ cardId })).toEqual([]);
    await sql()`update inbox set status = 'ignored', reason = 'test', settled_at = now() where event_id = ${`evt_${stripeCardId}`}`;
    expect(await compared.repair({ cardId })).toMatchObject([{ remedy: 'repaired' }]);
  });

  test('whose fetched view changes nothing goes to a person instead of being fetched every night', async () => {
    const { cardId, stripeCardId } = await compared.active();
    await compared.stripe.issuing.cards.update(stripeCardId, { status: 'inactive' });
    expect(await compared.repair({ cardId })).toMatchObject([{ remedy: 'repaired' }]);
    // As if the repair had not reached the table.
    await sql()`update stripe_cards set status = 'active' where stripe_card_id = ${stripeCardId}`;
    await nextSecond();
    expect(await compared.repair({ cardId })).toMatchObject([{ remedy: 'person' }]);
    expect(await openItems(stripeCardId)).toMatchObject([{ kind: 'stripe_object_differs' }]);
    await sql()`update stripe_cards set status = 'inactive' where stripe_card_id = ${stripeCardId}`;
  });
});

test('a cardholder whom Stripe has blocked is repaired, and the cards hear of it', async () => {
  const { cardId } = await compared.active();
  const [holder] = await sql()<{ id: string; stripe: string }[]>`
    select h.cardholder_id as id, h.stripe_cardholder_id as stripe from cardholders h join cards using (cardholder_id)
     where card_id = ${cardId}`;
  await compared.program.control('POST', `/issuing/cardholders/${holder?.stripe}/block`, {});
  expect(await compared.repair({ cardId })).toMatchObject([
    { kind: 'cardholder', id: holder?.stripe, remedy: 'repaired' },
  ]);
  const [row] =
    await sql()`select stripe_status from cardholders where cardholder_id = ${holder?.id ?? ''}`;
  expect(row).toEqual({ stripe_status: 'blocked' });
  const facts =
    await sql()`select 1 from facts where card_id = ${cardId} and kind = 'cardholder_changed'`;
  expect(facts).toHaveLength(1);
});

describe('an open authorization', () => {
  test('that no event has told reaches the books, and so does its end', async () => {
    const { cardId, stripeCardId } = await compared.active();
    const { id } = await openPurchase(stripeCardId, 700);
    expect(await compared.repair({ cardId })).toMatchObject([
      { kind: 'authorization', id, cardId: null },
    ]);
    const row = async () => {
      const [found] = await sql()`
        select status, held_minor as held, captured_minor as captured from authorizations where authorization_id = ${id}`;
      return found;
    };
    expect(await row()).toEqual({ status: 'pending', held: 700, captured: 0 });
    expect(await compared.repair({ cardId })).toEqual([]);
    await nextSecond();
    await compared.stripe.testHelpers.issuing.authorizations.capture(id, { capture_amount: 650 });
    expect(await compared.repair()).toContainEqual(
      expect.objectContaining({ kind: 'authorization', id, cardId, remedy: 'repaired' }),
    );
    expect(await row()).toEqual({ status: 'closed', held: 0, captured: 650 });
    expect(await wrongBooks()).toEqual([]);
  });
});

describe('what only one side knows', () => {
  test('is told to a person when it is ours, and when it is a card that we have made', async () => {
    const { cardId } = await compared.active();
    const { tenantId } = compared.tenant;
    const gone = `iauth_${cardId.slice(5, 20)}`;
    const owner = sql();
    const [made] =
      await owner`select stripe_cardholder_id as id from cardholders where tenant_id = ${tenantId} limit 1`;
    const unknown = await compared.stripe.issuing.cards.create({
      type: 'virtual',
      currency: 'eur',
      cardholder: String(made?.['id']),
      metadata: { tenant_id: tenantId, card_id: 'card_unheardof' },
    });
    const foreign = await compared.stripe.issuing.cards.create({
      type: 'virtual',
      currency: 'eur',
      cardholder: String(made?.['id']),
      metadata: { tenant_id: 'ten_other' },
    });
    // The card was made a moment ago; to the comparison it is some hours old.
    const { reader } = compared.ports;
    const aged: typeof reader = {
      read: async (tenant, kind, id) => (id === gone ? null : reader.read(tenant, kind, id)),
      async list(tenant, query) {
        const page = await reader.list(tenant, query);
        const objects = page.objects.map((one) => ({ ...one, createdS: one.createdS - 7_200 }));
        return { ...page, objects };
      },
    };
    expect(await compared.repair()).toEqual([]);
    expect(await compared.repair({ ports: { reader: aged } })).toMatchObject([
      { kind: 'card', id: unknown.id, remedy: 'person' },
    ]);
    expect(await openItems(unknown.id)).toEqual([
      { kind: 'stripe_object_unknown', details: { object: 'card', madeFor: 'card_unheardof' } },
    ]);
    expect(await openItems(foreign.id)).toEqual([]);
    await compared.stripe.issuing.cards.update(unknown.id, { status: 'canceled' });
    expect(await compared.repair({ ports: { reader: aged } })).toEqual([]);
    expect(await openItems(unknown.id)).toEqual([]);
  });

  test('a card that Stripe does not know any more', async () => {
    const { cardId, stripeCardId } = await compared.active();
    const { reader } = compared.ports;
    const forgetful: typeof reader = {
      read: async (tenant, kind, id) =>
        id === stripeCardId ? null : reader.read(tenant, kind, id),
      async list(tenant, query) {
        const page = await reader.list(tenant, query);
        return { ...page, objects: page.objects.filter(({ id }) => id !== stripeCardId) };
      },
    };
    expect(await compared.repair({ ports: { reader: forgetful } })).toMatchObject([
      { kind: 'card', id: stripeCardId, cardId, remedy: 'person' },
    ]);
    expect(await openItems(stripeCardId)).toMatchObject([{ kind: 'stripe_object_missing' }]);
    expect(await compared.repair()).toEqual([]);
    expect(await openItems(stripeCardId)).toEqual([]);
  });

  test('an account that knows nothing of ours is taken for the wrong one, and opens no items', async () => {
    await compared.active();
    await compared.active();
    const { reader } = compared.ports;
    const empty: typeof reader = {
      read: async () => null,
      list: async () => ({ objects: [], hasMore: false }),
    };
    await expect(compared.repair({ ports: { reader: empty } })).rejects.toThrow(WrongAccountError);
    expect(reader).toBe(compared.ports.reader);
    const items = await sql()`
      select 1 from attention_items where kind = 'stripe_object_missing' and closed_at is null`;
    expect(items).toHaveLength(0);
  });
});

test('objects are read anew after a gap: purchases, records, disputes and cards come out as Stripe has them', async () => {
  const { stripeCardId } = await compared.active();
  const sinceS = Math.floor(Date.now() / 1_000) - 60;
  const bought = await openPurchase(stripeCardId, 1_000);
  const captured = await compared.stripe.testHelpers.issuing.authorizations.capture(bought.id);
  const [record] = captured.transactions;
  if (record === undefined) throw new Error('nothing was captured');
  await compared.stripe.testHelpers.issuing.transactions.createForceCapture({
    card: stripeCardId,
    amount: 300,
    currency: 'eur',
  });
  const open = await openPurchase(stripeCardId, 200);
  const dispute = await compared.stripe.issuing.disputes.create({
    transaction: record.id,
    evidence: { reason: 'other', other: { explanation: 'never bought' } },
  });
  await compared.stripe.issuing.cards.update(stripeCardId, { status: 'inactive' });
  const reread = createReread(() => compared.ports);
  const report = await reread(compared.tenant, sinceS);
  expect(report).toMatchObject({ cards: { stored: 1 }, disputes: { looked: 1, stored: 1 } });
  await compared.apply();
  const [row] = await sql()`
    select (select captured_minor from authorizations where authorization_id = ${bought.id}) as captured,
           (select held_minor from authorizations where authorization_id = ${open.id}) as held,
           (select count(*)::int from transactions where stripe_card_id = ${stripeCardId}) as records,
           (select status from disputes where dispute_id = ${dispute.id}) as dispute`;
  expect(row).toEqual({ captured: 1_000, held: 200, records: 2, dispute: dispute.status });
  expect(await statusHere(stripeCardId)).toBe('inactive');
  expect(await wrongBooks()).toEqual([]);
  expect(await reread(compared.tenant, sinceS)).toMatchObject({
    cards: { stored: 0 },
    authorizations: { stored: 0 },
    transactions: { stored: 0 },
    disputes: { stored: 0 },
  });
});

describe('npm run reconcile', () => {
  const run = async (args: readonly string[], env: Record<string, string> = {}) => {
    const [row] = await sql()<{ name: string }[]>`select current_database() as name`;
    const { host, port, user, pass } = sql().options;
    const address = `postgres://${user}:${pass}@${host[0]}:${port[0]}/${row?.name}`;
    return runCommand(['reconcile', ...args], {
      DATABASE_URL: address,
      STRIPE_SECRET_KEY: 'sk_test_activities',
      STRIPE_API_BASE: compared.program.proxy.url,
      ...env,
    });
  };

  test('says what differs and ends with 1, then with 0', async () => {
    const { cardId, stripeCardId } = await compared.active();
    await compared.stripe.issuing.cards.update(stripeCardId, { status: 'inactive' });
    const dry = await run(['--card', cardId, '--dry-run']);
    expect(dry.output).toContain(`card ${stripeCardId} of ${cardId}: would be repaired`);
    expect(dry.output).toContain('active here, inactive at Stripe');
    expect(dry.code).toBe(1);
    const repaired = await run(['--card', cardId]);
    expect(repaired.output).toContain('1 object differs from Stripe');
    expect(repaired.code).toBe(1);
    await compared.apply();
    const again = await run(['--card', cardId]);
    expect(again.output).toContain(
      'Nothing differs from Stripe. Looked at 1 card, 1 cardholder, 0 open',
    );
    expect(again.code).toBe(0);
  }, 120_000);

  test('ends with 2 when it cannot look', async () => {
    const unknown = await run(['--card', 'card_nobody']);
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.output).toContain('There is no card card_nobody');
    const away = await run([], { STRIPE_API_BASE: 'http://127.0.0.1:9' });
    expect(away).toMatchObject({ code: 2 });
  }, 120_000);
});
