/** How long a call of Postgres takes at the moment, and so how long a question waits that comes behind others. */

/** One part in so many a call: a single slow call does not turn purchases away. */
const SLOWER_GAIN = 1 / 8;
/** A quick call means that Postgres is well again, and the next purchases should be asked. */
const FASTER_GAIN = 1 / 2;

export interface Pace {
  learn(callMs: number): void;
  /** Until the answer of a question that joins behind `ahead` others while a call is under way. */
  waitMs(ahead: number): number;
}

export function createPace(questionsPerCallMax: number): Pace {
  let callMs = 0;
  return {
    learn(measuredMs) {
      callMs += (measuredMs - callMs) * (measuredMs > callMs ? SLOWER_GAIN : FASTER_GAIN);
    },
    // The call under way counts as a whole one: when it was sent does not matter much.
    waitMs: (ahead) => (Math.floor(ahead / questionsPerCallMax) + 2) * callMs,
  };
}
