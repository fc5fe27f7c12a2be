/** What the relay makes of events that belong to no card's phase: tokens, and designs of cards. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import type { Json } from '../../src/adapters/stripe/wire.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { event, START_S } from '../support/stripe-events.ts';
import { deliver, rowOf } from './relay-inbox.ts';

let database: TestDatabase;
let sql: Sql;
beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 6, name: 'test-tokens' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

const tokenEvent = (card: string, id: string, status: string, atS = START_S): Json =>
  event(
    status === 'requested' ? 'issuing_token.created' : 'issuing_token.updated',
    {
      id,
      card,
      status,
      network: 'visa',
      wallet_provider: 'apple_pay',
      network_data: { device: { name: 'Jenny\u2019s phone', phone_number: '+15551234567' } },
    },
    { atS },
  );

const timelineOf = async ({ cardId }: CardProgram) =>
  (
    await sql<{ kind: string; body: { status?: string } }[]>`
      select kind, body from card_timeline where card_id = ${cardId} order by timeline_id`
  ).map(({ kind, body }) => ({ kind, ...body }));

describe('a token', () => {
  it('is told in the timeline of its card, each change once, and nothing of its device', async () => {
    const program = await createCardProgram(sql);
    const { stripeCardId: card } = program;
    await deliver(sql, program, tokenEvent(card, 'intok_life', 'requested'));
    await deliver(sql, program, tokenEvent(card, 'intok_life', 'active', START_S + 1));
    await deliver(sql, program, tokenEvent(card, 'intok_life', 'active', START_S + 2));
    await deliver(sql, program, tokenEvent(card, 'intok_life', 'deleted', START_S + 3));
    const told = await timelineOf(program);
    expect(told.map(({ status }) => status)).toEqual(['requested', 'active', 'deleted']);
    expect(told[0]).toEqual({
      kind: 'token_changed',
      tokenId: 'intok_life',
      stripeCardId: card,
      status: 'requested',
      wallet: 'apple_pay',
      network: 'visa',
    });
  });

  it('stands where the newest event shows it, whatever the order of arrival', async () => {
    const program = await createCardProgram(sql);
    const { stripeCardId: card } = program;
    await deliver(sql, program, tokenEvent(card, 'intok_late', 'active', START_S + 5));
    await deliver(sql, program, tokenEvent(card, 'intok_late', 'requested'));
    // Of one second: the later status stands.
    await deliver(sql, program, tokenEvent(card, 'intok_late', 'requested', START_S + 5));
    await deliver(sql, program, tokenEvent(card, 'intok_late', 'suspended', START_S + 5));
    await deliver(sql, program, tokenEvent(card, 'intok_late', 'sleeping', START_S + 9));
    const told = await timelineOf(program);
    expect(told.map(({ status }) => status)).toEqual(['active', 'suspended', 'sleeping']);
  });

  it('of a card that nobody knows is parked', async () => {
    const program = await createCardProgram(sql);
    const early = tokenEvent('ic_unknown', 'intok_early', 'active');
    await deliver(sql, program, early);
    expect(await rowOf(sql, early['id'])).toMatchObject({
      status: 'pending',
      reason: 'nobody here knows the card of this event',
    });
  });

  it('without a status is an item that names what is missing', async () => {
    const program = await createCardProgram(sql);
    const broken = event('issuing_token.updated', { id: 'intok_x', card: program.stripeCardId });
    await deliver(sql, program, broken);
    expect(await rowOf(sql, broken['id'])).toMatchObject({
      status: 'attention',
      reason: expect.stringMatching(/^cannot be read .*: status is not a text$/),
    });
  });
});

const designEvent = (id: string, type: string, status: string, atS: number): Json =>
  event(
    `issuing_personalization_design.${type}`,
    {
      id,
      status,
      name: 'Blue',
      rejection_reasons: { card_logo: ['inappropriate'], carrier_text: null },
    },
    { atS },
  );

const itemsOf = async (design: string) =>
  sql<{ details: Json; resolution: string | null }[]>`
    select details, resolution from attention_items
     where kind = 'design_unusable' and subject = ${design} order by opened_at`;

describe('a design', () => {
  it('that is rejected needs a person until it is active', async () => {
    const program = await createCardProgram(sql);
    await deliver(sql, program, designEvent('ipcd_bad', 'rejected', 'rejected', START_S));
    const item = {
      details: { status: 'rejected', name: 'Blue', detail: 'card_logo: inappropriate' },
      resolution: null,
    };
    expect(await itemsOf('ipcd_bad')).toEqual([item]);
    await deliver(sql, program, designEvent('ipcd_bad', 'activated', 'active', START_S + 2));
    expect(await itemsOf('ipcd_bad')).toEqual([{ ...item, resolution: 'the design is active' }]);
  });

  it('that was handed in again needs nobody, whatever the order of arrival', async () => {
    const program = await createCardProgram(sql);
    const rejected = (id: string) => designEvent(id, 'rejected', 'rejected', START_S);
    const review = (id: string) => designEvent(id, 'updated', 'review', START_S + 1);
    await deliver(sql, program, rejected('ipcd_again'));
    await deliver(sql, program, review('ipcd_again'));
    await deliver(sql, program, review('ipcd_early'));
    await deliver(sql, program, rejected('ipcd_early'));
    expect(await itemsOf('ipcd_again')).toMatchObject([
      { resolution: 'the design is looked at once more' },
    ]);
    expect(await itemsOf('ipcd_early')).toEqual([]);
  });

  it('that is active by its newest event opens no item for an older one that comes late', async () => {
    const program = await createCardProgram(sql);
    await deliver(sql, program, designEvent('ipcd_ok', 'activated', 'active', START_S + 9));
    await deliver(sql, program, designEvent('ipcd_ok', 'deactivated', 'inactive', START_S));
    expect(await itemsOf('ipcd_ok')).toEqual([]);
    await deliver(sql, program, designEvent('ipcd_ok', 'deactivated', 'inactive', START_S + 9));
    expect(await itemsOf('ipcd_ok')).toHaveLength(1);
  });
});
