/**
 * A card is frozen and unfrozen in a loop while two authorizers are asked about it: nothing that is decided between the
 * answer of a freeze and the next unfreeze approves. All times are Postgres'.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCardControls } from '../../src/adapters/postgres/card-controls.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { anotherCard } from '../support/limited-cards.ts';
import { type Swipe, swarm, type WiredAuthorizer, wireAuthorizer } from './wired-authorizer.ts';

const FREEZES = 25;
const CONNECTIONS = 8;
/** Each state lasts until the card was asked about so many times. */
const ANSWERS_PER_STATE = 3;

let database: TestDatabase;
let sql: Sql;
let authorizers: readonly WiredAuthorizer[];
let card: CardProgram;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 2, name: 'test-freeze' });
  authorizers = ['one', 'other'].map((name) => wireAuthorizer(database.appUrl, name));
  card = await createCardProgram(sql, { stripeAccount: null, fundsMinor: 10_000_000 });
});
afterAll(async () => {
  await Promise.all(authorizers.map((authorizer) => authorizer.close()));
  await sql.end();
  await database.drop();
});

const postgresNow = async (): Promise<string> => {
  const [row] = await sql<[{ now: string }]>`select clock_timestamp()::text as now`;
  return row.now;
};

/** As the API does it, in a transaction of its own. */
async function change(what: 'freeze' | 'unfreeze'): Promise<void> {
  await sql.begin(async (tx) => {
    const controls = createCardControls(tx);
    const locked = await controls.lock(card.cardId);
    if (locked === undefined) throw new Error('the card is there');
    await controls[what](locked, { by: 'operator', reason: 'test' });
  });
}

/** Swipes until the signal: mostly of the card that is frozen, and some of one beside it. */
function* swipes(stop: AbortSignal, beside: CardProgram): Generator<Swipe> {
  for (let place = 0; !stop.aborted; place += 1) {
    const swiped = place % 4 === 3 ? beside : card;
    yield { requestId: `evt_freeze${place}`, card: swiped, amount: 1 };
  }
}

interface Frozen {
  /** Postgres' time after the commit of the freeze, and before the unfreeze began. */
  readonly from: string;
  readonly to: string;
}

const decisionsIn = async (frozen: readonly Frozen[]) => {
  const [counts] = await sql<
    [{ approved: number; declined: number; approvedBetween: number; beside: number }]
  >`
    select count(*) filter (where approved and is_frozen and is_card) as approved,
           count(*) filter (where reason = 'CARD_FROZEN' and is_frozen and is_card) as declined,
           count(*) filter (where approved and not is_frozen and is_card) as "approvedBetween",
           count(*) filter (where approved and is_frozen and not is_card) as beside
      from (select d.*, d.card_id = ${card.cardId} as is_card,
                   exists (select from unnest(${frozen.map(({ from }) => from)}::text[]::timestamptz[],
                             ${frozen.map(({ to }) => to)}::text[]::timestamptz[]) f (start, stop)
                            where d.decided_at between f.start and f.stop) as is_frozen
              from decisions d) decided`;
  return counts;
};

describe('freezing', () => {
  it('is at once: whatever is decided after its answer is declined', async () => {
    const beside = await anotherCard(sql, card, 'beside');
    const ended = new AbortController();
    let answers = 0;
    const load = swarm(CONNECTIONS, swipes(ended.signal, beside), async (swipe) => {
      const authorizer = authorizers[answers % authorizers.length];
      if (authorizer === undefined) throw new Error('there are two authorizers');
      await authorizer.ask(swipe);
      answers += 1;
    });
    const someAnswers = async (): Promise<void> => {
      const before = answers;
      await eventually(() => answers >= before + ANSWERS_PER_STATE, { everyMs: 1 });
    };
    const frozen: Frozen[] = [];
    while (frozen.length < FREEZES) {
      await change('freeze');
      const from = await postgresNow();
      await someAnswers();
      frozen.push({ from, to: await postgresNow() });
      await change('unfreeze');
      await someAnswers();
    }
    ended.abort();
    await load;
    const counts = await decisionsIn(frozen);
    expect(counts.approved).toBe(0);
    // Both states were met by decisions, and another card of the account was not concerned.
    expect(counts.declined).toBeGreaterThan(FREEZES);
    expect(counts.approvedBetween).toBeGreaterThan(FREEZES);
    expect(counts.beside).toBeGreaterThan(0);
  });
});
