/** The stored events: lists, what became of one, and its replay. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { applyDue, deliver, wrongBooks } from '../relay/relay-inbox.ts';
import { balancesOf, type CardProgram, createCardProgram } from '../support/card-program.ts';
import { eventually } from '../support/eventually.ts';
import { authorization, event, START_S, store, transaction } from '../support/stripe-events.ts';
import { type Answer, ingressUnderTest } from './ingress-under-test.ts';

const ingress = ingressUnderTest();
const newId = (prefix: string): string => `${prefix}_${randomUUID().replaceAll('-', '')}`;
const program = (): Promise<CardProgram> => createCardProgram(ingress.sql, { fundsMinor: 10_000 });

const fateOf = async (id: unknown) => (await ingress.get(`/v1/events/${String(id)}`)).body;
const replay = (id: unknown, body: object = {}): Promise<Answer> =>
  ingress.post(`/v1/events/${String(id)}/replay`, body);
const idsOf = ({ body }: Answer): unknown[] => (body.data ?? []).map((row) => row.id);
const factsIn = (fate: Answer['body']) => fate['facts'] as Record<string, unknown>[];
const entriesIn = (fate: Answer['body']) => fate['entries'] as Record<string, unknown>[];

/** A purchase with its view and its capture, as two events. */
function purchaseOf({ stripeCardId: card }: CardProgram) {
  const purchase = newId('iauth');
  const record = newId('ipi');
  return {
    purchase,
    record,
    seen: event('issuing_authorization.created', authorization({ id: purchase, card })),
    captured: event(
      'issuing_transaction.created',
      transaction({ id: record, card, amount: -1_000, authorization: purchase }),
      { atS: START_S + 60 },
    ),
  };
}

const changed = (
  { stripeCardId }: CardProgram,
  [previous, status]: readonly [string, string],
  atS = START_S + 5,
) =>
  event(
    'issuing_card.updated',
    {
      id: stripeCardId,
      status,
      last4: '4242',
      exp_month: 12,
      exp_year: 2030,
      cancellation_reason: status === 'canceled' ? 'lost' : null,
    },
    { atS, previous: { status: previous } },
  );
const canceled = (owner: CardProgram) => changed(owner, ['active', 'canceled']);

describe('the list of events', () => {
  it('is narrowed by tenant, type, status, source, object and time of creation', async () => {
    const owner = await program();
    const { purchase, seen, captured } = purchaseOf(owner);
    await deliver(ingress.sql, owner, seen);
    await store(ingress.sql, owner.tenantId, [captured]);
    const list = async (query: string) =>
      idsOf(await ingress.get(`/v1/events?tenantId=${owner.tenantId}${query}`));
    const moment = new Date((START_S + 30) * 1_000).toISOString();
    expect(await list('')).toEqual([captured['id'], seen['id']]);
    expect(await list('&type=issuing_authorization.created')).toEqual([seen['id']]);
    expect(await list('&status=pending')).toEqual([captured['id']]);
    expect(await list('&source=catch_up')).toEqual([]);
    expect(await list(`&objectId=${purchase}`)).toEqual([seen['id']]);
    expect(await list(`&from=${moment}`)).toEqual([captured['id']]);
    expect(await list(`&to=${moment}`)).toEqual([seen['id']]);
    await applyDue(ingress.sql);
  });

  it('comes page by page, and shows no body', async () => {
    const owner = await program();
    const events = Array.from({ length: 5 }, () => purchaseOf(owner).seen);
    await store(ingress.sql, owner.tenantId, events);
    const pages: unknown[][] = [];
    for (let after: string | null = ''; after !== null; ) {
      const cursor = after === '' ? '' : `&after=${after}`;
      const page: Answer = await ingress.get(
        `/v1/events?tenantId=${owner.tenantId}&limit=2${cursor}`,
      );
      pages.push(idsOf(page));
      expect(JSON.stringify(page.body)).not.toContain('merchant');
      after = page.body['nextCursor'] as string | null;
    }
    expect(pages.map((ids) => ids.length)).toEqual([2, 2, 1]);
    expect(pages.flat()).toEqual(events.map((e) => e['id']).toReversed());
    await applyDue(ingress.sql);
  });

  it.each([
    ['a cursor of another list', 'after=att_1', 'CURSOR_INVALID'],
    ['a status that there is not', 'status=lost', 'VALIDATION_FAILED'],
    ['a day that there is not', 'from=2026-02-30T00:00:00Z', 'VALIDATION_FAILED'],
  ])('refuses %s', async (_what, query, code) => {
    const answer = await ingress.get(`/v1/events?${query}`);
    expect([answer.status, answer.body.error?.code]).toEqual([400, code]);
  });
});

describe('the fate of an event', () => {
  it('names the entries that it was booked with, and no others of its batch', async () => {
    const [owner, other] = [await program(), await program()];
    const mine = purchaseOf(owner);
    const theirs = purchaseOf(other);
    await store(ingress.sql, owner.tenantId, [mine.seen, mine.captured]);
    await store(ingress.sql, other.tenantId, [theirs.seen, theirs.captured]);
    expect(await applyDue(ingress.sql)).toEqual([]);
    const fate = await fateOf(mine.captured['id']);
    expect(fate).toMatchObject({ status: 'applied', source: 'webhook', objectId: mine.record });
    const booked = await ingress.sql<{ id: string }[]>`
      select entry_id::text as id from journal_entries
       where account_id = ${owner.accountId} and kind <> 'credit' order by entry_id`;
    expect(entriesIn(fate).map((entry) => entry['entryId'])).toEqual(booked.map(({ id }) => id));
    expect(entriesIn(fate)).toContainEqual(
      expect.objectContaining({ kind: 'capture', amountMinor: 1_000, currency: 'usd' }),
    );
  });

  it('names what was told to the workflow, and the run that took it', async () => {
    const owner = await program();
    const seen = canceled(owner);
    await deliver(ingress.sql, owner, seen);
    await ingress.sql`
      update facts set signalled_at = now(), signalled_run_id = 'run-1' where card_id = ${owner.cardId}`;
    expect(factsIn(await fateOf(seen['id']))).toMatchObject([
      { kind: 'card_seen', workflowId: `card/${owner.cardId}`, runId: 'run-1', closedAt: null },
    ]);
  });

  it('takes no part in what its batch told about the cards of others', async () => {
    const [owner, other] = [await program(), await program()];
    const card = newId('ic');
    const unknown = event(
      'issuing_transaction.created',
      transaction({ id: newId('ipi'), card, amount: -500 }),
    );
    const broken = event('issuing_card.updated', { id: owner.stripeCardId, status: 'active' });
    const ignored = event('issuing_settlement.created', { id: newId('stl') });
    await store(ingress.sql, owner.tenantId, [unknown, broken, ignored]);
    await store(ingress.sql, other.tenantId, [purchaseOf(other).seen]);
    const written = () => ingress.sql`select kind from facts where card_id = ${other.cardId}`;
    // Their lane is one batch, so that they share the transaction in which the other's card hears of its purchase.
    expect(await applyDue(ingress.sql)).toEqual([]);
    const [shared] = await ingress.sql`
      select count(distinct settled_by) from inbox
       where event_id = any (${[unknown, broken, ignored].map(({ id }) => String(id))})`;
    expect(shared).toEqual({ count: 1 });
    const before = await written();
    expect(before).not.toEqual([]);
    for (const { id } of [unknown, broken, ignored]) {
      expect(factsIn(await fateOf(id))).toEqual([]);
      await replay(id);
      expect(await written()).toEqual(before);
    }
    await applyDue(ingress.sql);
  });

  it.each(['evt with blanks', 'évt/ü?#%', `${'/'.repeat(254)}.`])(
    'is found by the odd id %s',
    async (name) => {
      const owner = await program();
      const { purchase } = purchaseOf(owner);
      const view = authorization({ id: purchase, card: owner.stripeCardId });
      await deliver(ingress.sql, owner, event('issuing_authorization.created', view, { id: name }));
      expect(await fateOf(encodeURIComponent(name))).toMatchObject({ id: name, status: 'applied' });
      expect((await replay(encodeURIComponent(name))).status).toBe(202);
      await applyDue(ingress.sql);
    },
  );

  it('names the items about it', async () => {
    const owner = await program();
    const broken = event('issuing_transaction.created', { id: newId('ipi'), type: 'capture' });
    await deliver(ingress.sql, owner, broken);
    const fate = await fateOf(broken['id']);
    expect(fate).toMatchObject({ status: 'attention', reason: expect.stringContaining('read') });
    expect(fate['attention']).toMatchObject([{ kind: 'event_not_applied', closedAt: null }]);
  });

  it.each(['evt_none', '%00', 'a%20b', 'x'.repeat(250)])('is unknown for %s', async (id) => {
    const answer = await ingress.get(`/v1/events/${id}`);
    expect(answer.status).toBe(404);
  });
});

describe('a replay', () => {
  it('books nothing twice, and goes on naming what was booked at first', async () => {
    const owner = await program();
    const { seen, captured } = purchaseOf(owner);
    await deliver(ingress.sql, owner, seen, captured);
    const before = await balancesOf(ingress.sql, owner);
    const entries = entriesIn(await fateOf(captured['id']));
    const answer = await replay(captured['id'], { reason: 'to be sure', by: 'j.doe' });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ status: 'pending', attempts: 0, settledAt: null });
    expect(await applyDue(ingress.sql)).toEqual([]);
    const fate = await fateOf(captured['id']);
    expect(fate).toMatchObject({
      status: 'applied',
      replays: [{ by: 'j.doe', reason: 'to be sure', actor: 'api-key:API_KEYS/1' }],
    });
    expect(entriesIn(fate)).toEqual(entries);
    expect(await balancesOf(ingress.sql, owner)).toEqual(before);
    expect(await wrongBooks(ingress.sql)).toEqual([]);
  });

  it('tells the workflow anew under new numbers, each time, and each fact once', async () => {
    const owner = await program();
    const seen = canceled(owner);
    await deliver(ingress.sql, owner, seen);
    const [first] = factsIn(await fateOf(seen['id']));
    for (const times of [1, 2]) {
      await replay(seen['id']);
      expect(await applyDue(ingress.sql)).toEqual([]);
      const facts = factsIn(await fateOf(seen['id']));
      expect(new Set(facts.map((fact) => fact['factId'])).size).toBe(times + 1);
      expect(facts.map((fact) => fact['kind'])).toEqual(facts.map(() => first?.['kind']));
      // The earlier ones ask for no answer any more: one waits to be sent.
      expect(facts.map((fact) => fact['closedAt'] === null)).toEqual([
        ...Array.from({ length: times }, () => false),
        true,
      ]);
    }
    const bodies = await ingress.sql`
      select distinct body from facts where card_id = ${owner.cardId}`;
    expect(bodies).toHaveLength(1);
  });

  it('waits for whoever applies the event, and tells anew what that told', async () => {
    const owner = await program();
    const seen = canceled(owner);
    await store(ingress.sql, owner.tenantId, [seen]);
    const relay = await ingress.sql.reserve();
    await relay`begin`;
    await relay`
      update inbox set status = 'applied', settled_at = now(), settled_by = pg_current_xact_id()
       where event_id = ${String(seen['id'])}`;
    await relay`
      insert into facts (tenant_id, card_id, kind, body, dedupe_key)
      values (${owner.tenantId}, ${owner.cardId}, 'card_seen', '{"kind": "card_seen"}', 'card/of-the-relay')`;
    const answers = [replay(seen['id']), replay(seen['id'])];
    await eventually(async () => {
      const [row] = await ingress.sql<{ count: number }[]>`
        select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return row?.count === 2;
    });
    await relay`commit`;
    relay.release();
    for (const answer of answers) expect((await answer).status).toBe(202);
    const told = await ingress.sql`
      select closed_at is null as is_open from facts where card_id = ${owner.cardId} order by fact_id`;
    // Each replay tells it once, and the later one has the earlier answered.
    expect(told.map((fact) => fact['is_open'])).toEqual([false, false, true]);
    await applyDue(ingress.sql);
  });

  it('counts a change of a card once, where changes of one second are counted', async () => {
    const owner = await program();
    const statusOf = async () =>
      (
        await ingress.sql<{ status: string }[]>`
          select status from stripe_cards where stripe_card_id = ${owner.stripeCardId}`
      )[0]?.status;
    const frozen = changed(owner, ['active', 'inactive']);
    const active = ['inactive', 'active'] as const;
    await deliver(ingress.sql, owner, changed(owner, active, START_S + 4));
    await deliver(ingress.sql, owner, frozen, changed(owner, active));
    const before = await statusOf();
    await replay(frozen['id']);
    expect(await applyDue(ingress.sql)).toEqual([]);
    expect([before, await statusOf()]).toEqual(['active', 'active']);
  });

  it('closes the item of an event that was set aside, and opens it once more when it fails again', async () => {
    const owner = await program();
    const broken = event('issuing_transaction.created', { id: newId('ipi'), type: 'capture' });
    await deliver(ingress.sql, owner, broken);
    const answer = await replay(broken['id'], { reason: 'the parser was mended' });
    expect(answer.body['attention']).toMatchObject([
      { resolution: 'the event is replayed: the parser was mended' },
    ]);
    await applyDue(ingress.sql);
    const items = (await fateOf(broken['id']))['attention'] as { closedAt: string | null }[];
    expect(items.map((item) => item.closedAt === null)).toEqual([true, false]);
  });

  it('has an event that waits tried at once', async () => {
    const owner = await program();
    const { seen } = purchaseOf(owner);
    await store(ingress.sql, owner.tenantId, [seen]);
    await ingress.sql`
      update inbox set attempts = 9, next_try_at = now() + interval '1 hour' where event_id = ${String(seen['id'])}`;
    expect((await replay(seen['id'])).body).toMatchObject({ status: 'pending', attempts: 0 });
    await applyDue(ingress.sql);
    expect(await fateOf(seen['id'])).toMatchObject({ status: 'applied' });
  });

  it('is refused for an erased event and an unknown one, and changes nothing then', async () => {
    const owner = await program();
    const { seen } = purchaseOf(owner);
    await deliver(ingress.sql, owner, seen);
    const ownerSql = ingress.ownerSql;
    await ownerSql`
      update inbox set payload = null, erased_at = now() where event_id = ${String(seen['id'])}`;
    const erased = await replay(seen['id']);
    expect([erased.status, erased.body.error?.code]).toEqual([409, 'EVENT_ERASED']);
    expect(await fateOf(seen['id'])).toMatchObject({ status: 'applied', replays: [] });
    const unknown = await replay('evt_none');
    expect([unknown.status, unknown.body.error?.code]).toEqual([404, 'EVENT_NOT_FOUND']);
  });

  it('that is repeated with its key happens once', async () => {
    const owner = await program();
    const { seen } = purchaseOf(owner);
    await deliver(ingress.sql, owner, seen);
    const url = `/v1/events/${String(seen['id'])}/replay`;
    const key = randomUUID();
    const first = await ingress.post(url, {}, { key });
    const second = await ingress.post(url, {}, { key });
    expect(second.body).toEqual(first.body);
    const log = await ingress.get(`/v1/audit-log?subject=${String(seen['id'])}`);
    expect(log.body.data).toMatchObject([
      {
        action: 'event.replayed',
        actor: 'api-key:API_KEYS/1',
        requestId: first.headers['x-request-id'],
      },
    ]);
    await applyDue(ingress.sql);
  });
});
