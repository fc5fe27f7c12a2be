/** One card in every state that differs in what it does or takes: named as docs/state-machines.md names them. */
import type { CardFact, StripeCardSeen } from '../../src/domain/card-facts.ts';
import type { CardState } from '../../src/domain/card-phase.ts';
import { requestedCard } from '../../src/domain/card-start.ts';
import { transition } from '../../src/domain/card-state.ts';
import { parseStripeCardId } from '../../src/domain/ids.ts';

export const FIRST_STRIPE_CARD = parseStripeCardId('ic_1');
const DAY_MS = 24 * 3_600_000;

export const cardSeen = (over: Partial<StripeCardSeen> = {}): StripeCardSeen => ({
  kind: 'card_seen',
  source: 'event',
  stripeCardId: FIRST_STRIPE_CARD,
  status: 'inactive',
  cancellationReason: null,
  shippingStatus: null,
  ...over,
});

/** The state after the facts, each of which must move the card. */
export function movedBy(state: CardState, nowMs: number, ...facts: readonly CardFact[]): CardState {
  let current = state;
  for (const fact of facts) {
    const outcome = transition(current, fact, nowMs);
    if (outcome.kind !== 'moved') {
      throw new Error(`${fact.kind} did not move a card in ${current.phase}: ${outcome.kind}`);
    }
    current = outcome.state;
  }
  return current;
}

const created: CardFact = {
  kind: 'card_created',
  stripeCardId: FIRST_STRIPE_CARD,
  status: 'inactive',
  shippingStatus: null,
};
const verified: CardFact = { kind: 'identity_verified' };
const issuing: CardFact = { kind: 'issuing_started' };
const returned = cardSeen({ shippingStatus: 'returned' });
const expiresIn = (nowMs: number, days: number) => ({ expiresMs: nowMs + days * DAY_MS });

const physical = (nowMs: number, ...facts: readonly CardFact[]) =>
  movedBy(requestedCard('physical', nowMs), nowMs, ...facts);
const virtual = (nowMs: number, ...facts: readonly CardFact[]) =>
  movedBy(requestedCard('virtual', nowMs), nowMs, ...facts);
const shipped = (nowMs: number, ...facts: readonly CardFact[]) =>
  physical(nowMs, verified, issuing, created, ...facts);
const active = (nowMs: number, seen: Partial<StripeCardSeen> = {}) =>
  virtual(nowMs, verified, issuing, created, cardSeen({ status: 'active', ...seen }));

/** Makes each state as it is when it begins at `nowMs`. */
export const CARD_STATES = {
  'kyc · start': (nowMs) => physical(nowMs),
  'kyc · pending': (nowMs) => physical(nowMs, { kind: 'verification_started' }),
  'kyc · reminded': (nowMs) =>
    physical(nowMs, { kind: 'verification_started' }, { kind: 'kyc_reminder_due' }),
  'kyc · failed': (nowMs) =>
    physical(
      nowMs,
      { kind: 'verification_started' },
      { kind: 'identity_failed', code: 'document_expired' },
    ),
  'issuance · create': (nowMs) => physical(nowMs, verified, issuing),
  'issuance · create virtual': (nowMs) => virtual(nowMs, verified, issuing),
  'issuance · blocked': (nowMs) =>
    physical(nowMs, verified, issuing, {
      kind: 'issuance_blocked',
      reason: 'requirements.past_due',
    }),
  'issuance · field refused': (nowMs) =>
    physical(nowMs, verified, issuing, {
      kind: 'issuance_blocked',
      reason: 'invalid:phone_number',
    }),
  'issuance · cancel_previous': (nowMs) => shipped(nowMs, returned),
  'issuance · previous card not canceled': (nowMs) =>
    shipped(nowMs, returned, { kind: 'cancel_refused', code: 'x' }),
  'issuance · await_address': (nowMs) =>
    shipped(nowMs, returned, { kind: 'previous_card_canceled' }),
  awaiting_delivery: (nowMs) => shipped(nowMs),
  'awaiting_delivery · reminded': (nowMs) => shipped(nowMs, { kind: 'delivery_reminder_due' }),
  'awaiting_delivery · overdue': (nowMs) => shipped(nowMs, { kind: 'delivery_overdue' }),
  'awaiting_delivery · about to expire': (nowMs) =>
    physical(nowMs, verified, issuing, { ...created, ...expiresIn(nowMs, 3) }),
  activation: (nowMs) => virtual(nowMs, verified, issuing, created),
  'activation · refused': (nowMs) =>
    virtual(nowMs, verified, issuing, created, { kind: 'activation_refused', code: 'x' }),
  'activation · frozen': (nowMs) =>
    virtual(nowMs, verified, issuing, created, { kind: 'freeze_changed', frozen: true }),
  'activation · frozen, about to expire': (nowMs) =>
    virtual(
      nowMs,
      verified,
      issuing,
      { ...created, ...expiresIn(nowMs, 3) },
      { kind: 'freeze_changed', frozen: true },
    ),
  active: (nowMs) => active(nowMs),
  'active · freeze refused': (nowMs) =>
    movedBy(
      active(nowMs),
      nowMs,
      { kind: 'freeze_changed', frozen: true },
      { kind: 'freeze_refused', frozen: true, code: 'x' },
    ),
  'active · in its last year': (nowMs) => active(nowMs, expiresIn(nowMs, 60)),
  'active · physical, in its last year': (nowMs) =>
    shipped(nowMs, cardSeen({ status: 'active', ...expiresIn(nowMs, 60) })),
  'active · not renewed': (nowMs) =>
    movedBy(active(nowMs, expiresIn(nowMs, 20)), nowMs, { kind: 'renewal_skipped', reason: 'x' }),
  'active · dormant': (nowMs) =>
    movedBy(active(nowMs - 90 * DAY_MS), nowMs, { kind: 'dormancy_due' }),
  'winding_down · not canceled': (nowMs) =>
    movedBy(
      active(nowMs),
      nowMs,
      { kind: 'cancel_requested', reason: 'requested' },
      { kind: 'cancel_refused', code: 'x' },
    ),
  winding_down: (nowMs) =>
    movedBy(
      active(nowMs),
      nowMs,
      { kind: 'cancel_requested', reason: 'requested' },
      { kind: 'canceled_at_stripe', stripeCardId: FIRST_STRIPE_CARD },
    ),
  'winding_down · to be checked': (nowMs) =>
    movedBy(
      active(nowMs),
      nowMs,
      { kind: 'cancel_requested', reason: 'requested' },
      { kind: 'canceled_at_stripe', stripeCardId: FIRST_STRIPE_CARD },
      { kind: 'recheck_due' },
    ),
  'winding_down · unsettled': (nowMs) =>
    movedBy(
      active(nowMs),
      nowMs,
      { kind: 'cancel_requested', reason: 'requested' },
      { kind: 'canceled_at_stripe', stripeCardId: FIRST_STRIPE_CARD },
      { kind: 'recheck_due' },
      { kind: 'unsettled' },
    ),
  closed: (nowMs) =>
    movedBy(
      active(nowMs),
      nowMs,
      { kind: 'cancel_requested', reason: 'requested' },
      { kind: 'canceled_at_stripe', stripeCardId: FIRST_STRIPE_CARD },
      { kind: 'recheck_due' },
      { kind: 'windows_passed' },
    ),
} as const satisfies Record<string, (nowMs: number) => CardState>;

export type CardStateName = keyof typeof CARD_STATES;
export const CARD_STATE_NAMES = Object.keys(CARD_STATES) as readonly CardStateName[];
