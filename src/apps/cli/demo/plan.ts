/**
 * What the demo's cards are and what happens to each: a pure function of the number of cards and the seed, so
 * that the same seed gives the same cards, purchases and books. The first six cards show every turn; further
 * ones repeat them with other amounts.
 */

/** How a card gets to its holder. */
export type Arrival = 'plain' | 'kyc_fails_first' | 'returned_once';

export type Purchase =
  /** Approved and captured in full. */
  | { readonly kind: 'captured'; readonly amount: number }
  /** More than there is. */
  | { readonly kind: 'unaffordable' }
  /** Captured twice in part; the rest stays held. */
  | { readonly kind: 'partly_captured'; readonly amount: number }
  /** A tip: captured above the hold. */
  | { readonly kind: 'over_captured'; readonly amount: number }
  /** Captured without any authorization. */
  | { readonly kind: 'forced'; readonly amount: number }
  | { readonly kind: 'reversed'; readonly amount: number }
  | { readonly kind: 'refunded'; readonly amount: number }
  /** Approved by us, declined by the network afterwards. */
  | { readonly kind: 'network_declined'; readonly amount: number }
  /** Approved by the network while we could not be asked. */
  | { readonly kind: 'stand_in'; readonly amount: number };

export interface CardPlan {
  readonly number: number;
  readonly customer: string;
  readonly type: 'virtual' | 'physical';
  readonly holder: 'individual' | 'company';
  readonly isConnected: boolean;
  readonly arrival: Arrival;
  /** Frozen in the middle of its purchases, a purchase tried, and unfrozen. */
  readonly isFrozenOnce: boolean;
  /** Cancelled after its purchases, with a capture that comes late. */
  readonly isCancelled: boolean;
  readonly fundsMinor: number;
  readonly purchases: readonly Purchase[];
}

interface Shape {
  readonly type?: CardPlan['type'];
  readonly holder?: CardPlan['holder'];
  readonly isConnected?: true;
  readonly arrival?: Arrival;
  readonly isFrozenOnce?: true;
  readonly isCancelled?: true;
  readonly kinds: readonly Purchase['kind'][];
}

/** What is not said is: virtual, individual, on the platform's own account, plain. */
const SHAPES: readonly Shape[] = [
  { kinds: ['captured', 'unaffordable', 'partly_captured'] },
  { type: 'physical', isCancelled: true, kinds: ['over_captured', 'refunded'] },
  { holder: 'company', isConnected: true, kinds: ['captured', 'reversed', 'unaffordable'] },
  { arrival: 'kyc_fails_first', kinds: ['network_declined', 'forced'] },
  { type: 'physical', arrival: 'returned_once', kinds: ['stand_in', 'refunded'] },
  { isFrozenOnce: true, kinds: ['captured', 'reversed'] },
];

const FUNDS_MINOR = 100_000;
const AMOUNT_MIN = 500;
const AMOUNT_MAX = 9_000;

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** Names on cards have no digits, so customers are told apart by letters. */
const letters = (n: number): string =>
  (n < LETTERS.length ? '' : letters(Math.floor(n / LETTERS.length) - 1)) +
  (LETTERS[n % LETTERS.length] ?? '');

/** A small generator with a good spread (mulberry32); the same seed gives the same numbers. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The cards of a demo. */
export function planDemo(cards: number, seed: number): readonly CardPlan[] {
  return Array.from({ length: cards }, (_, index) => planCard(index, seed));
}

function planCard(index: number, seed: number): CardPlan {
  const shape = SHAPES[index % SHAPES.length];
  if (shape === undefined) throw new RangeError('the list of shapes is empty');
  const random = createRandom(seed * 1_000_003 + index);
  const amount = (): number => AMOUNT_MIN + Math.floor(random() * (AMOUNT_MAX - AMOUNT_MIN));
  return {
    number: index + 1,
    customer: `Demo Customer ${letters(index)}`,
    type: shape.type ?? 'virtual',
    holder: shape.holder ?? 'individual',
    isConnected: shape.isConnected ?? false,
    arrival: shape.arrival ?? 'plain',
    isFrozenOnce: shape.isFrozenOnce ?? false,
    isCancelled: shape.isCancelled ?? false,
    fundsMinor: FUNDS_MINOR,
    purchases: shape.kinds.map((kind) =>
      kind === 'unaffordable' ? { kind } : { kind, amount: amount() },
    ),
  };
}
