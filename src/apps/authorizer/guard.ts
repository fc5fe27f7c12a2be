/**
 * Calls of Postgres that always come back: with a result, or with the news that there is none. A call that hangs is
 * given up, so that a lost connection stops nobody else; when several of them are not back, the store is told to connect
 * anew, whatever goes well on other connections meanwhile. So it is when an error shows that the server is the wrong one.
 */
import { CALL_GIVEN_UP_MS, STUCK_CALLS_MAX, STUCK_FOR_MS } from './budget.ts';

export type Guarded<T> =
  | { readonly kind: 'answered'; readonly result: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'given_up' };

export type Guard = <T>(call: () => Promise<T>) => Promise<Guarded<T>>;

export function createGuard(
  reconnect: () => void,
  isWrongServer: (error: unknown) => boolean = () => false,
): Guard {
  /** Calls that were given up and have not come back since. */
  const stuck = new Set<Promise<unknown>>();

  function connectAnew(): void {
    stuck.clear();
    reconnect();
  }

  function watch(call: Promise<unknown>): void {
    stuck.add(call);
    const timer = setTimeout(() => {
      if (stuck.has(call)) connectAnew();
    }, STUCK_FOR_MS).unref();
    void call.then(() => {
      clearTimeout(timer);
      stuck.delete(call);
    });
    if (stuck.size >= STUCK_CALLS_MAX) connectAnew();
  }

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
    if (outcome.kind === 'given_up') watch(answered);
    if (outcome.kind === 'failed' && isWrongServer(outcome.error)) connectAnew();
    return outcome;
  };
}
