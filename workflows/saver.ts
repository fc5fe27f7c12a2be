/**
 * Saves the card, one save at a time. Each save carries the whole state with a revision that only rises, so
 * an activity that is late, or was repeated, never puts an older state over a newer one.
 */
import { condition, workflowInfo } from '@temporalio/workflow';
import type { FinishedUpdate } from '../src/domain/card-contract.ts';
import { records } from './card-activities.ts';
import type { CardRecord } from './card-record.ts';

export interface Saver {
  /** Resolves once everything applied before the call is saved, or `stale` is true. */
  flush(): Promise<void>;
  readonly busy: boolean;
  /** Postgres holds a state that this run does not know: it must be loaded again. */
  readonly stale: boolean;
}

/** `answers` are those of the commands whose effects the save brings, among others. */
export function createSaver(
  record: CardRecord,
  answers: () => readonly FinishedUpdate[],
  onSaved: () => void,
): Saver {
  let busy = false;
  let stale = false;

  async function saveOnce(): Promise<void> {
    busy = true;
    const save = { ...record.takeSave(workflowInfo().runId), answers: answers() };
    try {
      const answer = await records.saveCard.executeWithOptions(
        { summary: `${save.state.phase}, revision ${save.revision}` },
        [save],
      );
      if (answer === 'stale') {
        stale = true;
        record.putBack(save);
      } else {
        record.confirm(save);
        onSaved();
      }
    } catch (error) {
      record.putBack(save);
      throw error;
    } finally {
      busy = false;
    }
  }

  return {
    async flush() {
      const target = record.revision;
      while (record.savedRevision < target && !stale) {
        // Whoever comes while a save is under way waits for it, and then for the next one, which has its changes.
        if (busy) await condition(() => !busy);
        else await saveOnce();
      }
    },
    get busy() {
      return busy;
    },
    get stale() {
      return stale;
    },
  };
}
