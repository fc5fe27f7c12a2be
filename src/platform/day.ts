/** Days of UTC: as texts for people, as numbers since 1970 for computing. */

const MS_PER_DAY = 86_400_000;
const DAY_TEXT = /^\d{4}-\d{2}-\d{2}$/;
const DAY_TEXT_LENGTH = 10;

export const dayText = (day: number): string =>
  new Date(day * MS_PER_DAY).toISOString().slice(0, DAY_TEXT_LENGTH);

/** Undefined for what is no day that exists, such as the 30th of February. */
export function parseDay(text: string): number | undefined {
  if (!DAY_TEXT.test(text)) return undefined;
  const ms = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(ms)) return undefined;
  const day = ms / MS_PER_DAY;
  return dayText(day) === text ? day : undefined;
}
