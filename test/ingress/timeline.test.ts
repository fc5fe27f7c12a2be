/** The timeline of a card: its life, our decisions, its money and its attention items, joined in one order. */
import { expect, it } from 'vitest';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import { parseAuthorizationId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { deliver } from '../relay/relay-inbox.ts';
import { askDecision } from '../support/ask-decision.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { eventually } from '../support/eventually.ts';
import { authorization, event, transaction } from '../support/stripe-events.ts';
import { ingressUnderTest } from './ingress-under-test.ts';

const ingress = ingressUnderTest();

interface Entry {
  readonly id: string;
  readonly at: string;
  readonly source: string;
  readonly kind: string;
  readonly phase: string | null;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

async function page(cardId: string, query: string) {
  const { body } = await ingress.get(`/v1/cards/${cardId}/timeline?${query}`);
  return {
    data: body.data as unknown as readonly Entry[],
    nextCursor: body['nextCursor'] as string | null,
  };
}

/** All entries, read in pages of so many. */
async function walk(cardId: string, limit: number, query = ''): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  let after = '';
  for (;;) {
    const { data, nextCursor } = await page(cardId, `limit=${limit}${query}${after}`);
    entries.push(...data);
    if (nextCursor === null) return entries;
    expect(data).toHaveLength(limit);
    after = `&after=${nextCursor}`;
  }
}

async function ask(
  program: CardProgram,
  name: string,
  askedMinor: number,
  sql: Sql = ingress.sql,
): Promise<string> {
  const reply = await askDecision(sql, program, {
    requestId: `evt_${name}`,
    authorizationId: parseAuthorizationId(`iauth_${name}`),
    askedMinor: minorUnits(askedMinor),
  });
  if (reply.kind !== 'decided') throw new Error(`not decided: ${reply.kind}`);
  return reply.decisionId;
}

/** A purchase approved and captured for less, one declined, a forced capture, and a freeze. */
async function eventfulCard(name: string): Promise<CardProgram> {
  const { sql } = ingress;
  const program = await createCardProgram(sql, { fundsMinor: 10_000 });
  const { stripeCardId: card, cardId } = program;
  await ask(program, `${name}1`, 1_250);
  const id = `iauth_${name}1`;
  const captured = transaction({ id: `ipi_${name}1`, card, amount: -900, authorization: id });
  await deliver(
    sql,
    program,
    event('issuing_authorization.created', authorization({ id, card, amount: 1_250 })),
  );
  await deliver(
    sql,
    program,
    event('issuing_transaction.created', captured),
    event(
      'issuing_authorization.updated',
      authorization({
        id,
        card,
        amount: 0,
        status: 'closed',
        history: [{ amount: 1_250, approved: true }],
        transactions: [captured],
      }),
    ),
  );
  await ask(program, `${name}2`, 50_000);
  const forced = transaction({ id: `ipi_${name}2`, card, amount: -300 });
  await deliver(sql, program, event('issuing_transaction.created', forced));
  await ingress.post(`/v1/cards/${cardId}/freeze`, { reason: 'lost at the station' });
  await sql`
    update attention_items set closed_at = now(), resolution = 'its authorization is known now'
     where card_id = ${cardId}`;
  return program;
}

it('joins life, decisions, money and attention in one order, each with a line to read', async () => {
  const { cardId } = await eventfulCard('joined');
  const { data } = await page(cardId, 'limit=50');
  expect(data.map(({ source, kind, text }) => [source, kind, text])).toEqual([
    [
      'attention',
      'closed',
      'No longer needs a person (forced capture): its authorization is known now',
    ],
    ['lifecycle', 'frozen', 'Frozen by the operator: lost at the station'],
    ['attention', 'opened', 'Needs a person: forced capture'],
    ['money', 'capture', 'Captured by force 3.00 USD at Shop'],
    [
      'decision',
      'declined',
      'Declined 500.00 USD. 500.00 USD were asked; 91.00 USD were available.',
    ],
    ['money', 'release', 'Released 3.50 USD that were held at Shop'],
    ['money', 'capture', 'Captured 9.00 USD at Shop'],
    ['money', 'hold', 'Held 12.50 USD at Shop'],
    ['decision', 'approved', 'Approved 12.50 USD at Shop'],
  ]);
});

it('carries what each entry is made of', async () => {
  const { cardId } = await eventfulCard('made');
  const entries = await walk(cardId, 50);
  const of = (kind: string) => entries.findLast((entry) => entry.kind === kind);
  expect(of('approved')).toMatchObject({
    phase: null,
    body: {
      reason: 'APPROVED',
      requestId: 'evt_made1',
      authorizationId: 'iauth_made1',
      askedMinor: 1_250,
      approvedMinor: 1_250,
      heldMinor: 1_250,
      currency: 'usd',
    },
  });
  expect(of('hold')?.body).toMatchObject({
    decisionId: of('approved')?.body['decisionId'],
    entryId: expect.stringMatching(/^\d+$/),
    amountMinor: 1_250,
    availableChangeMinor: -1_250,
    heldChangeMinor: 1_250,
  });
  expect(of('capture')?.body).toMatchObject({
    transactionId: 'ipi_made1',
    authorizationId: 'iauth_made1',
    amountMinor: 900,
    heldChangeMinor: -900,
    availableChangeMinor: 0,
    flags: [],
  });
  expect(of('frozen')).toMatchObject({ phase: 'active', body: { by: 'operator' } });
  expect(of('opened')?.body).toMatchObject({ kind: 'forced_capture', subject: 'ipi_made2' });
});

it('goes on exactly where the page before ended, also among entries of one moment', async () => {
  const { sql } = ingress;
  const { cardId, tenantId } = await eventfulCard('tied');
  // Entries of every source at the times of a decision and of an entry, to the microsecond.
  await sql`
    with moments as (
      select min(decided_at) as at from decisions where card_id = ${cardId}
      union all select min(written_at) from journal_entries where card_id = ${cardId})
    insert into card_timeline (tenant_id, card_id, at, kind, phase, body)
    select ${tenantId}, ${cardId}, m.at, 'usage_changed', 'active', '{"from":"unused","to":"spending"}'
      from moments m cross join generate_series(1, 4)`;
  await sql`
    with moments as (
      select 'd' as name, min(decided_at) as at from decisions where card_id = ${cardId}
      union all select 'e', min(written_at) from journal_entries where card_id = ${cardId})
    insert into attention_items (item_id, tenant_id, kind, subject, card_id, opened_at, closed_at, resolution)
    select 'att_' || ${cardId.slice(5)}::text || m.name || n, ${tenantId}, 'kyc_failed', m.name || n, ${cardId}, m.at, m.at, 'done'
      from moments m cross join generate_series(1, 3) n`;
  const whole = await walk(cardId, 100);
  expect(whole).toHaveLength(9 + 8 + 12);
  expect(new Set(whole.map(({ id }) => id)).size).toBe(whole.length);
  expect(whole.map(({ at }) => at)).toEqual(
    whole
      .map(({ at }) => at)
      .toSorted()
      .toReversed(),
  );
  for (const limit of [1, 2, 3, 4, 5, 7]) expect(await walk(cardId, limit)).toEqual(whole);
  for (const source of ['lifecycle', 'decision', 'money', 'attention']) {
    const own = whole.filter((entry) => entry.source === source);
    expect(own.length).toBeGreaterThan(1);
    for (const limit of [1, 2, 3])
      expect(await walk(cardId, limit, `&source=${source}`)).toEqual(own);
    // An entry of any source is a place among those of another.
    for (const [place, { id }] of whole.entries()) {
      const { data } = await page(cardId, `limit=50&source=${source}&after=${id}`);
      expect(data).toEqual(whole.slice(place + 1).filter((entry) => entry.source === source));
    }
  }
});

it('tells a hold and its decision in this order however many decisions are of one moment', async () => {
  const { sql } = ingress;
  const program = await createCardProgram(sql, { fundsMinor: 10_000 });
  for (const name of ['a', 'b', 'c']) await ask(program, `together${name}`, 100);
  const kinds = (await walk(program.cardId, 2)).map(({ kind }) => kind);
  expect(kinds).toEqual(['hold', 'approved', 'hold', 'approved', 'hold', 'approved']);
});

it('tells a freeze after the decision that it had to wait for', async () => {
  const { sql } = ingress;
  const program = await createCardProgram(sql, { fundsMinor: 10_000 });
  const freeze = await sql.begin(async (tx) => {
    await tx`select 1 from accounts where account_id = ${program.accountId} for no key update`;
    const call = ingress.post(`/v1/cards/${program.cardId}/freeze`);
    await eventually(async () => {
      const waiting = await sql`
        select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return waiting.length > 0;
    });
    // A decision in the transaction that has the account; the function asks for no more than a connection.
    await ask(program, 'beforefreeze', 100, tx as unknown as Sql);
    // In an object, because a promise that a function returns would be waited for here.
    return { call };
  });
  await freeze.call;
  const kinds = (await walk(program.cardId, 50)).map(({ kind }) => kind);
  expect(kinds).toEqual(['frozen', 'hold', 'approved']);
});

it('refuses a cursor that names nothing of this card', async () => {
  const { cardId } = await eventfulCard('cursor');
  const other = await eventfulCard('others');
  const strange = (await walk(other.cardId, 100)).map(({ id }) => id);
  const opened = 'opened.att_none';
  const declined = (await walk(cardId, 100)).find(({ kind }) => kind === 'declined')?.id ?? '';
  for (const after of [...strange, opened, '17', 'entry.x', declined.replace('decision', 'hold')]) {
    const { body } = await ingress.get(`/v1/cards/${cardId}/timeline?after=${after}`);
    expect({ after, code: body.error?.code }).toEqual({ after, code: 'CURSOR_INVALID' });
  }
});

it('shows money that waited for its card from the moment it is booked', async () => {
  const { sql } = ingress;
  const program = await createCardProgram(sql);
  const late = 'ic_known_later';
  const captured = transaction({ id: 'ipi_early', card: late, amount: -500 });
  await deliver(sql, program, event('issuing_transaction.created', captured));
  const { tenantId, cardId } = program;
  expect(await walk(cardId, 50)).toEqual([]);
  await sql`
    insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
    values (${tenantId}, ${late}, ${cardId}, 2, 'active', '4242', 12, 2030)`;
  const declined = authorization({ id: 'iauth_later', card: late, approved: false });
  await deliver(sql, program, event('issuing_authorization.created', declined));
  const told = await walk(cardId, 50, '&source=money');
  expect(told.map(({ kind, text }) => [kind, text])).toEqual([
    [
      'suspense_resolution',
      'Booked 5.00 USD at Shop, which had waited for its card to become known',
    ],
  ]);
});
