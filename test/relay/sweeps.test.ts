/** Looks at Stripe and signals to workflows: what fails steps aside for the others. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { insertFact } from '../../src/adapters/postgres/fact-store.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createBackoff } from '../../src/apps/relay/backoff.ts';
import { createNotifier } from '../../src/apps/relay/notify.ts';
import { createRestartRound } from '../../src/apps/relay/restart-round.ts';
import { createTieSettler } from '../../src/apps/relay/ties.ts';
import { WorkflowsUnavailableError } from '../../src/ports/card-workflows.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { authorization, event, START_S } from '../support/stripe-events.ts';
import { applyDue, deliver, openItems } from './relay-inbox.ts';

let database: TestDatabase;
let sql: Sql;
let nowMs = 0;
const clock = { nowMs: () => nowMs };

beforeEach(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 6, name: 'test-sweeps' });
  nowMs = (START_S + 10) * 1_000;
});
afterEach(async () => {
  await sql.end();
  await database.drop();
});

const view = (id: string, card: string, amount: number) =>
  authorization({ id, card, amount, history: [{ amount: 1_000, approved: true }] });

async function tie(id: string): Promise<CardProgram> {
  const program = await createCardProgram(sql, { fundsMinor: 5_000 });
  const card = program.stripeCardId;
  await deliver(
    sql,
    program,
    event('issuing_authorization.updated', view(id, card, 1_000)),
    event('issuing_authorization.updated', view(id, card, 600)),
  );
  return program;
}

const flagsOf = async (id: string): Promise<readonly string[]> => {
  const [row] = await sql<{ flags: string[] }[]>`
    select flags from authorizations where authorization_id = ${id}`;
  return row?.flags ?? [];
};

describe('contradicting views', () => {
  it('are settled although the look at another authorization fails', async () => {
    await tie('iauth_down');
    const good = await tie('iauth_up');
    const asked: string[] = [];
    const errors: unknown[] = [];
    const settler = createTieSettler(
      sql,
      {
        async fetch(_account, id) {
          asked.push(id);
          if (id === 'iauth_down') throw new Error('Stripe does not know it');
          const object = {
            ...view(id, good.stripeCardId, 600),
            merchant_data: { name: 'A\u0000B\ud800', category: 'bakeries', category_code: '5462' },
          };
          return { object, asOfS: START_S + 5 };
        },
      },
      { clock, onError: (error) => errors.push(error) },
    );
    await settler.settle();
    await applyDue(sql);
    expect(errors).toHaveLength(1);
    expect(await flagsOf('iauth_up')).not.toContain('tied');
    expect(await flagsOf('iauth_down')).toContain('tied');
    await settler.settle();
    expect(asked).toEqual(['iauth_down', 'iauth_up']);
    nowMs += 1_001;
    await settler.settle();
    expect(asked).toEqual(['iauth_down', 'iauth_up', 'iauth_down']);
  });

  it('are not looked at before their second is over, nor again while a look is fresh', async () => {
    const program = await tie('iauth_storm');
    let looks = 0;
    const settler = createTieSettler(
      sql,
      {
        fetch: async () => {
          looks += 1;
          return { object: { id: 'iauth_storm' }, asOfS: START_S + 10 + looks };
        },
      },
      { clock, onError: () => {} },
    );
    nowMs = (START_S + 2) * 1_000;
    await settler.settle();
    expect(looks).toBe(0);
    nowMs = (START_S + 3) * 1_000;
    await settler.settle();
    await settler.settle();
    expect(looks).toBe(1);
    await applyDue(sql);
    await settler.settle();
    expect(looks).toBe(1);
    expect(await openItems(sql, program)).toEqual(['event_not_applied']);
    await sql`update inbox set settled_at = now() - interval '2 hours' where source = 'fetch'`;
    await settler.settle();
    await applyDue(sql);
    expect(looks).toBe(2);
    // The second look ends in the same item.
    expect(await openItems(sql, program)).toEqual(['event_not_applied']);
  });
});

describe('telling card workflows', () => {
  it('reaches a card behind more failing ones than one step takes', async () => {
    const failing: string[] = [];
    for (let n = 0; n < 33; n += 1) {
      const program = await createCardProgram(sql);
      failing.push(program.cardId);
      await insertFact(sql, program, { kind: 'purchase_seen' }, 'one');
    }
    const good = await createCardProgram(sql);
    await insertFact(sql, good, { kind: 'purchase_seen' }, 'one');
    await sql`insert into card_spending (tenant_id, card_id, purchases, revision)
      select tenant_id, card_id, 1, 1 from cards`;
    const reached: string[] = [];
    const reach = async (kind: string, cardId: string): Promise<void> => {
      if (failing.includes(cardId)) throw new Error('no worker');
      reached.push(`${kind} ${cardId}`);
    };
    const notifier = createNotifier(
      sql,
      {
        start: (cardId) => reach('start', cardId).then(() => 'started'),
        sendFacts: (cardId, facts) => reach(facts[0]?.fact.kind ?? '', cardId).then(() => 'run'),
        command: () => Promise.reject(new Error('not used')),
      },
      { digestIntervalMs: 0, clock, onError: () => {} },
    );
    await notifier.sendFacts();
    await notifier.idle();
    await notifier.sendFacts();
    await notifier.idle();
    expect(reached).toEqual([`purchase_seen ${good.cardId}`]);
    await notifier.sweep();
    expect(reached).toContain(`spending_digest ${good.cardId}`);
  });
});

describe('the backoff', () => {
  it('doubles up to a minute, forgets with a success, and stays bounded', () => {
    const backoff = createBackoff(() => nowMs);
    for (const waitMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
      backoff.failed('card');
      nowMs += waitMs - 1;
      expect(backoff.waiting()).toEqual(['card']);
      nowMs += 1;
      expect(backoff.waiting()).toEqual([]);
    }
    backoff.succeeded('card');
    backoff.failed('card');
    nowMs += 1_000;
    expect(backoff.waiting()).toEqual([]);
    for (let n = 0; n < 1_500; n += 1) backoff.failed(`card${n}`);
    expect(backoff.waiting()).toHaveLength(1_000);
    expect(backoff.waiting()).toContain('card1499');
  });
});

describe('the round over open cards', () => {
  it('gives each its workflow once a day, and goes on where Temporal went away', async () => {
    const open = await createCardProgram(sql);
    const closed = await createCardProgram(sql);
    await sql`update cards set phase = 'closed' where card_id = ${closed.cardId}`;
    const started: string[] = [];
    let isAway = true;
    const workflows = {
      async start(cardId: string) {
        if (isAway) throw new WorkflowsUnavailableError('Temporal is away');
        started.push(cardId);
        return started.length === 1 ? ('started' as const) : ('running' as const);
      },
      command: () => Promise.reject(new Error('not used')),
      sendFacts: () => Promise.reject(new Error('not used')),
    };
    // Told to a workflow that is gone, and not worked off.
    await insertFact(sql, open, { kind: 'purchase_seen' }, 'one');
    await sql`update facts set signalled_at = now()`;
    const waiting = async () =>
      (
        await sql<{ n: number }[]>`select count(*)::int as n from facts where signalled_at is null`
      )[0]?.n;
    const step = createRestartRound(sql, workflows, clock);
    await expect(step()).rejects.toThrow('away');
    isAway = false;
    expect(await step()).toBe(false);
    expect(started).toEqual([open.cardId]);
    expect(await waiting()).toBe(1);
    await sql`update facts set signalled_at = now()`;
    await step();
    expect(started).toHaveLength(1);
    nowMs += 24 * 3_600_000;
    await step();
    expect(started).toEqual([open.cardId, open.cardId]);
    // A step that was interrupted may have started it without telling it.
    expect(await waiting()).toBe(1);
  });

  it('tells those that it has started while others could not be, and goes past one that never can', async () => {
    const cards = [];
    for (let n = 0; n < 3; n += 1) cards.push(await createCardProgram(sql));
    for (const card of cards) await insertFact(sql, card, { kind: 'purchase_seen' }, 'one');
    await sql`update facts set signalled_at = now()`;
    const [first, second, third] = cards.map(({ cardId }) => cardId).toSorted();
    const failures = new Map<unknown, Error>([
      [second, new WorkflowsUnavailableError('late')],
      [third, new Error('never')],
    ]);
    let calls = 0;
    const step = createRestartRound(
      sql,
      {
        async start(cardId) {
          calls += 1;
          const failure = failures.get(cardId);
          if (failure !== undefined) throw failure;
          return 'started';
        },
        command: () => Promise.reject(new Error('not used')),
        sendFacts: () => Promise.reject(new Error('not used')),
      },
      clock,
    );
    const told = async () =>
      (
        await sql<{ card_id: string }[]>`
          select card_id from facts where signalled_at is null order by card_id`
      ).map(({ card_id }) => card_id);
    await expect(step()).rejects.toThrow('late');
    expect(await told()).toEqual([first]);
    failures.delete(second);
    await expect(step()).rejects.toThrow('never');
    expect(await told()).toEqual([first, second]);
    expect(await step()).toBe(false);
    expect(calls).toBe(6);
  });
});
