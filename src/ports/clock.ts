/** The time of our processes; with an offset that only the local stack can set. */
export interface Clock {
  nowMs(): number;
}
