/** What becomes of one purchase, as the states in which Stripe shows it one after the other. */
import type { Random } from './random.ts';

export interface Answer {
  readonly amountMinor: number;
  readonly approved: boolean;
  readonly atS: number;
}

export interface Clearing {
  /** Counts the clearing records of its purchase. */
  readonly number: number;
  readonly type: 'capture' | 'refund';
  readonly amountMinor: number;
  readonly atS: number;
}

/** The authorization from one change to the next. */
export interface Shown {
  readonly atS: number;
  readonly status: 'pending' | 'closed' | 'reversed' | 'expired';
  readonly approved: boolean;
  readonly amountMinor: number;
  readonly answers: readonly Answer[];
  readonly clearings: readonly Clearing[];
}

/** Each kind with its share of all purchases, in percent: captures as a rule, everything else often enough to count. */
const KINDS = [
  ['plain', 60],
  ['in parts', 8],
  ['reversed', 8],
  ['raised', 7],
  ['refunded', 7],
  ['declined', 6],
  ['expired', 4],
] as const;
type Kind = (typeof KINDS)[number][0];

const AMOUNT_MAX_MINOR = 20_000;
/** From one change of a purchase to the next: long enough that hundreds of purchases are open side by side. */
const PAUSE_MIN_S = 10;
const PAUSE_MAX_S = 600;

export const kindOf = (random: Random): Kind => {
  let rest = random.fraction() * 100;
  for (const [kind, share] of KINDS) {
    if (rest < share) return kind;
    rest -= share;
  }
  return 'plain';
};

/** The states of a purchase that begins at `atS`, the first at its creation. */
export function statesOf(kind: Kind, atS: number, random: Random): readonly Shown[] {
  const amountMinor = random.between(100, AMOUNT_MAX_MINOR);
  const approved = kind !== 'declined';
  const answers = [{ amountMinor, approved, atS }];
  const status = approved ? 'pending' : 'closed';
  const first: Shown = { atS, status, approved, amountMinor, answers, clearings: [] };
  const states = [first];
  const then = (change: (before: Shown, atS: number) => Partial<Shown>): void => {
    const before = states.at(-1) ?? first;
    const nextS = before.atS + random.between(PAUSE_MIN_S, PAUSE_MAX_S);
    states.push({ ...before, ...change(before, nextS), atS: nextS });
  };
  const cleared = (
    before: Shown,
    of: Omit<Clearing, 'number'>,
  ): { readonly clearings: readonly Clearing[] } => ({
    clearings: [...before.clearings, { ...of, number: before.clearings.length }],
  });
  const part = Math.ceil(amountMinor / 3);
  switch (kind) {
    case 'declined':
      return states;
    case 'reversed':
      then(() => ({ status: 'reversed', amountMinor: 0 }));
      return states;
    case 'expired':
      then(() => ({ status: 'expired' }));
      return states;
    case 'in parts':
      then((before, at) => ({
        ...cleared(before, { type: 'capture', amountMinor: part, atS: at }),
        amountMinor: amountMinor - part,
      }));
      break;
    case 'raised':
      then((before, at) => ({
        answers: [...before.answers, { amountMinor: part, approved: true, atS: at }],
        amountMinor: amountMinor + part,
      }));
      break;
    default:
  }
  then((before, at) => ({
    ...cleared(before, { type: 'capture', amountMinor: before.amountMinor, atS: at }),
    status: 'closed',
  }));
  if (kind === 'refunded') {
    then((before, at) => cleared(before, { type: 'refund', amountMinor: part, atS: at }));
  }
  return states;
}
