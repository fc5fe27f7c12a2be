/** How long a call of Postgres takes at the moment, and so how long a question waits that comes behind others. */

/** One part in so many a call: a single slow call does not turn purchases away. */
const SLOWER_GAIN = 1 / 8;
/** A quick call means that Postgres is well again, and the next purchases should be asked. */
const FASTER_GAIN = 1 / 2;

/** Times are milliseconds of one clock. */
export interface Pace {
  begin(nowMs: number): void;
  end(nowMs: number): void;
  /**
   * Until the answer of a question that joins behind `ahead` others. Zero when there is nothing to wait for: then it is
   * asked however slow Postgres was, or nobody would find out that it is well again.
   */
  waitMs(ahead: number): number;
}

export function createPace(questionsPerCallMax: number): Pace {
  let callMs = 0;
  let begunMs: number | null = null;
  return {
    begin(nowMs) {
      begunMs = nowMs;
    },
    end(nowMs) {
      const tookMs = nowMs - (begunMs ?? nowMs);
      callMs += (tookMs - callMs) * (tookMs > callMs ? SLOWER_GAIN : FASTER_GAIN);
      begunMs = null;
    },
    waitMs(ahead) {
      const calls = Math.floor(ahead / questionsPerCallMax) + 1;
      // The call under way counts as a whole one: how much of it is over matters little.
      return begunMs === null ? (calls - 1) * callMs : (calls + 1) * callMs;
    },
  };
}
