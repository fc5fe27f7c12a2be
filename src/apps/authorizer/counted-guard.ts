/** How many calls of Postgres are under way, for the metrics. */
import type { Guard } from './guard.ts';

export interface CountedGuard {
  readonly guard: Guard;
  readonly underWay: number;
}

/** A call that was given up counts on: it still has its connection. */
export function countCalls(guard: Guard): CountedGuard {
  let underWay = 0;
  return {
    guard: (call) =>
      guard(async () => {
        underWay += 1;
        try {
          return await call();
        } finally {
          underWay -= 1;
        }
      }),
    get underWay() {
      return underWay;
    },
  };
}
