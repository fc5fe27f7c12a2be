/** Who tells a card, and how much at once: leases over several relays, limits, and what a failure holds up. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCardStore } from '../../src/adapters/postgres/card-store.ts';
import { insertFact } from '../../src/adapters/postgres/fact-store.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createNotifier, type Notifier } from '../../src/apps/relay/notify.ts';
import { FACTS_PER_SIGNAL_MAX, FACTS_UNCLOSED_MAX } from '../../src/domain/limits.ts';
import { type CardWorkflows, WorkflowsUnavailableError } from '../../src/ports/card-workflows.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { CARD_STATES } from '../support/card-states.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

let database: TestDatabase;
let sql: Sql;
let nowMs = 0;
const clock = { nowMs: () => nowMs };
beforeEach(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 6, name: 'test-notify' });
  nowMs = 0;
});
afterEach(async () => {
  await sql.end();
  await database.drop();
});

type Send = CardWorkflows['sendFacts'];

/** A relay whose signals end as the test says. */
function relay(send: Send) {
  const errors: unknown[] = [];
  const frees: number[] = [];
  const notifier = createNotifier(
    sql,
    {
      start: () => Promise.resolve('started'),
      command: () => Promise.reject(new Error('not used')),
      sendFacts: send,
    },
    {
      digestIntervalMs: 0,
      clock,
      onError: (error) => errors.push(error),
      onFree: () => frees.push(nowMs),
    },
  );
  return { notifier, errors, frees };
}

async function step(notifier: Notifier): Promise<void> {
  await notifier.sendFacts();
  await notifier.idle();
}

const purchase = { kind: 'purchase_seen' } as const;

async function cardWithFacts(count = 1): Promise<CardProgram> {
  const program = await createCardProgram(sql);
  for (let n = 0; n < count; n += 1) await insertFact(sql, program, purchase, `fact ${n}`);
  return program;
}

/** Lets every wait of a card pass. */
const leasesEnd = () => sql`update card_leases set until = now() - interval '1 second'`;

describe('several relays', () => {
  it('tell each card once, and write down which run has taken what', async () => {
    const cards = [];
    for (let n = 0; n < 40; n += 1) cards.push((await cardWithFacts()).cardId);
    const told: string[] = [];
    const send: Send = async (cardId) => {
      told.push(cardId);
      return `run of ${cardId}`;
    };
    const relays = [relay(send), relay(send), relay(send)];
    await Promise.all(relays.map(({ notifier }) => step(notifier)));
    await Promise.all(relays.map(({ notifier }) => step(notifier)));
    expect(told.toSorted()).toEqual(cards.toSorted());
    const runs = await sql`
      select 1 from facts where signalled_at is not null and signalled_run_id = 'run of ' || card_id`;
    expect(runs).toHaveLength(cards.length);
    expect(await sql`select 1 from card_leases`).toEqual([]);
  });

  it('leave a card alone that another has claimed, until its lease ends', async () => {
    const { cardId } = await cardWithFacts();
    const told: string[] = [];
    const { notifier } = relay(async (id) => {
      told.push(id);
      return null;
    });
    await sql`insert into card_leases (card_id, holder, until)
      values (${cardId}, 'a relay that was killed', now() + interval '10 seconds')`;
    await step(notifier);
    expect(told).toEqual([]);
    await leasesEnd();
    await step(notifier);
    expect(told).toEqual([cardId]);
  });
});

describe('what is sent at once', () => {
  it('is a batch, and no more than the workflow may leave open', async () => {
    const { cardId } = await cardWithFacts(FACTS_UNCLOSED_MAX + 50);
    const batches: number[] = [];
    const { notifier } = relay(async (_id, facts) => {
      batches.push(facts.length);
      return 'run';
    });
    for (let n = 0; n < 5; n += 1) await step(notifier);
    expect(batches).toEqual([FACTS_PER_SIGNAL_MAX, FACTS_PER_SIGNAL_MAX]);
    // The workflow works some of them off.
    await sql`update facts set closed_at = now() where fact_id in (
      select fact_id from facts where card_id = ${cardId} order by fact_id limit 30)`;
    await leasesEnd();
    await step(notifier);
    expect(batches.slice(2)).toEqual([30]);
  });

  it('comes again when it is still open after an hour', async () => {
    await cardWithFacts(3);
    const batches: (readonly (string | null)[])[] = [];
    const { notifier } = relay(async (_id, facts) => {
      batches.push(facts.map(({ factId }) => factId));
      return 'run';
    });
    await step(notifier);
    await sql`update facts set closed_at = now() where fact_id = ${batches[0]?.[1] ?? null}`;
    await sql`update facts set signalled_at = now() - interval '59 minutes'`;
    await step(notifier);
    expect(batches).toHaveLength(1);
    await sql`update facts set signalled_at = now() - interval '61 minutes'`;
    await step(notifier);
    expect(batches[1]).toEqual([batches[0]?.[0], batches[0]?.[2]]);
  });
});

describe('a card that has to work off facts first', () => {
  const told = () => {
    const batches: number[] = [];
    const { notifier } = relay(async (_id, facts) => {
      batches.push(facts.length);
      return 'run';
    });
    return { batches, notifier };
  };

  it('is told more as soon as its workflow has closed some', async () => {
    const { cardId } = await cardWithFacts(FACTS_UNCLOSED_MAX + 50);
    const { batches, notifier } = told();
    for (let n = 0; n < 3; n += 1) await step(notifier);
    const [oldest] = await sql<{ id: string }[]>`
      select min(fact_id)::text as id from facts where card_id = ${cardId}`;
    const save = {
      cardId,
      revision: 1,
      writer: 'run',
      state: CARD_STATES.active(0),
      closedFactIds: [oldest?.id ?? ''],
      timeline: [],
    };
    expect(await createCardStore(sql).save(save)).toBe('saved');
    await step(notifier);
    expect(batches).toEqual([FACTS_PER_SIGNAL_MAX, FACTS_PER_SIGNAL_MAX, 1]);
  });

  it('is one that is full: whose facts another has sent meanwhile is given back', async () => {
    await cardWithFacts();
    const { batches, notifier } = told();
    // Between the claim and the look at its facts.
    const owner = createSql({ url: database.ownerUrl, poolSize: 1, name: 'test-notify' });
    await owner.unsafe(`
      create function send_facts() returns trigger language plpgsql as
        $$ begin update facts set signalled_at = now(); return null; end $$;
      create trigger another_relay after insert on card_leases execute function send_facts()`);
    await owner.end();
    await step(notifier);
    expect(batches).toEqual([]);
    expect(await sql`select 1 from card_leases`).toEqual([]);
  });

  it('has the loop look again at once, for it and for those whose facts are behind its own', async () => {
    await cardWithFacts(FACTS_PER_SIGNAL_MAX + 1);
    const { notifier, frees } = relay(async () => 'run');
    for (const isPartly of [true, false]) {
      expect(await notifier.sendFacts()).toBe(isPartly);
      await notifier.idle();
      expect(frees).toHaveLength(1);
    }
  });
});

describe('cards that cannot be told', () => {
  it('come after all others, however many they are and however long they wait', async () => {
    const broken = new Set<string>();
    for (let n = 0; n < 40; n += 1) broken.add((await cardWithFacts()).cardId);
    const told: string[] = [];
    const { notifier } = relay(async (id) => {
      told.push(id);
      if (broken.has(id)) throw new WorkflowsUnavailableError('this one hangs');
      return 'run';
    });
    await step(notifier);
    await step(notifier);
    const { cardId } = await cardWithFacts();
    told.length = 0;
    for (let n = 0; n < 20 && !told.includes(cardId); n += 1) {
      await leasesEnd();
      await step(notifier);
    }
    // Those that were never tried are as good as it, and older.
    const tried = told.slice(0, told.indexOf(cardId));
    expect(tried.length).toBeLessThan(broken.size - 32);
    // They are tried again once the others were told.
    await leasesEnd();
    told.length = 0;
    await step(notifier);
    expect(told).not.toEqual([]);
  });

  it('among others that can are no outage', async () => {
    for (let n = 0; n < 100; n += 1) await cardWithFacts();
    let calls = 0;
    const { notifier } = relay(async () => {
      calls += 1;
      if (calls === 10) throw new WorkflowsUnavailableError('this one hangs');
      return 'run';
    });
    await step(notifier);
    await step(notifier);
    expect(calls).toBe(64);
  });
});

describe('a sweep', () => {
  it('says that more may be due', async () => {
    for (let n = 0; n < 33; n += 1) {
      const { tenantId, cardId } = await createCardProgram(sql, { phase: 'active' });
      await sql`
        insert into card_spending (tenant_id, card_id, revision, dirty_since)
        values (${tenantId}, ${cardId}, 1, now() - interval '1 hour')`;
    }
    const { notifier } = relay(async () => 'run');
    expect([await notifier.sweep(), await notifier.sweep()]).toEqual([true, false]);
  });
});

describe('a call that', () => {
  it('hangs holds up its own card only', async () => {
    const slow = await cardWithFacts();
    const told: string[] = [];
    let answer = (): void => {};
    const hanging = new Promise<void>((resolve) => (answer = resolve));
    const { notifier, frees } = relay(async (id) => {
      if (id === slow.cardId) await hanging;
      told.push(id);
      return null;
    });
    await notifier.sendFacts();
    await insertFact(sql, slow, purchase, 'more');
    const other = await cardWithFacts();
    await notifier.sendFacts();
    await eventually(() => told.length > 0);
    expect(told).toEqual([other.cardId]);
    await eventually(() => frees.length === 1);
    await notifier.sendFacts();
    answer();
    await notifier.idle();
    // The loop is woken for what a look has passed over.
    expect(frees).toHaveLength(2);
    // What came while the first batch was under way.
    await step(notifier);
    expect(told).toEqual([other.cardId, slow.cardId, slow.cardId]);
  });

  it('fails makes its card wait twice as long each time, whichever relay tries', async () => {
    await cardWithFacts();
    const fail: Send = () => Promise.reject(new Error('no such namespace'));
    const relays = [relay(fail), relay(fail)];
    const waits: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      const { notifier } = relays[n % 2] ?? relay(fail);
      await step(notifier);
      const [row] = await sql<{ wait: number }[]>`
        select round(extract(epoch from until - now()))::int as wait from card_leases`;
      waits.push(row?.wait ?? 0);
      await step(notifier);
      await leasesEnd();
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    // The clock stands still, and one failure a second is reported.
    expect(relays.map(({ errors }) => errors.length)).toEqual([1, 1]);
  });

  it('finds Temporal away lets one at a time ask until it is back', async () => {
    for (let n = 0; n < 10; n += 1) await cardWithFacts();
    let isAway = true;
    let calls = 0;
    const { notifier } = relay(async () => {
      calls += 1;
      if (isAway) throw new WorkflowsUnavailableError('away');
      return null;
    });
    const callsOf = async (): Promise<number> => {
      const before = calls;
      await leasesEnd();
      await step(notifier);
      return calls - before;
    };
    expect(await callsOf()).toBe(10);
    expect(await callsOf()).toBe(1);
    expect(await callsOf()).toBe(1);
    isAway = false;
    expect([await callsOf(), await callsOf(), await callsOf()]).toEqual([1, 2, 7]);
  });
});
