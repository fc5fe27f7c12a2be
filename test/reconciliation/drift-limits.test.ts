/** Where a comparison has to hold back: people who were erased, events on their way, items that others have opened. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storeFetchedObjects } from '../../src/adapters/postgres/fetched-objects.ts';
import { createSql } from '../../src/adapters/postgres/pool.ts';
import type { StripeReader } from '../../src/ports/stripe-reader.ts';
import { createReread } from '../../src/reconciliation/reread.ts';
import { SECRET_NAME } from '../activities/program.ts';
import { type ComparedProgram, createComparedProgram, nextSecond } from './compared-program.ts';

let compared: ComparedProgram;

beforeAll(async () => {
  compared = await createComparedProgram();
});
afterAll(() => compared.close());

const sql = () => compared.program.sql;
const secondNow = (): number => Math.floor(Date.now() / 1_000);

const openItems = async (subject: string): Promise<readonly unknown[]> => {
  const rows = await sql()<{ kind: string }[]>`
    select kind from attention_items where subject = ${subject} and closed_at is null`;
  return rows.map(({ kind }) => kind);
};

const fetchedBodies = async (): Promise<string> => {
  const rows = await sql()<{ payload: string }[]>`
    select payload from inbox where source = 'fetch' and payload is not null`;
  return rows.map(({ payload }) => payload).join('\n');
};

const buy = async (card: string, amount: number): Promise<string> => {
  const made = await compared.stripe.testHelpers.issuing.authorizations.create({
    card,
    amount,
    currency: 'eur',
  });
  return made.id;
};

/** Shows objects of Stripe's as `change` has them. */
function showing(change: (object: Readonly<Record<string, unknown>>) => object): StripeReader {
  const { reader } = compared.ports;
  return {
    async read(tenant, kind, id) {
      const found = await reader.read(tenant, kind, id);
      return found === null ? null : { ...found, object: { ...change(found.object) } };
    },
    async list(tenant, query) {
      const page = await reader.list(tenant, query);
      const objects = page.objects.map((one) => ({ ...one, object: { ...change(one.object) } }));
      return { ...page, objects };
    },
  };
}

describe('a person', () => {
  test('is in no object that was fetched, and where their parcel goes is told to nobody', async () => {
    const { cardId, stripeCardId } = await compared.active();
    await buy(stripeCardId, 700);
    const reader = showing((object) => ({
      ...object,
      ...(object['object'] === 'issuing.card'
        ? { shipping: { status: 'shipped', carrier: 'dhl', tracking_number: 'TRACK-1' } }
        : {}),
    }));
    const [card] = await compared.repair({ cardId, ports: { reader } });
    expect(JSON.stringify(card)).toContain('tracking_number');
    expect(JSON.stringify(card)).not.toContain('TRACK-1');
    const bodies = await fetchedBodies();
    expect(bodies).toContain(stripeCardId);
    expect(bodies).not.toContain(SECRET_NAME);
    expect(bodies).not.toContain('1 Main St');
  });

  test('who was erased does not come back with the parcel of a card', async () => {
    const { cardId, stripeCardId } = await compared.active();
    const owner = createSql({ url: compared.program.ownerUrl, poolSize: 1, name: 'test-erase' });
    await owner`
      update cardholders set erased_at = now()
       where cardholder_id = (select cardholder_id from cards where card_id = ${cardId})`;
    await owner.end();
    const shipping = { status: 'delivered', carrier: 'dhl', tracking_number: 'TRACK-2' };
    const reader = showing((object) => ({ ...object, shipping }));
    expect(await compared.repair({ cardId, ports: { reader } })).toEqual([]);
    // Something else of the card is repaired all the same.
    await compared.stripe.issuing.cards.update(stripeCardId, { status: 'inactive' });
    expect(await compared.repair({ cardId, ports: { reader } })).toMatchObject([
      { remedy: 'repaired' },
    ]);
    expect(await fetchedBodies()).not.toContain('TRACK-2');
    const [row] = await sql()`
      select status, tracking_number as number from stripe_cards where stripe_card_id = ${stripeCardId}`;
    expect(row).toEqual({ status: 'inactive', number: null });
  });
});

describe('what is on its way', () => {
  test('came after the object was fetched: what was fetched is old, and no drift', async () => {
    const { cardId, stripeCardId } = await compared.active();
    await compared.stripe.issuing.cards.update(stripeCardId, { status: 'inactive' });
    const settled = async () => {
      const { tenantId } = compared.tenant;
      const found = await compared.ports.reader.read(compared.tenant, 'card', stripeCardId);
      if (found === null) throw new Error('the card is at Stripe');
      const object = { ...found.object, status: 'active' };
      const later = { ...found, tenantId, stripeAccount: null, asOfS: found.asOfS + 1, object };
      await storeFetchedObjects(sql(), [later]);
      await compared.apply();
    };
    expect(await compared.repair({ cardId, ports: { settled } })).toEqual([]);
  });

  test('tells of a purchase that is unknown yet: it is left out, and items about it stay', async () => {
    const { cardId, stripeCardId } = await compared.active();
    const id = await buy(stripeCardId, 300);
    await compared.ports.store.openItems(compared.tenant, [
      {
        kind: 'stripe_object_differs',
        subject: id,
        cardId,
        details: { object: 'authorization', detail: 'test' },
      },
    ]);
    await sql()`
      insert into inbox (tenant_id, event_id, source, type, object_id, group_key, created, payload, next_try_at)
      values (${compared.tenant.tenantId}, ${`evt_${id}`}, 'webhook', 'issuing_authorization.created', ${id},
              'elsewhere', ${secondNow()}, '{}', now() + interval '1 hour')`;
    expect(await compared.repair({ cardId })).toEqual([]);
    expect(await openItems(id)).toEqual(['stripe_object_differs']);
    await sql()`update inbox set status = 'ignored', reason = 'test', settled_at = now() where event_id = ${`evt_${id}`}`;
    expect(await compared.repair({ cardId })).toMatchObject([{ id, remedy: 'repaired' }]);
    await nextSecond();
    expect(await compared.repair({ cardId })).toEqual([]);
    expect(await openItems(id)).toEqual([]);
  });

  test('has beaten a view of its own second: the next view repairs what was lost with it', async () => {
    const { cardId, stripeCardId } = await compared.active();
    await compared.stripe.issuing.cards.update(stripeCardId, { status: 'inactive' });
    const { tenantId } = compared.tenant;
    const fetched = await compared.ports.reader.read(compared.tenant, 'card', stripeCardId);
    if (fetched === null) throw new Error('the card is at Stripe');
    await storeFetchedObjects(sql(), [{ ...fetched, tenantId, stripeAccount: null }]);
    // Of its second, and told late; the event of the freeze is lost.
    const object = { ...fetched.object, status: 'active' };
    const data = { object, previous_attributes: { status: 'inactive' } };
    await sql()`
      insert into inbox (tenant_id, event_id, source, type, object_id, group_key, created, payload)
      values (${tenantId}, ${`evt_late_${stripeCardId}`}, 'webhook', 'issuing_card.updated', ${stripeCardId},
              ${stripeCardId}, ${fetched.asOfS}, ${JSON.stringify({ created: fetched.asOfS, data })})`;
    await compared.apply();
    await nextSecond();
    expect(await compared.repair({ cardId })).toMatchObject([{ remedy: 'repaired' }]);
    const [row] =
      await sql()`select status from stripe_cards where stripe_card_id = ${stripeCardId}`;
    expect(row).toEqual({ status: 'inactive' });
  });
});

describe('attention items', () => {
  test('about a clearing record stay until the record is found as it is here', async () => {
    const { cardId, stripeCardId } = await compared.active();
    const id = await buy(stripeCardId, 900);
    const captured = await compared.stripe.testHelpers.issuing.authorizations.capture(id);
    const record = captured.transactions[0]?.id ?? '';
    const reread = createReread(() => compared.ports);
    await reread(compared.tenant, secondNow() - 60);
    await compared.apply();
    const other = showing((object) => ({
      ...object,
      ...(object['id'] === record ? { amount: -800 } : {}),
    }));
    await createReread(() => ({ ...compared.ports, reader: other }))(
      compared.tenant,
      secondNow() - 60,
    );
    expect(await openItems(record)).toEqual(['stripe_object_differs']);
    await nextSecond();
    await compared.repair({ ports: { reader: other } });
    expect(await openItems(record)).toEqual(['stripe_object_differs']);
    await compared.repair({ cardId });
    expect(await openItems(record)).toEqual([]);
  });

  test('tell of purchases that Stripe has forgotten, while it knows the cards', async () => {
    const { cardId, stripeCardId } = await compared.active();
    const ids = [
      await buy(stripeCardId, 1),
      await buy(stripeCardId, 2),
      await buy(stripeCardId, 3),
    ];
    expect(await compared.repair({ cardId })).toHaveLength(3);
    await nextSecond();
    const { reader } = compared.ports;
    const forgetful: StripeReader = {
      read: async (tenant, kind, id) => (ids.includes(id) ? null : reader.read(tenant, kind, id)),
      async list(tenant, query) {
        const page = await reader.list(tenant, query);
        return { ...page, objects: page.objects.filter(({ id }) => !ids.includes(id)) };
      },
    };
    expect(await compared.repair({ cardId, ports: { reader: forgetful } })).toHaveLength(3);
    for (const id of ids) expect(await openItems(id)).toEqual(['stripe_object_missing']);
    await compared.repair({ cardId });
    for (const id of ids) expect(await openItems(id)).toEqual([]);
  });
});

test('reading anew waits for no events where a view in vain does no harm', async () => {
  const { stripeCardId } = await compared.active();
  await buy(stripeCardId, 100);
  await compared.repair();
  await buy(stripeCardId, 200);
  const settled = async () => {
    throw new Error('it waited');
  };
  const reread = createReread(() => ({ ...compared.ports, settled }));
  const report = await reread(compared.tenant, secondNow() - 1);
  expect(report.authorizations.stored).toBeGreaterThanOrEqual(1);
  await compared.apply();
});
