/**
 * A small model of one authorization, written from the documentation and not from the simulator: some numbers and a
 * state. A property test drives both with the same steps.
 */
export interface Modes {
  readonly capturedAmount: 'shrinks' | 'stays';
  readonly closedAmount: 'kept' | 'zeroed';
}

export type Step =
  | { readonly kind: 'capture'; readonly amount: number | undefined; readonly close: boolean }
  | { readonly kind: 'days'; readonly count: number }
  | { readonly kind: 'expire' }
  | { readonly kind: 'finalize'; readonly amount: number }
  | { readonly kind: 'force'; readonly amount: number }
  | { readonly kind: 'increment'; readonly amount: number; readonly declined: boolean }
  | {
      readonly kind: 'inFlight';
      readonly amount: number;
      readonly declined: boolean;
      readonly meanwhile: Step;
    }
  | { readonly kind: 'metadata'; readonly value: string }
  | { readonly kind: 'refund'; readonly which: number; readonly amount: number | undefined }
  | { readonly kind: 'reverse'; readonly amount: number | undefined };

export interface Hold {
  readonly status: 'closed' | 'expired' | 'pending' | 'reversed';
  /** What the API shows. */
  readonly amount: number;
  /** What is still held. */
  readonly left: number;
  readonly approved: number;
  /** Amounts of the transactions, as the API shows them, and what of each can still be refunded. */
  readonly transactions: readonly { readonly amount: number; readonly refundable: number }[];
  readonly decisions: number;
  /** Days since the purchase. */
  readonly day: number;
  /** What it counts for against spending limits, by such days, oldest first. */
  readonly shares: readonly Share[];
  /** What forced captures count for. */
  readonly forced: readonly Share[];
}

interface Share {
  readonly day: number;
  readonly amount: number;
}

/** An authorization is valid for so many days. */
const VALIDITY_DAYS = 7;

export const newHold = (amount: number): Hold => ({
  status: 'pending',
  amount,
  left: amount,
  approved: amount,
  transactions: [],
  decisions: 1,
  day: 0,
  shares: [{ day: 0, amount }],
  forced: [],
});

const captured = (hold: Hold): number =>
  hold.transactions.reduce((sum, { amount }) => sum + Math.max(0, -amount), 0);

/** What counts against spending limits from a day on. */
export const spent = (hold: Hold, fromDay: number): number =>
  [...hold.shares, ...hold.forced].reduce(
    (sum, { day, amount }) => sum + (day >= fromDay ? amount : 0),
    0,
  );

const counted = (hold: Hold): number =>
  captured(hold) + (hold.status === 'pending' ? hold.left : 0);

/** Approvals count on their own day, other additions on that of the purchase; the newest are released first. */
function share(before: Hold, after: Hold): readonly Share[] {
  const isApproval = after.approved > before.approved;
  let change = counted(after) - counted(before);
  if (change >= 0) {
    const added = { day: isApproval ? before.day : 0, amount: change };
    return [...before.shares, added].toSorted((a, b) => a.day - b.day);
  }
  const kept: Share[] = [];
  for (const { day, amount } of before.shares.toReversed()) {
    const released = Math.min(amount, -change);
    change += released;
    kept.unshift({ day, amount: amount - released });
  }
  return kept;
}

/** The hold after a step, or undefined where the step must be refused. */
export function take(hold: Hold, step: Step, modes: Modes): Hold | undefined {
  if (step.kind === 'inFlight') return takeInFlight(hold, step, modes);
  if (step.kind === 'force')
    return { ...hold, forced: [...hold.forced, { day: hold.day, amount: step.amount }] };
  const next = move(hold, step, modes);
  return next === undefined ? undefined : { ...next, shares: share(hold, next) };
}

const canIncrement = (hold: Hold): boolean =>
  hold.status === 'pending' || (hold.status === 'reversed' && hold.day < VALIDITY_DAYS);

/** An increment that is decided when something else has happened; over is over by then. */
function takeInFlight(
  hold: Hold,
  step: Extract<Step, { kind: 'inFlight' }>,
  modes: Modes,
): Hold | undefined {
  if (!canIncrement(hold)) return undefined;
  const then = take(hold, step.meanwhile, modes) ?? hold;
  const { amount } = step;
  const declined = step.declined || !canIncrement(then);
  const decided = { ...then, decisions: then.decisions + 1 };
  return declined ? decided : take(then, { kind: 'increment', amount, declined }, modes);
}

type Plain = Exclude<Step, { kind: 'force' | 'inFlight' }>;

function move(hold: Hold, step: Plain, modes: Modes): Hold | undefined {
  const open = hold.status === 'pending';
  switch (step.kind) {
    case 'metadata':
      return hold;
    case 'days': {
      const later = { ...hold, day: hold.day + step.count };
      const over = open && later.day >= VALIDITY_DAYS;
      return over ? { ...later, status: 'expired', amount: hold.left } : later;
    }
    case 'capture':
      return takeCapture(hold, step, modes);
    case 'refund':
      return takeRefund(hold, step);
    case 'expire':
      return open ? { ...hold, status: 'expired', amount: hold.left } : undefined;
    case 'finalize': {
      const already = modes.capturedAmount === 'stays' ? captured(hold) : 0;
      return open ? { ...hold, left: step.amount, amount: step.amount + already } : undefined;
    }
    case 'reverse': {
      const amount = step.amount ?? hold.left;
      if (!open || amount > hold.left) return undefined;
      const left = hold.left - amount;
      const over = captured(hold) > 0 ? 'closed' : 'reversed';
      return { ...hold, left, amount: hold.amount - amount, status: left > 0 ? 'pending' : over };
    }
    case 'increment': {
      if (!canIncrement(hold)) return undefined;
      const asked = { ...hold, decisions: hold.decisions + 1 };
      if (step.declined) return asked;
      return {
        ...asked,
        status: 'pending',
        amount: hold.amount + step.amount,
        left: hold.left + step.amount,
        approved: hold.approved + step.amount,
      };
    }
  }
}

function takeCapture(
  hold: Hold,
  step: Extract<Step, { kind: 'capture' }>,
  modes: Modes,
): Hold | undefined {
  const open = hold.status === 'pending';
  const expired = hold.status === 'expired';
  const whole = open || expired ? hold.left : hold.amount > 0 ? hold.amount : hold.approved;
  const amount = step.amount ?? whole;
  if (amount === 0) return undefined;
  const transactions = [...hold.transactions, { amount: -amount, refundable: amount }];
  const rest = Math.max(0, hold.left - amount);
  if (expired) return { ...hold, transactions, left: rest, amount: rest };
  if (!open) return { ...hold, transactions };
  if (step.close) {
    const shown = modes.closedAmount === 'zeroed' ? 0 : hold.amount;
    return { ...hold, transactions, status: 'closed', left: 0, amount: shown };
  }
  const shown = modes.capturedAmount === 'shrinks' ? rest : hold.amount;
  return { ...hold, transactions, left: rest, amount: shown };
}

function takeRefund(hold: Hold, step: Extract<Step, { kind: 'refund' }>): Hold | undefined {
  const at = hold.transactions.length === 0 ? -1 : step.which % hold.transactions.length;
  const paid = hold.transactions[at];
  if (paid === undefined || paid.refundable === 0) return undefined;
  const amount = step.amount ?? paid.refundable;
  if (amount > paid.refundable) return undefined;
  const rest = { ...paid, refundable: paid.refundable - amount };
  const refund = { amount, refundable: 0 };
  return { ...hold, transactions: [...hold.transactions.with(at, rest), refund] };
}
