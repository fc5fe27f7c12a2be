/**
 * A call to Temporal with an end. The client has none by itself; a deadline ends its request to the server, but neither
 * its pause between two tries nor its wait for a connection, so the whole call is bounded again.
 */
import type { Client } from '@temporalio/client';

/** For a pause between two tries that is under way at the deadline. */
const GRACE_MS = 300;

/** The call's own deadline has passed and it is still under way. What it may yet do at the server is not known. */
export class CallOverdueError extends Error {
  override readonly name = 'CallOverdueError';
}

/** Ends within `deadlineMs` and the grace, whatever the server does. */
export async function boundedCall<T>(
  client: Client,
  deadlineMs: number,
  call: () => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const waitMs = deadlineMs + GRACE_MS;
    timer = setTimeout(() => reject(new CallOverdueError(`no answer within ${waitMs} ms`)), waitMs);
  });
  try {
    return await Promise.race([
      client.connection.withDeadline(Date.now() + deadlineMs, call),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
