/**
 * Which cards the benchmark has, by number: ten thousand with an account of their own and three velocity limits, as
 * many without limits, and for each kind one hot account with many cards.
 */
import { accountId, stripeCardId } from '../ledger/program.ts';

export const SPREAD = 10_000;
export const HOT_CARDS = 32;
/** The first card of each hot account; the others follow after all single cards. */
const HOT_LIMITED = 2 * SPREAD;
const HOT_PLAIN = HOT_LIMITED + 1;
export const SINGLE_CARDS = HOT_PLAIN + 1;
export const CARDS = SINGLE_CARDS + 2 * (HOT_CARDS - 1);

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, n) => from + n);

const hotCards = (first: number, place: number): readonly number[] => [
  first,
  ...range(SINGLE_CARDS + place * (HOT_CARDS - 1), SINGLE_CARDS + (place + 1) * (HOT_CARDS - 1)),
];

export const LIMITED = { spread: range(0, SPREAD), hot: hotCards(HOT_LIMITED, 0) } as const;
export const PLAIN = { spread: range(SPREAD, 2 * SPREAD), hot: hotCards(HOT_PLAIN, 1) } as const;

export function accountOfCardNumber(card: number): string {
  if (card < SINGLE_CARDS) return accountId(card);
  return accountId(card < SINGLE_CARDS + HOT_CARDS - 1 ? HOT_LIMITED : HOT_PLAIN);
}

const PREFIX = stripeCardId(0).replace(/0+$/, '');
export const numberOfStripeCard = (id: string): number => Number(id.slice(PREFIX.length));
