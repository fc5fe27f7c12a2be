/**
 * One timer at a time that wakes the main loop. It only tells the loop to look again: an alarm that rings too
 * early is set anew. So a deadline that moves on with each purchase costs no timer a purchase.
 */
import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

export interface Alarm {
  /** Makes sure it rings at `atMs` or before; null asks for nothing. */
  set(atMs: number | null, summary: string): void;
  /** True once it rang, until it is set again. */
  readonly rang: boolean;
  cancel(): void;
}

export function createAlarm(): Alarm {
  let current: { readonly atMs: number; readonly scope: CancellationScope } | null = null;
  let rang = false;

  function cancel(): void {
    current?.scope.cancel();
    current = null;
  }

  function set(atMs: number | null, summary: string): void {
    rang = false;
    if (atMs === null || (current !== null && current.atMs <= atMs)) return;
    cancel();
    const scope = new CancellationScope();
    const mine = { atMs, scope };
    current = mine;
    scope
      .run(() => sleep(Math.max(atMs - Date.now(), 1), { summary }))
      .then(
        () => {
          if (current !== mine) return;
          current = null;
          rang = true;
        },
        (error: unknown) => {
          if (!isCancellation(error)) throw error;
        },
      );
  }

  return {
    set,
    cancel,
    get rang() {
      return rang;
    },
  };
}
