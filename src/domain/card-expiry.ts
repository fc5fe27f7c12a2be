/** When a card stops working: it is good until the end of the month printed on it, in UTC. */
const DAY_MS = 86_400_000;
/** Days from the first of March of the year 0 until 1970-01-01. */
const DAYS_BEFORE_1970 = 719_468;

/** The first millisecond after the month; `month` counts from 1. */
export function expiresMs(month: number, year: number): number {
  // Counted from March, so that the day of a leap year is the last one of the year.
  const next = month === 12 ? { month: 1, year: year + 1 } : { month: month + 1, year };
  const marchYear = next.month > 2 ? next.year : next.year - 1;
  const monthsSinceMarch = (next.month + 9) % 12;
  const leapDays =
    Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  const daysOfMonths = Math.floor((153 * monthsSinceMarch + 2) / 5);
  return (365 * marchYear + leapDays + daysOfMonths - DAYS_BEFORE_1970) * DAY_MS;
}
