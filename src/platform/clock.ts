/** Wall clock of a process. The offset is set by the local stack only, so that days can pass in a demo. */
export interface Clock {
  nowMs(): number;
}

export const systemClock = (offsetMs = 0): Clock => ({ nowMs: () => Date.now() + offsetMs });
