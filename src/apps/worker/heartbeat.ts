/**
 * Lets the server know that an activity still runs, so that the work of a worker that died is given to another
 * one within seconds instead of after the activity's whole time limit.
 */
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/** Most activities end before the first heartbeat, which then costs nothing; the timeout is 8 s. */
const HEARTBEAT_EVERY_MS = 2_000;

export const heartbeats: ActivityInterceptorsFactory = (context: Context) => ({
  inbound: {
    async execute(input, next) {
      const timer = setInterval(() => context.heartbeat(), HEARTBEAT_EVERY_MS);
      try {
        return await next(input);
      } finally {
        clearInterval(timer);
      }
    },
  },
});
