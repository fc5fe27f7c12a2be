/**
 * Writes down what was answered, a moment after the answer has left, many at a time. While Postgres is away the
 * newest wait for it; what does not fit is dropped, which costs no money.
 */
import type { DecisionStore, GivenAnswer } from '../../ports/decision-store.ts';
import { RECORD_EVERY_MS, RECORDS_PER_CALL_MAX, UNRECORDED_MAX } from './budget.ts';
import type { Guard } from './guard.ts';
import type { Watch } from './watch.ts';

export interface AnswerRecorder {
  add(answer: GivenAnswer): void;
  /** Writes what is left, once. */
  close(): Promise<void>;
}

export function createAnswerRecorder(
  store: Pick<DecisionStore, 'recordAnswers'>,
  watch: Watch,
  guard: Guard,
): AnswerRecorder {
  let waiting: GivenAnswer[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;

  /** @returns whether it could be written. */
  async function write(batch: readonly GivenAnswer[]): Promise<boolean> {
    try {
      const recorded = store.recordAnswers(batch);
      // One that hangs shows a lost connection like any other call; it fails when all are made anew.
      void guard(() => recorded);
      await recorded;
    } catch {
      // Postgres is away, which the decisions tell already. What is too much by now is dropped.
      const room = Math.max(0, UNRECORDED_MAX - waiting.length);
      waiting = [...batch.slice(batch.length - Math.min(room, batch.length)), ...waiting];
      if (room < batch.length) watch.recorded(batch.length - room, 'dropped');
      return false;
    }
    watch.recorded(batch.length, 'written');
    return true;
  }

  async function writeAll(): Promise<void> {
    let isWritten = true;
    while (isWritten && waiting.length > 0) {
      isWritten = await write(waiting.splice(0, RECORDS_PER_CALL_MAX));
    }
    writing = undefined;
    if (waiting.length > 0) schedule();
  }

  function schedule(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      writing ??= writeAll();
    }, RECORD_EVERY_MS).unref();
  }

  return {
    add(answer) {
      waiting.push(answer);
      if (waiting.length > UNRECORDED_MAX) {
        waiting.shift();
        watch.recorded(1, 'dropped');
      }
      if (writing === undefined) schedule();
    },
    async close() {
      clearTimeout(timer);
      await writing;
      while (waiting.length > 0) {
        const isWritten = await write(waiting.splice(0, RECORDS_PER_CALL_MAX));
        if (!isWritten) return;
      }
    },
  };
}
