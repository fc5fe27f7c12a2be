/** What happens in a chaos run, from its seed: who is killed when, and how deliveries go wrong. Pure. */
import { createRandom } from '../../../src/apps/cli/demo/plan.ts';
import { MORTAL_PARTS, type MortalPart } from './kill-part.ts';

export interface Kill {
  readonly parts: readonly MortalPart[];
  /** So many more events are made before it comes, and while the parts are dead. */
  readonly aliveEvents: number;
  readonly deadEvents: number;
}

/** About one to four seconds of traffic. */
const DEAD_EVENTS = { min: 30, max: 90 };
/** The last kills come while events still do, where everything comes back fast. */
const LAST_SHARE = 0.8;
/** So often two parts die together. */
const TOGETHER_SHARE = 0.25;

/** Each part in turn, in an order that changes with every round, spread over about so many events. */
export function planChaos(kills: number, seed: number, events: number): readonly Kill[] {
  const random = createRandom(seed);
  const between = ({ min, max }: { min: number; max: number }): number =>
    min + Math.floor(random() * (max - min));
  const order: MortalPart[] = [];
  while (order.length <= kills) order.push(...shuffled(MORTAL_PARTS, random));
  const alive = Math.max(0, (events * LAST_SHARE) / kills - DEAD_EVENTS.max);
  return Array.from({ length: kills }, (_, index) => {
    const [one, next] = [order[index] ?? 'relay', order[index + 1] ?? 'relay'];
    const together = random() < TOGETHER_SHARE && next !== one;
    return {
      parts: together ? [one, next] : [one],
      aliveEvents: between({ min: alive / 2, max: alive * 1.5 }),
      deadEvents: between(DEAD_EVENTS),
    };
  });
}

function shuffled<T>(values: readonly T[], random: () => number): readonly T[] {
  return values
    .map((value) => ({ value, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

export interface DeliveryFault {
  readonly fault: string;
  readonly share: number;
  readonly delay_ms?: number;
  readonly jitter_ms?: number;
}

/** Each strikes by itself, so that some deliveries meet several. */
export const deliveryFaults = (dropShare: number): readonly DeliveryFault[] => [
  ...(dropShare > 0 ? [{ fault: 'drop', share: dropShare }] : []),
  { fault: 'duplicate', share: 0.1 },
  { fault: 'twice_at_once', share: 0.1 },
  { fault: 'reorder', share: 0.2 },
  { fault: 'delay', share: 0.2, delay_ms: 50, jitter_ms: 4_000 },
];
