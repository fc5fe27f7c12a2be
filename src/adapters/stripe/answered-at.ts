/** When a view that Stripe answered was true, by Stripe's own clock. */
import { UnreadableEventError } from './wire.ts';

interface Answered {
  readonly lastResponse: { readonly headers: Readonly<Record<string, string | undefined>> };
}

export interface Timed<T> {
  readonly answer: T;
  /** The second in which the call was sent: the answer's Date less the duration of the call. */
  readonly asOfS: number;
}

/** Makes the call and times it. @throws UnreadableEventError when the answer carries no Date. */
export async function timed<T extends Answered>(call: () => Promise<T>): Promise<Timed<T>> {
  const sentMs = performance.now();
  const answer = await call();
  const tookMs = performance.now() - sentMs;
  const answeredMs = Date.parse(answer.lastResponse.headers['date'] ?? '');
  if (Number.isNaN(answeredMs)) throw new UnreadableEventError('the answer carries no Date');
  return { answer, asOfS: Math.floor((answeredMs - tookMs) / 1000) };
}
