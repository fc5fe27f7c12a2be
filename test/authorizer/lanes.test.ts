import { describe, expect, it } from 'vitest';
import { STUCK_CALLS_MAX, WAITING_MAX } from '../../src/apps/authorizer/budget.ts';
import { createGuard } from '../../src/apps/authorizer/guard.ts';
import { createLanes } from '../../src/apps/authorizer/lanes.ts';
import { watchNothing } from '../../src/apps/authorizer/watch.ts';
import { type AccountId, parseAccountId } from '../../src/domain/ids.ts';
import { ZERO } from '../../src/domain/money.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Question, Reply } from '../../src/ports/decision-store.ts';
import { TIMINGS } from '../support/ask-decision.ts';
import { eventually } from '../support/eventually.ts';
import { sampleProfile, sampleRequest } from '../support/sample-request.ts';

const A = parseAccountId('acc_a');
const B = parseAccountId('acc_b');

const question = (requestId: string, accountId: AccountId): Question => ({
  request: sampleRequest({ requestId }),
  profile: sampleProfile({ accountId }),
  rule: { kind: 'decline', reason: 'CARD_FROZEN', finding: null },
  timings: TIMINGS,
  deadlineMs: Date.now() + 5_000,
});

const decided = (q: Question): Reply => ({
  kind: 'decided',
  decisionId: q.request.requestId,
  approved: false,
  reason: 'CARD_FROZEN',
  approvedMinor: ZERO,
});

/** A store whose calls wait until the test lets them go, and that records what each was asked. */
function heldStore(reply: (q: Question, call: number) => Reply = decided) {
  const calls: string[][] = [];
  const waiting: (() => void)[] = [];
  return {
    calls,
    release: () => waiting.shift()?.(),
    decide(questions: readonly Question[]): Promise<readonly Reply[]> {
      calls.push(questions.map((q) => q.request.requestId));
      const number = calls.length;
      return new Promise((resolve) => {
        waiting.push(() => resolve(questions.map((q) => reply(q, number))));
      });
    },
  };
}

interface AskedStore {
  decide(questions: readonly Question[]): Promise<readonly Reply[]>;
}

/** Lanes over a store; `over` changes what a test is about. */
function lanesOver(
  store: AskedStore,
  over: { reconnect?: () => void; clock?: Clock; questionsPerCallMax?: number } = {},
) {
  const { reconnect = () => {}, clock = systemClock(), questionsPerCallMax = 200 } = over;
  const errors: unknown[] = [];
  const lanes = createLanes({
    store,
    clock,
    guard: createGuard(reconnect),
    watch: watchNothing,
    onError: (error) => errors.push(error),
    questionsPerCallMax,
  });
  return Object.assign(lanes, { errors });
}

describe('lanes', () => {
  it('decides together what came while a call was under way, in order of arrival', async () => {
    const store = heldStore();
    const lanes = lanesOver(store);
    const replies = ['1', '2', '3'].map((id) => lanes.ask(question(id, A)));
    expect(store.calls).toEqual([['1']]);
    store.release();
    await replies[0];
    await eventually(() => store.calls.length === 2);
    expect(store.calls).toEqual([['1'], ['2', '3']]);
    store.release();
    expect((await Promise.all(replies)).every((r) => r.kind === 'decided')).toBe(true);
  });

  it('sends the next call before it answers the last', async () => {
    const order: string[] = [];
    const store = {
      // As a driver does, which hands over to the connection some promises later.
      async decide(questions: readonly Question[]): Promise<readonly Reply[]> {
        for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
        order.push(...questions.map((q) => `sent ${q.request.requestId}`));
        await new Promise((resolve) => setImmediate(resolve));
        return questions.map(decided);
      },
    };
    const lanes = lanesOver(store);
    const ask = async (id: string) => {
      await lanes.ask(question(id, A));
      order.push(`answered ${id}`);
    };
    await Promise.all(['1', '2', '3'].map(ask));
    expect(order).toEqual(['sent 1', 'sent 2', 'sent 3', 'answered 1', 'answered 2', 'answered 3']);
  });

  it('tries a busy account again without delaying the others, and keeps its order', async () => {
    let isLocked = true;
    const store = {
      decide: (questions: readonly Question[]): Promise<readonly Reply[]> =>
        Promise.resolve(
          questions.map((q) =>
            isLocked && q.profile?.accountId === A ? { kind: 'busy' as const } : decided(q),
          ),
        ),
    };
    const lanes = lanesOver(store);
    const order: string[] = [];
    const ask = (id: string, account: AccountId) =>
      lanes.ask(question(id, account)).then((reply) => {
        order.push(id);
        return reply;
      });
    const first = ask('a1', A);
    await ask('b1', B);
    const second = ask('a2', A);
    expect(order).toEqual(['b1']);
    isLocked = false;
    await Promise.all([first, second]);
    expect(order).toEqual(['b1', 'a1', 'a2']);
  });

  it('answers too late without asking once the deadline has passed', async () => {
    const store = heldStore();
    const lanes = lanesOver(store);
    const reply = lanes.ask({ ...question('late', A), deadlineMs: Date.now() - 1 });
    expect(await reply).toEqual({ kind: 'too_late' });
    expect(store.calls).toEqual([]);
  });

  it('gives up a call that does not come back, goes on with the next, and connects anew after several', async () => {
    let calls = 0;
    let reconnects = 0;
    const store = {
      decide: (questions: readonly Question[]): Promise<readonly Reply[]> => {
        calls += 1;
        return calls <= STUCK_CALLS_MAX
          ? new Promise(() => {})
          : Promise.resolve(questions.map(decided));
      },
    };
    const lanes = lanesOver(store, { reconnect: () => void (reconnects += 1) });
    for (let call = 1; call <= STUCK_CALLS_MAX; call += 1) {
      expect(await lanes.ask(question(`stuck ${call}`, A))).toEqual({ kind: 'too_late' });
    }
    expect(reconnects).toBe(1);
    expect(await lanes.ask(question('next', A))).toMatchObject({ kind: 'decided' });
  });

  it('connects anew when some calls are lost, although others come back', async () => {
    let reconnects = 0;
    const guard = createGuard(() => void (reconnects += 1));
    for (let lost = 1; lost <= STUCK_CALLS_MAX; lost += 1) {
      expect(reconnects).toBe(0);
      expect(await guard(() => new Promise(() => {}))).toEqual({ kind: 'given_up' });
      expect(await guard(() => Promise.resolve(1))).toEqual({ kind: 'answered', result: 1 });
    }
    expect(reconnects).toBe(1);
  });

  it('lets no busy account keep another out of its lists', async () => {
    const calls: string[][] = [];
    const store = {
      decide(questions: readonly Question[]): Promise<readonly Reply[]> {
        calls.push(questions.map((q) => q.request.requestId));
        const isFirst = calls.length <= 5;
        return Promise.resolve(
          questions.map((q) =>
            isFirst || q.profile?.accountId === A ? { kind: 'busy' as const } : decided(q),
          ),
        );
      },
    };
    const lanes = lanesOver(store, { questionsPerCallMax: 2 });
    const deadlineMs = Date.now() + 1_000;
    const ofA = ['a1', 'a2', 'a3', 'a4'].map((id) => lanes.ask({ ...question(id, A), deadlineMs }));
    expect(await lanes.ask(question('b1', B))).toMatchObject({ kind: 'decided' });
    expect(calls.at(-1)).toEqual(['a1', 'b1']);
    expect((await Promise.all(ofA)).map(({ kind }) => kind)).not.toContain('decided');
  });

  it('keeps the order of a busy account while its list is under way', async () => {
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const calls: string[][] = [];
    const store = {
      async decide(questions: readonly Question[]): Promise<readonly Reply[]> {
        calls.push(questions.map((q) => q.request.requestId));
        if (calls.length === 1) return questions.map(() => ({ kind: 'busy' }));
        if (calls.length === 2) await held;
        return questions.map(decided);
      },
    };
    const lanes = lanesOver(store);
    const first = lanes.ask(question('first', A));
    await eventually(() => calls.length === 2);
    const second = lanes.ask(question('second', A));
    release();
    await Promise.all([first, second]);
    expect(calls).toEqual([['first'], ['first'], ['second']]);
  });

  it('says once that Postgres could not be asked, and to all who asked', async () => {
    const lanes = lanesOver({ decide: () => Promise.reject(new Error('no connection')) });
    const replies = [lanes.ask(question('1', A)), lanes.ask(question('2', B))];
    expect(await Promise.all(replies)).toEqual([{ kind: 'unavailable' }, { kind: 'unavailable' }]);
    // The second was asked after the first call had failed.
    expect(lanes.errors).toHaveLength(2);
  });
});

describe('overload', () => {
  it('sheds when more is waiting than is good for the memory', async () => {
    const lanes = lanesOver(heldStore());
    for (let n = 0; n <= WAITING_MAX; n += 1) void lanes.ask(question(`q${n}`, A));
    expect(await lanes.ask(question('one too many', A))).toEqual({ kind: 'shed' });
  });

  it('sheds at once what would not be decided in time, and admits again when calls are quick', async () => {
    const clock = { ms: 1_000_000, nowMs: () => clock.ms };
    const store = heldStore();
    const lanes = lanesOver(store, { clock, questionsPerCallMax: 1 });
    const ask = (id: string) => lanes.ask({ ...question(id, A), deadlineMs: clock.ms + 350 });
    const answerAfter = async (ms: number, reply: Promise<unknown>) => {
      clock.ms += ms;
      store.release();
      await reply;
    };
    // Calls of 200 ms, one after the other, until the pace is known.
    for (let n = 0; n < 20; n += 1) await answerAfter(200, ask(`slow ${n}`));
    const underWay = ask('under way');
    expect(await ask('would wait for 400 ms')).toEqual({ kind: 'shed' });
    await answerAfter(2, underWay);
    const next = ask('next');
    const joined = ask('has time');
    await answerAfter(2, next);
    await eventually(() => store.calls.at(-1)?.[0] === 'has time');
    await answerAfter(2, joined);
    expect(await joined).toMatchObject({ kind: 'decided' });
  });

  it('asks Postgres again after it has been away, however slow it was', async () => {
    const clock = { ms: 1_000_000, nowMs: () => clock.ms };
    const store = heldStore();
    const lanes = lanesOver(store, { clock, questionsPerCallMax: 1 });
    const ask = (id: string) => lanes.ask({ ...question(id, A), deadlineMs: clock.ms + 350 });
    for (let n = 0; n < 30; n += 1) {
      const reply = ask(`stuck ${n}`);
      clock.ms += 10_000;
      store.release();
      await reply;
    }
    const reply = ask('probe');
    store.release();
    expect(await reply).toMatchObject({ kind: 'decided' });
  });
});
