/** Seconds since 1970, as Stripe and others write times. */

/** The last second of the year 9999. What is later is in another unit, and more than a date can be. */
const LAST_S = 253_402_300_799;

export const isUnixSeconds = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= LAST_S;
