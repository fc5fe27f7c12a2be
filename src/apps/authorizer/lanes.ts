/**
 * Decides together what waits. One call to Postgres is under way at a time; what arrives meanwhile is decided by
 * the next, in order of arrival, and nothing waits on purpose. A row lock is held over its commit, so one commit
 * a decision would cap a busy account at about one decision per disk flush.
 *
 * An account whose lock somebody else holds is *busy*: its questions go to a second lane, which sends its list
 * again every 5 ms until the deadline and never waits on a lock; later questions of that account join it there,
 * so that order is kept. So one locked account never delays the others.
 *
 * A call that does not come back is given up after its budget, so that a lost connection stops nobody else; when
 * that happens several times in a row, the store is told to connect anew.
 */
import type { Clock } from '../../ports/clock.ts';
import type { DecisionStore, Question, Reply } from '../../ports/decision-store.ts';
import {
  BUSY_RETRY_MS,
  CALL_GIVEN_UP_MS,
  QUESTIONS_PER_CALL_MAX,
  STUCK_CALLS_MAX,
  WAITING_MAX,
} from './budget.ts';

interface Waiting {
  readonly question: Question;
  readonly answer: (reply: LaneReply) => void;
}

export type LaneReply = Reply | { readonly kind: 'shed' };

export interface Lanes {
  /** Answers one reply; `busy` only once the deadline has passed. Never throws. */
  ask(question: Question): Promise<LaneReply>;
  readonly waiting: number;
}

export function createLanes(store: DecisionStore, clock: Clock): Lanes {
  const main: Waiting[] = [];
  const busy: Waiting[] = [];
  /** The busy lane's list under way: its accounts are busy still. */
  let retrying: readonly Waiting[] = [];
  const running = { main: false, busy: false };
  const call = createCall(store);

  const accountOf = (w: Waiting): string | undefined => w.question.profile?.accountId;

  /** Asks what is still in time, answers what is settled, and returns what found its account busy. */
  async function decide(batch: readonly Waiting[]): Promise<Waiting[]> {
    const nowMs = clock.nowMs();
    const inTime = batch.filter((w) => w.question.deadlineMs > nowMs);
    for (const late of batch.filter((w) => w.question.deadlineMs <= nowMs)) {
      late.answer({ kind: 'too_late' });
    }
    if (inTime.length === 0) return [];
    const replies = await call(inTime.map((w) => w.question));
    const stillBusy: Waiting[] = [];
    for (const [index, waiting] of inTime.entries()) {
      const reply = replies[index] ?? { kind: 'failed', error: 'no reply' };
      const hasTime = clock.nowMs() < waiting.question.deadlineMs;
      if (reply.kind === 'busy' && hasTime) stillBusy.push(waiting);
      else waiting.answer(reply);
    }
    return stillBusy;
  }

  async function runMain(): Promise<void> {
    running.main = true;
    while (main.length > 0) {
      busy.push(...(await decide(main.splice(0, QUESTIONS_PER_CALL_MAX))));
      if (busy.length > 0 && !running.busy) void runBusy();
    }
    running.main = false;
  }

  async function runBusy(): Promise<void> {
    running.busy = true;
    while (busy.length > 0) {
      await new Promise((resolve) => {
        setTimeout(resolve, BUSY_RETRY_MS);
      });
      const batch = busy.splice(0, QUESTIONS_PER_CALL_MAX);
      retrying = batch;
      const stillBusy = await decide(batch);
      retrying = [];
      // Put back in front: what joined meanwhile came later.
      busy.unshift(...stillBusy);
    }
    running.busy = false;
  }

  const isBusy = (account: string | undefined): boolean =>
    account !== undefined && [...retrying, ...busy].some((other) => accountOf(other) === account);
  const count = (): number => main.length + busy.length + retrying.length;

  return {
    ask(question) {
      if (count() >= WAITING_MAX) return Promise.resolve({ kind: 'shed' });
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

/** One call of the store that always comes back: with replies, or with the reason why there are none. */
function createCall(store: DecisionStore) {
  let stuckInARow = 0;

  return async (questions: readonly Question[]): Promise<readonly Reply[]> => {
    let timer: NodeJS.Timeout | undefined;
    const givenUp = new Promise<'stuck'>((resolve) => {
      timer = setTimeout(() => resolve('stuck'), CALL_GIVEN_UP_MS);
    });
    const answered = store
      .decide(questions)
      .catch((error: unknown) =>
        questions.map((): Reply => ({ kind: 'failed', error: String(error) })),
      );
    const result = await Promise.race([answered, givenUp]);
    clearTimeout(timer);
    if (result !== 'stuck') {
      stuckInARow = 0;
      return result;
    }
    stuckInARow += 1;
    if (stuckInARow >= STUCK_CALLS_MAX) {
      stuckInARow = 0;
      store.reconnect();
    }
    return questions.map(() => ({ kind: 'too_late' }));
  };
}
