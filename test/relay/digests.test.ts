/** When digests leave, and that facts reach cards in any phase. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createNotifier } from '../../src/apps/relay/notify.ts';
import type { CardFact } from '../../src/domain/card-facts.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { authorization, event, START_S, transaction } from '../support/stripe-events.ts';
import { deliver } from './relay-inbox.ts';

const INTERVAL_MS = 15 * 60_000;

let database: TestDatabase;
let sql: Sql;
beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 6, name: 'test-digests' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

/** A relay that tells a list instead of Temporal. `duringSend` happens while a signal is under way. */
function relay(duringSend: () => Promise<void> = async () => {}) {
  const told: { readonly cardId: string; readonly fact: CardFact }[] = [];
  const notifier = createNotifier(
    sql,
    {
      start: () => Promise.reject(new Error('not used')),
      command: () => Promise.reject(new Error('not used')),
      async sendFacts(cardId, facts) {
        for (const { fact } of facts) told.push({ cardId, fact });
        await duringSend();
        return 'run';
      },
    },
    { digestIntervalMs: INTERVAL_MS, clock: { nowMs: () => 0 }, onError: () => {} },
  );
  return { told, notifier };
}

async function spendingCard(phase = 'active'): Promise<CardProgram> {
  const program = await createCardProgram(sql, { fundsMinor: 10_000, phase });
  await sql`update cards set state = '{"usage":"spending"}', workflow_started_at = now()
    where card_id = ${program.cardId}`;
  return program;
}

const purchase = (program: CardProgram, n: number) =>
  event(
    'issuing_authorization.created',
    authorization({ id: `iauth_${n}_${program.cardId}`, card: program.stripeCardId, amount: 100 }),
  );
const capture = (program: CardProgram, n: number) =>
  event(
    'issuing_transaction.created',
    transaction({
      id: `ipi_${n}_${program.cardId}`,
      card: program.stripeCardId,
      amount: -100,
      authorization: `iauth_${n}_${program.cardId}`,
    }),
    { atS: START_S + 60 },
  );

/** Lets the time go by that a window lasts. */
const windowPasses = (program: CardProgram) => sql`
  update card_spending set dirty_since = dirty_since - make_interval(secs => ${INTERVAL_MS / 1_000}),
         changed_at = changed_at - make_interval(secs => ${INTERVAL_MS / 1_000})
   where card_id = ${program.cardId}`;

const dirtySince = async ({ cardId }: CardProgram) => {
  const [row] = await sql<{ dirty: Date | null }[]>`
    select dirty_since as dirty from card_spending where card_id = ${cardId}`;
  return row?.dirty;
};

describe('a digest', () => {
  it('leaves at the end of the window that the first change began, with all that came within', async () => {
    const program = await spendingCard();
    const { told, notifier } = relay();
    await deliver(sql, program, purchase(program, 1));
    const began = await dirtySince(program);
    await notifier.sweep();
    expect(told).toEqual([]);
    await deliver(sql, program, purchase(program, 2), capture(program, 1));
    expect(await dirtySince(program)).toEqual(began);
    await notifier.sweep();
    expect(told).toEqual([]);
    await windowPasses(program);
    await notifier.sweep();
    await notifier.sweep();
    expect(told).toMatchObject([{ fact: { kind: 'spending_digest', purchases: 2 } }]);
    expect(await dirtySince(program)).toBeNull();
  });

  it('tells a lone purchase once when it is captured within the window, and twice when later', async () => {
    for (const [isLate, signals] of [
      [false, 1],
      [true, 2],
    ] as const) {
      const program = await spendingCard();
      const { told, notifier } = relay();
      const sweep = async (): Promise<void> => {
        await windowPasses(program);
        await notifier.sweep();
      };
      await deliver(sql, program, purchase(program, 1));
      if (isLate) await sweep();
      await deliver(sql, program, capture(program, 1));
      await sweep();
      await sweep();
      expect(told.filter(({ cardId }) => cardId === program.cardId)).toHaveLength(signals);
      const facts = await sql`select 1 from facts where card_id = ${program.cardId}`;
      expect(facts).toEqual([]);
    }
  });

  it('that is under way while more comes leaves a window for that', async () => {
    const program = await spendingCard();
    const { told, notifier } = relay(() => deliver(sql, program, purchase(program, 2)));
    await deliver(sql, program, purchase(program, 1));
    await windowPasses(program);
    await notifier.sweep();
    expect(told).toMatchObject([{ fact: { purchases: 1 } }]);
    expect(await dirtySince(program)).toBeInstanceOf(Date);
    await notifier.sweep();
    expect(told).toHaveLength(1);
    await windowPasses(program);
    await notifier.sweep();
    expect(told.map(({ fact }) => fact)).toMatchObject([{ purchases: 1 }, { purchases: 2 }]);
  });
});

describe('a fact for a card that is closed', () => {
  it('waits in the outbox and is sent, which opens the workflow again; spending is not', async () => {
    const program = await spendingCard('closed');
    const { told, notifier } = relay();
    await deliver(sql, program, purchase(program, 1), capture(program, 1));
    const waiting = await sql<{ kind: string }[]>`
      select kind from facts where card_id = ${program.cardId} and signalled_at is null`;
    expect(waiting).toEqual([{ kind: 'money_seen' }]);
    await notifier.sendFacts();
    await notifier.idle();
    await windowPasses(program);
    await notifier.sweep();
    expect(told).toEqual([
      { cardId: program.cardId, fact: { kind: 'money_seen', cause: 'capture' } },
    ]);
    const sent = await sql`
      select 1 from facts where card_id = ${program.cardId} and signalled_at is not null`;
    expect(sent).toHaveLength(1);
  });
});
