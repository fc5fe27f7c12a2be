/** What happens in a crash test, from its seed: when the worker is killed, and how the simulator misbehaves. Pure. */
import { type CardPlan, createRandom, planDemo } from '../../../src/apps/cli/demo/plan.ts';
import type { KillMoment } from './killer.ts';

/** More calls or saves than this between two kills would outlast the cards that are there. */
const NTH_MAX = 5;
const MOMENTS = ['came', 'done', 'save'] as const;

export function planKills(count: number, seed: number): readonly KillMoment[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => ({
    at: MOMENTS[Math.floor(random() * MOMENTS.length)] ?? 'came',
    nth: 1 + Math.floor(random() * NTH_MAX),
  }));
}

/** The demo's cards without purchases; numbered on from `first`, so that several sets live beside one another. */
export const planCards = (count: number, seed: number, first = 1): readonly CardPlan[] =>
  planDemo(first - 1 + count, seed)
    .slice(first - 1)
    .map((plan) => ({ ...plan, purchases: [] }));

/** The phases that a card goes through when nothing is killed. */
export function phasesOfPlan({ type, arrival, isCancelled }: CardPlan): readonly string[] {
  const delivery = type === 'physical' ? ['awaiting_delivery'] : [];
  const first = arrival === 'returned_once' ? ['issuance', 'awaiting_delivery'] : [];
  return [
    'kyc',
    ...first,
    'issuance',
    ...delivery,
    'activation',
    'active',
    ...(isCancelled ? ['winding_down'] : []),
  ];
}

export interface CallFault {
  readonly fault: string;
  readonly method: string;
  readonly path: string;
  readonly share: number;
  readonly count?: number;
}

const MAKING = ['/v1/issuing/*', '/v1/identity/*'];
/** So many calls meet a 500 in a row, which is what a short outage of Stripe looks like to a few cards. */
const OUTAGE_CALLS = 3;

/** Answers are lost after the effect, and some calls fail before or after it. */
export const FAULTS: readonly CallFault[] = MAKING.flatMap((path) => [
  { fault: 'drop_after', method: 'POST', path, share: 0.15 },
  { fault: 'error_after', method: 'POST', path, share: 0.1 },
  { fault: '500', method: 'POST', path, share: 0.1 },
]);

/** The same, and for a while nothing at all works. */
export const OUTAGE: readonly CallFault[] = [
  { fault: '500', method: 'POST', path: '/v1/issuing/*', share: 1, count: OUTAGE_CALLS },
  ...FAULTS,
];
