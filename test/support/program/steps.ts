/** Steps of a random program: what customers, the API's caller, the network and the relay may do. */
import fc from 'fast-check';

/** Numbers that choose among what is there are taken modulo its count, so that any step can follow any other. */
const pick = fc.nat(99);
const amount = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
  // Often equal amounts, as of repeated purchases: they are the hard ones to tell apart.
  { weight: 2, arbitrary: fc.constantFrom(100, 500, 1_000) },
  { weight: 1, arbitrary: fc.constant(0) },
);
const positive = amount.map((value) => Math.max(value, 1));
/** Per cent of what is left; above a hundred is more than was authorized. */
const share = fc.integer({ min: 1, max: 150 });

/** Mostly so, so that the exception meets something. */
const mostly = fc.integer({ min: 0, max: 3 }).map((value) => value > 0);

/** Asks for all that may be spent, or for one minor unit more: where a comparison is wrong, it shows there. */
const edge = fc.constantFrom(null, null, null, 0, 1);

const purchase = fc.record({
  kind: fc.constant('purchase' as const),
  card: pick,
  amount,
  edge,
  style: fc.constantFrom('plain', 'foreign', 'fuel', 'controllable'),
  /** Whether we are asked at all, and whether the network answers as we did. */
  asked: mostly,
  obeys: mostly,
});
const increment = fc.record({
  kind: fc.constant('increment' as const),
  purchase: pick,
  amount: positive,
  asked: mostly,
  obeys: mostly,
});
const capture = fc.record({
  kind: fc.constant('capture' as const),
  purchase: pick,
  share,
  final: fc.boolean(),
  /** What tells of it: an event of its own, the authorization, or both. */
  told: fc.constantFrom('alone', 'listed', 'both'),
});
const refund = fc.record({
  kind: fc.constant('refund' as const),
  purchase: pick,
  amount: positive,
});
const onPurchase = (kind: 'reverse' | 'expire' | 'correct') =>
  fc.record({ kind: fc.constant(kind), purchase: pick, share });
const unlinked = fc.record({
  kind: fc.constantFrom('force' as const, 'credit_back' as const),
  /** Also of a card that nobody knows yet. */
  card: pick,
  amount: positive,
});
const credit = fc.record({ kind: fc.constant('credit' as const), account: pick, amount: positive });
const debit = fc.record({
  kind: fc.constant('debit' as const),
  account: pick,
  amount: positive,
  edge,
});
const transfer = fc.record({
  kind: fc.constant('transfer' as const),
  account: pick,
  to: pick,
  amount: positive,
});
const reversal = fc.record({ kind: fc.constant('undo' as const), entry: pick });
const status = fc.record({
  kind: fc.constant('status' as const),
  account: pick,
  command: fc.constantFrom('freeze', 'unfreeze', 'close', 'reopen'),
});
const settings = fc.record({
  kind: fc.constant('settings' as const),
  account: pick,
  limit: fc.constantFrom(0, 500, 50_000),
  allowPartial: fc.boolean(),
});

const step = fc.oneof(
  { weight: 8, arbitrary: purchase },
  { weight: 3, arbitrary: increment },
  { weight: 6, arbitrary: capture },
  { weight: 2, arbitrary: refund },
  { weight: 2, arbitrary: onPurchase('reverse') },
  { weight: 1, arbitrary: onPurchase('expire') },
  { weight: 2, arbitrary: onPurchase('correct') },
  { weight: 2, arbitrary: unlinked },
  { weight: 3, arbitrary: credit },
  { weight: 2, arbitrary: debit },
  { weight: 2, arbitrary: transfer },
  { weight: 2, arbitrary: reversal },
  { weight: 2, arbitrary: status },
  { weight: 2, arbitrary: settings },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('ask_again' as const), request: pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('card_known' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('roll_up' as const) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

export type NetworkStep = Extract<
  Step,
  {
    kind:
      | 'purchase'
      | 'force'
      | 'credit_back'
      | 'increment'
      | 'capture'
      | 'refund'
      | 'reverse'
      | 'expire'
      | 'correct';
  }
>;
export type PurchaseStep = Exclude<NetworkStep, { kind: 'purchase' | 'force' | 'credit_back' }>;

/** A step, and what becomes of the events that wait: kept back, or delivered in some order, some of them again. */
const timed = fc.record({
  step,
  sameSecond: fc.boolean(),
  delivery: fc.constantFrom('keep', 'in order', 'backwards', 'again'),
});
export type TimedStep = typeof timed extends fc.Arbitrary<infer S> ? S : never;

const STEPS_MAX = 16;

export const program = fc.array(timed, { minLength: 1, maxLength: STEPS_MAX, size: 'medium' });
