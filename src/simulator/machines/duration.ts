/** Spans of time in seconds, as Stripe's moments count them. Days are those of UTC, which has no summer time. */
export const SECONDS_PER_HOUR = 3_600;
export const SECONDS_PER_DAY = 24 * SECONDS_PER_HOUR;
