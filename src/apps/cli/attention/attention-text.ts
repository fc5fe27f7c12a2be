/** Attention items as a person at a terminal reads them. */
import type { AttentionItem } from '../../../ports/attention.ts';

/** Digits of `2026-11-23T09:30`. */
const TO_THE_MINUTE = 16;
/** Details are a line; one that is longer is cut, and whole in the API. */
const DETAILS_CHARS_MAX = 200;

export function attentionText(items: readonly AttentionItem[], hasMore: boolean): string {
  if (items.length === 0) return 'Nothing needs a person.';
  const count = items.length === 1 ? '1 item is open.' : `${items.length} items are open.`;
  const last = hasMore
    ? `The newest ${items.length} open items are shown; GET /v1/attention lists all.`
    : count;
  return [...items.map(itemText), `${last} Times are UTC.`].join('\n\n');
}

function itemText({ openedAt, id, kind, subject, cardId, details, remedy }: AttentionItem): string {
  const at = openedAt.slice(0, TO_THE_MINUTE).replace('T', ' ');
  const card = cardId === null || cardId === subject ? '' : `  of ${cardId}`;
  const told = detailsText(details);
  return [
    `${at}  ${kind}  ${subject}${card}  (${id})`,
    ...(told === '' ? [] : [`    ${told}`]),
    `    -> ${remedy}`,
  ].join('\n');
}

function detailsText(details: Readonly<Record<string, unknown>>): string {
  const text = Object.entries(details)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
    // A detail may hold a merchant's own words: none of theirs moves the cursor or turns the line around.
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ');
  return text.length > DETAILS_CHARS_MAX ? `${text.slice(0, DETAILS_CHARS_MAX)}…` : text;
}
