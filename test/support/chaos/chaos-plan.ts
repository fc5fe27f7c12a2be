/** What happens in a chaos run, from its seed: who is killed when, and how deliveries go wrong. Pure. */
import { createRandom } from '../../../src/apps/cli/demo/plan.ts';
import { MORTAL_PARTS, type MortalPart } from './kill-part.ts';

export interface Kill {
  readonly parts: readonly MortalPart[];
  /** Share of the run's events that Stripe has made when it comes. */
  readonly atShare: number;
  /** So many more events are made before the parts come back. */
  readonly events: number;
}

/** The last kills come while events still do. */
const LAST_SHARE = 0.8;
/** About one to four seconds of traffic. */
const DOWN_EVENTS = { min: 30, max: 90 };
/** So often two parts die together. */
const TOGETHER_SHARE = 0.25;

/** Each part in turn, in an order that changes with every round. */
export function planChaos(kills: number, seed: number): readonly Kill[] {
  const random = createRandom(seed);
  const order: MortalPart[] = [];
  while (order.length <= kills) order.push(...shuffled(MORTAL_PARTS, random));
  return Array.from({ length: kills }, (_, index) => {
    const [one, next] = [order[index] ?? 'relay', order[index + 1] ?? 'relay'];
    const together = random() < TOGETHER_SHARE && next !== one;
    return {
      parts: together ? [one, next] : [one],
      atShare: ((index + random()) / kills) * LAST_SHARE,
      events: DOWN_EVENTS.min + Math.floor(random() * (DOWN_EVENTS.max - DOWN_EVENTS.min)),
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
