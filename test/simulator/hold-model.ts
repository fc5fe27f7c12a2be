/**
 * A small model of one authorization, written from the documentation and not from the simulator: four numbers and a
 * state. A property test drives both with the same steps.
 */
export interface Modes {
  readonly capturedAmount: 'shrinks' | 'stays';
  readonly closedAmount: 'kept' | 'zeroed';
}

export type Step =
  | { readonly kind: 'capture'; readonly amount: number | undefined; readonly close: boolean }
  | { readonly kind: 'expire' }
  | { readonly kind: 'finalize'; readonly amount: number }
  | { readonly kind: 'force'; readonly amount: number }
  | { readonly kind: 'increment'; readonly amount: number; readonly declined: boolean }
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
  /** Sum of the forced captures. */
  readonly forced: number;
}

export const newHold = (amount: number): Hold => ({
  status: 'pending',
  amount,
  left: amount,
  approved: amount,
  transactions: [],
  decisions: 1,
  forced: 0,
});

const captured = (hold: Hold): number =>
  hold.transactions.reduce((sum, { amount }) => sum + Math.max(0, -amount), 0);

/** What counts against spending limits. */
export const spent = (hold: Hold): number =>
  hold.forced + captured(hold) + (hold.status === 'pending' ? hold.left : 0);

/** The hold after a step, or undefined where the step must be refused. */
export function take(hold: Hold, step: Step, modes: Modes): Hold | undefined {
  const open = hold.status === 'pending';
  switch (step.kind) {
    case 'metadata':
      return hold;
    case 'force':
      return { ...hold, forced: hold.forced + step.amount };
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
      if (!open && hold.status !== 'reversed') return undefined;
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
  const whole = open ? hold.left : hold.amount > 0 ? hold.amount : hold.approved;
  const amount = step.amount ?? whole;
  if (amount === 0) return undefined;
  const transactions = [...hold.transactions, { amount: -amount, refundable: amount }];
  if (!open) return { ...hold, transactions };
  if (step.close) {
    const shown = modes.closedAmount === 'zeroed' ? 0 : hold.amount;
    return { ...hold, transactions, status: 'closed', left: 0, amount: shown };
  }
  const left = Math.max(0, hold.left - amount);
  const shown = modes.capturedAmount === 'shrinks' ? left : hold.amount;
  return { ...hold, transactions, left, amount: shown };
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
