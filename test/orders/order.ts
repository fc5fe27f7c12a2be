/** The orders that a script's steps are told in: all of a short one, some of a long one, with repeats and batches. */
import { Random } from './random.ts';
import type { Recorded } from './recorded.ts';

export interface Order {
  /** Indexes of steps; each at least once. */
  readonly moves: readonly number[];
  /** Whether what has arrived is applied after move n, or waits for more. */
  readonly cuts: readonly boolean[];
  /** For what else happens by chance on the way. */
  readonly seed: string;
}

/** Up to this many steps every order is told: 720. */
const ALL_ORDERS_STEPS_MAX = 6;
const SHUFFLES = 500;
const REPEAT_SHARE = 0.2;
const CUT_SHARE = 0.5;

/** As it happened, each step applied by itself. */
export const trueOrder = ({ steps }: Recorded): Order => ({
  moves: steps.map((_step, index) => index),
  cuts: steps.map(() => true),
  seed: 'true order',
});

export function* ordersOf(recorded: Recorded, seed: number): Generator<Order> {
  const indexes = recorded.steps.map((_step, index) => index);
  const isShort = indexes.length <= ALL_ORDERS_STEPS_MAX;
  const random = new Random(seed, recorded.name);
  const orders = isShort
    ? permutations(indexes)
    : Array.from({ length: SHUFFLES }, () => random.shuffled(indexes));
  let count = 0;
  for (const order of orders) {
    count += 1;
    yield withRepeats(order, random, `${seed}/${recorded.name}/${count}`);
  }
}

function withRepeats(order: readonly number[], random: Random, seed: string): Order {
  const moves = [...order];
  for (const index of order) {
    if (random.chance(REPEAT_SHARE)) moves.splice(random.below(moves.length + 1), 0, index);
  }
  return { moves, cuts: moves.map(() => random.chance(CUT_SHARE)), seed };
}

function* permutations(list: readonly number[]): Generator<readonly number[]> {
  if (list.length <= 1) yield list;
  else {
    for (const [at, first] of list.entries()) {
      for (const rest of permutations(list.toSpliced(at, 1))) yield [first, ...rest];
    }
  }
}

/** For a failure: the steps in words, a bar where a batch ends. */
export function describeOrder({ steps }: Recorded, { moves, cuts }: Order): string {
  return moves
    .map((index, at) => {
      const step = steps[index];
      return `${index}:${step === undefined ? '?' : wordOf(step)}${cuts[at] === true ? ' |' : ''}`;
    })
    .join(' ');
}

function wordOf(step: Recorded['steps'][number]): string {
  if (step.kind === 'card') return 'card recorded';
  if (step.kind === 'command') return `${step.command.kind} ${Math.abs(step.command.changeMinor)}`;
  if (step.kind === 'decision') {
    const { approved, approvedMinor } = step.decided.decision;
    return approved ? `we approve ${approvedMinor}` : 'we decline';
  }
  if (step.sighting.kind === 'transaction') {
    const { type, amountMinor } = step.sighting.transaction;
    return `${type} ${amountMinor}`;
  }
  if (step.sighting.kind !== 'authorization') return step.kind;
  const { status, amountMinor, captures, approved } = step.sighting.snapshot;
  return `${approved ? '' : 'declined '}${status} ${amountMinor}, ${captures.length} captures`;
}
