/** How far Postgres' clock is from ours, learned from what it answers: deadlines travel in its time. */
import type { Clock } from '../../ports/clock.ts';

export interface ServerClock {
  /** Postgres' clock less ours, in milliseconds; zero until something is known. */
  readonly offsetMs: number;
  /** What Postgres' clock showed in the answer to a question that was sent at `sentMs` of ours. */
  learn(serverMs: number, sentMs: number): void;
}

export function createServerClock(clock: Clock): ServerClock {
  let offsetMs: number | undefined;
  return {
    get offsetMs() {
      return offsetMs ?? 0;
    },
    learn(serverMs, sentMs) {
      // It looked at its clock between sending and now, so the truth lies between two bounds: a quick answer corrects a
      // wrong estimate at once, and a slow one teaches nothing false.
      const [least, most] = [serverMs - clock.nowMs(), serverMs - sentMs];
      offsetMs = Math.min(Math.max(offsetMs ?? (least + most) / 2, least), most);
    },
  };
}
