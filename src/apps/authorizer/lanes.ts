/**
 * Decides together what waits. One call to Postgres is under way at a time; what arrives meanwhile is decided by
 * the next, in order of arrival, and nothing waits on purpose. A row lock is held over its commit, so one commit
 * a decision would cap a busy account at about one decision per disk flush.
 *
 * An account whose lock somebody else holds is *busy*: its questions go to a second lane, which sends its list
 * again every 5 ms until the deadline and never waits on a lock; later questions of that account join it there,
 * so that order is kept. So one locked account never delays the others.
 */
import type { Clock } from '../../ports/clock.ts';
import type { DecisionStore, Question, Reply } from '../../ports/decision-store.ts';
import { BUSY_RETRY_MS, QUESTIONS_PER_CALL_MAX, WAITING_MAX } from './budget.ts';

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
  let isMainRunning = false;
  let isBusyRunning = false;

  const accountOf = (w: Waiting): string | undefined => w.question.profile?.accountId;

  async function send(batch: readonly Waiting[]): Promise<readonly Reply[]> {
    try {
      return await store.decide(batch.map((w) => w.question));
    } catch (error) {
      return batch.map(() => ({ kind: 'failed', error: String(error) }));
    }
  }

  /** Answers what is settled and returns what found its account busy and still has time. */
  function settle(batch: readonly Waiting[], replies: readonly Reply[]): Waiting[] {
    const stillBusy: Waiting[] = [];
    for (const [index, waiting] of batch.entries()) {
      const reply = replies[index] ?? { kind: 'failed', error: 'no reply' };
      if (reply.kind === 'busy' && clock.nowMs() < waiting.question.deadlineMs)
        stillBusy.push(waiting);
      else waiting.answer(reply);
    }
    return stillBusy;
  }

  async function runMain(): Promise<void> {
    isMainRunning = true;
    while (main.length > 0) {
      const batch = main.splice(0, QUESTIONS_PER_CALL_MAX);
      busy.push(...settle(batch, await send(batch)));
      if (busy.length > 0 && !isBusyRunning) void runBusy();
    }
    isMainRunning = false;
  }

  async function runBusy(): Promise<void> {
    isBusyRunning = true;
    while (busy.length > 0) {
      await new Promise((resolve) => {
        setTimeout(resolve, BUSY_RETRY_MS);
      });
      const batch = busy.splice(0, QUESTIONS_PER_CALL_MAX);
      // Put back in front: what joined meanwhile came later.
      busy.unshift(...settle(batch, await send(batch)));
    }
    isBusyRunning = false;
  }

  return {
    ask(question) {
      if (main.length + busy.length >= WAITING_MAX) return Promise.resolve({ kind: 'shed' });
      return new Promise((answer) => {
        const waiting = { question, answer };
        const account = question.profile?.accountId;
        if (account !== undefined && busy.some((other) => accountOf(other) === account)) {
          busy.push(waiting);
          return;
        }
        main.push(waiting);
        if (!isMainRunning) void runMain();
      });
    },
    get waiting() {
      return main.length + busy.length;
    },
  };
}
