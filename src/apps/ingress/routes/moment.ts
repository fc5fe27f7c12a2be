/** Moments in queries. */
import { invalidField } from '../errors.ts';

/** Digits of `2026-11-23T09:30:00`. */
const TO_THE_SECOND = 19;

/** Refuses what has the form of a moment and is none, such as the 30th of February. */
export function realMoment(name: string, text: string): string {
  const date = new Date(text);
  const isReal =
    !Number.isNaN(date.getTime()) &&
    date.toISOString().slice(0, TO_THE_SECOND) === text.slice(0, TO_THE_SECOND);
  if (!isReal) throw invalidField(name, 'is no moment that exists', 'query');
  return text;
}
