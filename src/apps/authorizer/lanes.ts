/**
 * Decides together what waits. One call to Postgres is under way at a time; what arrives meanwhile is decided by
 * the next, in order of arrival, and nothing waits on purpose; the next is sent before the answers of the last are
 * written, so that Postgres is not idle meanwhile. A row lock is held over its commit, so one commit
 * a decision would cap a busy account at about one decision per disk flush.
 *
 * An account whose lock somebody else holds is *busy*: its questions go to a second lane, which sends its list
 * again every 5 ms until the deadline and never waits on a lock; later questions of that account join it there,
 * so that order is kept. So one locked account never delays the others.
 *
 * A question that would not be decided in time is shed at once (pace.ts): those that are admitted are answered by
 * Postgres, instead of all waiting until it is too late for any.
 */
import type { Clock } from '../../ports/clock.ts';
import type { DecisionStore, Question, Reply } from '../../ports/decision-store.ts';
import { BUSY_RETRY_MS, WAITING_MAX } from './budget.ts';
import type { Guard } from './guard.ts';
import { createPace } from './pace.ts';
import type { Watch } from './watch.ts';

interface Waiting {
  readonly question: Question;
  readonly answer: (reply: LaneReply) => void;
}

export type LaneReply =
  | Reply
  | { readonly kind: 'shed' }
  /** Postgres could not be asked. */
  | { readonly kind: 'unavailable' };

export interface Lanes {
  /** Answers one reply; `busy` only once the deadline has passed. Never throws. */
  ask(question: Question): Promise<LaneReply>;
  readonly waiting: number;
}

export interface LaneOptions {
  readonly store: Pick<DecisionStore, 'decide'>;
  readonly clock: Clock;
  readonly guard: Guard;
  readonly watch: Watch;
  /** Told once a call that failed as a whole. */
  readonly onError: (error: unknown) => void;
  readonly questionsPerCallMax: number;
}

export function createLanes(options: LaneOptions): Lanes {
  const { clock, questionsPerCallMax } = options;
  const main: Waiting[] = [];
  const busy: Waiting[] = [];
  /** The busy lane's list under way: its accounts are busy still. */
  let retrying: readonly Waiting[] = [];
  const running = { main: false, busy: false };
  const pace = createPace(questionsPerCallMax);
  const call = createCall(options);

  async function runMain(): Promise<void> {
    running.main = true;
    while (main.length > 0) {
      const asked = stillInTime(main.splice(0, questionsPerCallMax), clock);
      if (asked.length === 0) continue;
      pace.begin(clock.nowMs());
      const replies = await call(asked.map((w) => w.question));
      pace.end(clock.nowMs());
      const { stillBusy, answer } = settle(asked, replies, options);
      busy.push(...stillBusy);
      if (busy.length > 0 && !running.busy) void runBusy();
      // The next call leaves in this turn of the event loop, the answers in one after it.
      if (main.length > 0) setImmediate(answer);
      else answer();
    }
    running.main = false;
  }

  async function runBusy(): Promise<void> {
    running.busy = true;
    while (busy.length > 0) {
      await new Promise((resolve) => {
        setTimeout(resolve, BUSY_RETRY_MS);
      });
      retrying = stillInTime(takeFairly(busy, questionsPerCallMax), clock);
      if (retrying.length === 0) continue;
      const replies = await call(retrying.map((w) => w.question));
      const { stillBusy, answer } = settle(retrying, replies, options);
      answer();
      retrying = [];
      // Put back in front: what joined meanwhile came later.
      busy.unshift(...stillBusy);
    }
    running.busy = false;
  }

  const isBusy = (account: string | undefined): boolean => {
    if (account === undefined) return false;
    const isOfAccount = (other: Waiting): boolean => accountOf(other) === account;
    return retrying.some(isOfAccount) || busy.some(isOfAccount);
  };
  const count = (): number => main.length + busy.length + retrying.length;

  return {
    ask(question) {
      const leftMs = question.deadlineMs - clock.nowMs();
      if (leftMs <= 0) return Promise.resolve({ kind: 'too_late' });
      if (count() >= WAITING_MAX || pace.waitMs(main.length) >= leftMs) {
        return Promise.resolve({ kind: 'shed' });
      }
      return new Promise((answer) => {
        const waiting = { question, answer };
        if (isBusy(accountOf(waiting))) {
          busy.push(waiting);
          return;
        }
        main.push(waiting);
        if (!running.main) void runMain();
      });
    },
    get waiting() {
      return count();
    },
  };
}

const accountOf = (w: Waiting): string | undefined => w.question.profile?.accountId;

/** In their order, but so that no account keeps the others out of the list. */
function takeFairly(waiting: Waiting[], most: number): readonly Waiting[] {
  if (waiting.length <= most) return waiting.splice(0);
  const share = Math.max(1, Math.floor(most / new Set(waiting.map(accountOf)).size));
  const taken = new Map<string | undefined, Waiting[]>();
  let count = 0;
  const left = waiting.filter((each) => {
    const ofAccount = taken.get(accountOf(each)) ?? [];
    if (count >= most || ofAccount.length >= share) return true;
    taken.set(accountOf(each), [...ofAccount, each]);
    count += 1;
    return false;
  });
  waiting.splice(0, waiting.length, ...left);
  return [...taken.values()].flat();
}

/** Answers those whose time is over, and returns the others. */
function stillInTime(batch: readonly Waiting[], clock: Clock): readonly Waiting[] {
  const nowMs = clock.nowMs();
  for (const late of batch.filter((w) => w.question.deadlineMs <= nowMs)) {
    late.answer({ kind: 'too_late' });
  }
  return batch.filter((w) => w.question.deadlineMs > nowMs);
}

interface Settled {
  /** What found its account busy and has time left. */
  readonly stillBusy: readonly Waiting[];
  /** Answers the others. */
  readonly answer: () => void;
}

/** Sorts a list by what came of it. */
function settle(
  asked: readonly Waiting[],
  replies: readonly LaneReply[],
  { clock, watch }: LaneOptions,
): Settled {
  const nowMs = clock.nowMs();
  const stillBusy: Waiting[] = [];
  const settled: (() => void)[] = [];
  for (const [index, waiting] of asked.entries()) {
    const reply = replies[index] ?? { kind: 'failed', error: 'no reply' };
    if (reply.kind === 'busy') watch.busy();
    if (reply.kind === 'busy' && nowMs < waiting.question.deadlineMs) stillBusy.push(waiting);
    else settled.push(() => waiting.answer(reply));
  }
  return { stillBusy, answer: () => settled.forEach((answer) => answer()) };
}

/** One call of the store that always comes back: with replies, or with the reason why there are none. */
function createCall({ store, clock, guard, watch, onError }: LaneOptions) {
  return async (questions: readonly Question[]): Promise<readonly LaneReply[]> => {
    const sentMs = clock.nowMs();
    const outcome = await guard(() => store.decide(questions));
    watch.call(questions.length, (clock.nowMs() - sentMs) / 1_000, outcome.kind);
    switch (outcome.kind) {
      case 'answered':
        return outcome.result;
      case 'failed':
        onError(outcome.error);
        return questions.map(() => ({ kind: 'unavailable' }));
      case 'given_up':
        return questions.map(() => ({ kind: 'too_late' }));
    }
  };
}
