/**
 * Calls of Postgres that always come back: with a result, or with the news that there is none. A call that hangs is
 * given up, so that a lost connection stops nobody else; when that happens several times in a row, the store is told
 * to connect anew.
 */
import { CALL_GIVEN_UP_MS, STUCK_CALLS_MAX } from './budget.ts';

export type Guarded<T> =
  | { readonly kind: 'answered'; readonly result: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'given_up' };

export type Guard = <T>(call: () => Promise<T>) => Promise<Guarded<T>>;

export function createGuard(reconnect: () => void): Guard {
  let stuckInARow = 0;
  return async <T>(call: () => Promise<T>): Promise<Guarded<T>> => {
    let timer: NodeJS.Timeout | undefined;
    const givenUp = new Promise<Guarded<T>>((resolve) => {
      timer = setTimeout(() => resolve({ kind: 'given_up' }), CALL_GIVEN_UP_MS);
    });
    const answered = call().then(
      (result): Guarded<T> => ({ kind: 'answered', result }),
      (error: unknown): Guarded<T> => ({ kind: 'failed', error }),
    );
    const outcome = await Promise.race([answered, givenUp]);
    clearTimeout(timer);
    stuckInARow = outcome.kind === 'given_up' ? stuckInARow + 1 : 0;
    if (stuckInARow >= STUCK_CALLS_MAX) {
      stuckInARow = 0;
      reconnect();
    }
    return outcome;
  };
}
