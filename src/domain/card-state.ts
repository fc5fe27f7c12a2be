/**
 * Life of one card.
 *
 *   kyc ──verified──► issuance ──created──► awaiting_delivery ──delivered──► activation ──► active
 *    │                 │ ▲ └───virtual card──────────────────────────────────►│              │
 *    │                 │ └──returned, failed, lost: next attempt──┘           │              │
 *    └──rejected──► closed ◄──refused──┘       cancelled, expired ──► winding_down ◄─────────┘
 *                     ▲ └──late money fact──► winding_down ──windows passed──► closed
 *
 * `transition` is total: a fact that repeats or comes too late is `ignored`, a command that the state does not
 * allow is `refused`, and everything else gives the next state. Facts of a Stripe card that is not the current
 * one never move the phase. CARD_EDGES lists every change of phase; docs/state-machines.md shows them, and
 * tests hold all three together. The phases are in card-kyc.ts, card-issuance.ts, card-delivery.ts,
 * card-active.ts and card-end.ts, what every phase hears in card-anytime.ts; what is to be done in a state is in
 * card-plan.ts.
 */
import { transitionActive } from './card-active.ts';
import { transitionAnytime } from './card-anytime.ts';
import { transitionActivation, transitionDelivery } from './card-delivery.ts';
import { transitionClosed, transitionWindingDown } from './card-end.ts';
import type { CardFact } from './card-facts.ts';
import { transitionIssuance } from './card-issuance.ts';
import { transitionKyc } from './card-kyc.ts';
import type { Outcome } from './card-outcome.ts';
import type { CardPhase, CardState } from './card-phase.ts';

/** Every change of phase that `transition` can make, with its cause. */
export const CARD_EDGES: readonly {
  readonly from: CardPhase;
  readonly to: CardPhase;
  readonly when: string;
}[] = [
  { from: 'kyc', to: 'issuance', when: 'cardholder verified' },
  { from: 'kyc', to: 'closed', when: 'rejected, attempts used up, deadline passed, cancelled' },
  { from: 'issuance', to: 'awaiting_delivery', when: 'physical card created' },
  { from: 'issuance', to: 'activation', when: 'virtual card created' },
  { from: 'issuance', to: 'active', when: 'created, and shown active by the time the answer came' },
  {
    from: 'issuance',
    to: 'winding_down',
    when: 'cancelled after a create call; refused at a later attempt',
  },
  { from: 'issuance', to: 'closed', when: 'refused for good; cancelled before any create call' },
  {
    from: 'awaiting_delivery',
    to: 'activation',
    when: 'delivered, or confirmed by the cardholder',
  },
  { from: 'awaiting_delivery', to: 'issuance', when: 'returned, failed, lost, or never produced' },
  { from: 'awaiting_delivery', to: 'active', when: 'Stripe shows the card active' },
  {
    from: 'awaiting_delivery',
    to: 'winding_down',
    when: 'cancelled, replaced, expired, or attempts used up',
  },
  { from: 'activation', to: 'active', when: 'Stripe shows the card active' },
  {
    from: 'activation',
    to: 'issuance',
    when: 'returned, failed, or never produced, as the carrier says afterwards',
  },
  {
    from: 'activation',
    to: 'winding_down',
    when: 'cancelled, replaced, expired, or attempts used up',
  },
  { from: 'active', to: 'winding_down', when: 'cancelled, replaced, expired' },
  { from: 'winding_down', to: 'closed', when: 'no open authorization, windows passed' },
  { from: 'closed', to: 'winding_down', when: 'a late money fact' },
];

/** The next state of a card, given what was just learned. Pure and total; `nowMs` is the caller's time. */
export function transition(state: CardState, fact: CardFact, nowMs: number): Outcome {
  const anytime = transitionAnytime(state, fact, nowMs);
  if (anytime === null) return transitionInPhase(state, fact, nowMs);
  // What is heard in every phase may end a wait of the present one as well.
  const hasMoved = anytime.kind === 'moved' && anytime.state.phase === state.phase;
  if (!hasMoved || !ENDS_A_WAIT.has(fact.kind)) return anytime;
  const outcome = transitionInPhase(anytime.state, fact, nowMs);
  return outcome.kind === 'moved' ? outcome : anytime;
}

const ENDS_A_WAIT: ReadonlySet<CardFact['kind']> = new Set(['mirror_wanted', 'cardholder_changed']);

function transitionInPhase(state: CardState, fact: CardFact, nowMs: number): Outcome {
  switch (state.phase) {
    case 'kyc':
      return transitionKyc(state, fact, nowMs);
    case 'issuance':
      return transitionIssuance(state, fact, nowMs);
    case 'awaiting_delivery':
      return transitionDelivery(state, fact, nowMs);
    case 'activation':
      return transitionActivation(state, fact, nowMs);
    case 'active':
      return transitionActive(state, fact, nowMs);
    case 'winding_down':
      return transitionWindingDown(state, fact, nowMs);
    case 'closed':
      return transitionClosed(state, fact, nowMs);
  }
}
