import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attentionOf } from '../../src/domain/card-attention.ts';
import type { CardFact, ShippingStatus, StripeCardSeen } from '../../src/domain/card-facts.ts';
import type { CardPhase, CardState } from '../../src/domain/card-phase.ts';
import { nextStep } from '../../src/domain/card-plan.ts';
import { requestedCard } from '../../src/domain/card-start.ts';
import { CARD_EDGES, transition } from '../../src/domain/card-state.ts';
import { termsOf } from '../../src/domain/card-terms.ts';
import { parseStripeCardId } from '../../src/domain/ids.ts';
import {
  DORMANT_AFTER_MS,
  ISSUANCE_ATTEMPTS_MAX,
  KYC_ATTEMPTS_MAX,
} from '../../src/domain/limits.ts';

const T0 = 1_800_000_000_000;
const FIRST = parseStripeCardId('ic_1');
const SECOND = parseStripeCardId('ic_2');

const seen = (over: Partial<StripeCardSeen> = {}): StripeCardSeen => ({
  kind: 'card_seen',
  source: 'event',
  stripeCardId: FIRST,
  status: 'inactive',
  cancellationReason: null,
  shippingStatus: null,
  ...over,
});
const shipped = (shippingStatus: ShippingStatus, stripeCardId = FIRST): CardFact =>
  seen({ shippingStatus, stripeCardId });
const created = (stripeCardId = FIRST, shippingStatus: ShippingStatus | null = null): CardFact => ({
  kind: 'card_created',
  stripeCardId,
  status: 'inactive',
  shippingStatus,
});

/** Applies facts in order; what is ignored or refused leaves the state as it is. */
function after(state: CardState, ...facts: readonly CardFact[]): CardState {
  let current = state;
  for (const fact of facts) {
    const outcome = transition(current, fact, T0);
    if (outcome.kind === 'moved') current = outcome.state;
  }
  return current;
}

const virtual = requestedCard('virtual', T0);
const physical = requestedCard('physical', T0);
const verified: CardFact = { kind: 'identity_verified' };
const issuing: CardFact = { kind: 'issuing_started' };
const activeNow = seen({ source: 'fetched', status: 'active' });
const activeCard = after(virtual, verified, issuing, created(), activeNow);

/** Walks begin in every phase, because one from the request alone seldom gets far before it is closed. */
const STARTS: readonly CardState[] = [
  virtual,
  physical,
  after(physical, verified, issuing),
  after(virtual, verified, issuing),
  after(physical, verified, issuing, activeNow),
  after(physical, verified, issuing, created()),
  after(virtual, verified, issuing, created()),
  activeCard,
  after(activeCard, { kind: 'expired' }),
  after(activeCard, { kind: 'expired' }, { kind: 'recheck_due' }, { kind: 'windows_passed' }),
];

const anyFact: fc.Arbitrary<CardFact> = fc.oneof(
  fc.constantFrom<CardFact>(
    { kind: 'verification_started' },
    verified,
    { kind: 'identity_canceled' },
    { kind: 'kyc_retry_requested' },
    { kind: 'kyc_reminder_due' },
    { kind: 'kyc_deadline_passed' },
    issuing,
    { kind: 'issuance_blocked', reason: 'requirements.past_due' },
    { kind: 'issuance_refused', code: 'x' },
    { kind: 'cardholder_changed' },
    { kind: 'recheck_due' },
    { kind: 'previous_card_canceled' },
    { kind: 'shipping_corrected' },
    { kind: 'delivery_confirmed' },
    { kind: 'delivery_overdue' },
    { kind: 'activation_refused', code: 'x' },
    { kind: 'purchase_seen' },
    { kind: 'dormancy_due' },
    { kind: 'windows_passed' },
    { kind: 'unsettled' },
    { kind: 'expired' },
    created(),
    created(SECOND),
    { kind: 'money_seen', cause: 'capture' },
    { kind: 'canceled_at_stripe', stripeCardId: FIRST },
    { kind: 'canceled_at_stripe', stripeCardId: null },
  ),
  fc.record({ kind: fc.constant('identity_failed' as const), code: fc.constantFrom('a', 'b') }),
  fc.record({ kind: fc.constant('kyc_decided' as const), approved: fc.boolean() }),
  fc.record({ kind: fc.constant('freeze_changed' as const), frozen: fc.boolean() }),
  fc.record({ kind: fc.constant('freeze_mirrored' as const), frozen: fc.boolean() }),
  fc.record({
    kind: fc.constant('cancel_requested' as const),
    reason: fc.constantFrom('requested' as const, 'lost' as const, 'stolen' as const),
  }),
  fc.record({
    kind: fc.constant('spending_digest' as const),
    purchases: fc.nat(9),
    lastPurchaseMs: fc.constant(T0),
  }),
  fc.record({
    kind: fc.constant('card_seen' as const),
    source: fc.constantFrom('event' as const, 'fetched' as const),
    stripeCardId: fc.constantFrom(FIRST, SECOND),
    status: fc.constantFrom('active' as const, 'inactive' as const, 'canceled' as const),
    cancellationReason: fc.constantFrom(null, 'fulfillment_error', 'lost'),
    shippingStatus: fc.constantFrom<ShippingStatus | null>(
      null,
      'shipped',
      'delivered',
      'returned',
      'failure',
    ),
  }),
);

describe('transition', () => {
  it('is total and changes phases only along the documented edges', () => {
    const edges = new Set(CARD_EDGES.map(({ from, to }) => `${from}→${to}`));
    const walked = new Set<string>();
    fc.assert(
      fc.property(
        fc.constantFrom<CardState>(...STARTS),
        fc.array(fc.tuple(anyFact, fc.nat(DORMANT_AFTER_MS)), { maxLength: 60 }),
        (start, facts) => {
          let state: CardState = start;
          let nowMs = T0;
          for (const [fact, passMs] of facts) {
            nowMs += passMs;
            const outcome = transition(state, fact, nowMs);
            if (outcome.kind !== 'moved') continue;
            if (outcome.state.phase !== state.phase) {
              walked.add(`${state.phase}→${outcome.state.phase}`);
              expect(edges).toContain(`${state.phase}→${outcome.state.phase}`);
            }
            state = outcome.state;
            expect(state.attempt).toBeLessThanOrEqual(ISSUANCE_ATTEMPTS_MAX);
            expect(() => [nextStep(state), attentionOf(state)]).not.toThrow();
          }
        },
      ),
      { numRuns: 3_000, seed: 42 },
    );
    // The other direction: no edge is on paper only. The seed is fixed because this counts what was walked.
    expect([...edges].filter((edge) => !walked.has(edge))).toEqual([]);
  });

  it('takes a virtual card from request to active', () => {
    expect(activeCard).toMatchObject({ phase: 'active', stripeCardId: FIRST, usage: 'unused' });
  });

  it('takes a physical card over delivery, whatever the order of the shipping events', () => {
    const waiting = after(physical, verified, issuing, created());
    expect(waiting.phase).toBe('awaiting_delivery');
    expect(after(waiting, shipped('delivered'), shipped('shipped')).phase).toBe('activation');
    expect(after(waiting, shipped('shipped'), shipped('submitted'))).toMatchObject({
      shipping: 'shipped',
    });
  });

  it('keeps what overtook the answer of the create call', () => {
    const early = after(physical, verified, issuing, shipped('delivered'), created());
    expect(early.phase).toBe('activation');
  });

  it('cancels the old card before it waits for the corrected address of the next attempt', () => {
    const returned = after(physical, verified, issuing, created(), shipped('returned'));
    expect(returned).toMatchObject({ phase: 'issuance', step: 'cancel_previous', attempt: 2 });
    expect(nextStep(returned)).toEqual({ kind: 'act', action: 'cancelPreviousCard' });
    const waiting = after(returned, { kind: 'previous_card_canceled' });
    expect(waiting).toMatchObject({ step: 'await_address' });
    const second = after(waiting, { kind: 'shipping_corrected' }, created(SECOND));
    expect(second).toMatchObject({ phase: 'awaiting_delivery', stripeCardId: SECOND, attempt: 2 });
    expect(after(second, shipped('delivered', FIRST)).phase).toBe('awaiting_delivery');
  });

  it.each([
    ['a parcel that the carrier gave up', shipped('canceled'), 'cancel_previous'],
    [
      'a design that was rejected',
      seen({ status: 'canceled', cancellationReason: 'design_rejected' }),
      'await_address',
    ],
    [
      'a card that was never produced',
      seen({ status: 'canceled', cancellationReason: 'fulfillment_error' }),
      'await_address',
    ],
  ] as const)('makes another card after %s', (_, fact, step) => {
    const next = { phase: 'issuance', step, attempt: 2, previousCardId: FIRST };
    const waiting = after(physical, verified, issuing, created());
    expect(after(waiting, fact)).toMatchObject(next);
    const delivered = after(waiting, shipped('delivered'));
    expect(delivered.phase).toBe('activation');
    expect(after(delivered, fact)).toMatchObject(next);
  });

  it('takes the end of a card whose payments are used up for no surprise', () => {
    const canceled = seen({ source: 'fetched', status: 'canceled', cancellationReason: null });
    const limited = requestedCard('virtual', T0, termsOf({ cancelAfterPayments: 1 }));
    const spent = after(limited, verified, issuing, created(), activeNow, canceled);
    expect(spent).toMatchObject({
      phase: 'winding_down',
      reason: 'payments_used_up',
      stripeCanceled: true,
    });
    expect(attentionOf(spent)).toBeNull();
    expect(after(activeCard, canceled)).toMatchObject({ reason: 'canceled_at_stripe' });
  });

  it('gives up after the last issuance attempt', () => {
    let state: CardState = after(physical, verified, issuing, created());
    for (let attempt = 1; attempt < ISSUANCE_ATTEMPTS_MAX; attempt += 1) {
      state = after(
        state,
        shipped('returned'),
        { kind: 'previous_card_canceled' },
        { kind: 'shipping_corrected' },
        created(),
      );
    }
    expect(after(state, shipped('returned'))).toMatchObject({
      phase: 'winding_down',
      reason: 'delivery_attempts_used_up',
      stripeCanceled: false,
    });
  });

  it('closes the card when the KYC attempts are used up, and accepts a late success before that', () => {
    const failed: CardFact = { kind: 'identity_failed', code: 'document_expired' };
    const retry: CardFact = { kind: 'kyc_retry_requested' };
    const started: CardFact = { kind: 'verification_started' };
    expect(after(virtual, started, failed, verified).phase).toBe('issuance');
    let state: CardState = after(virtual, started);
    for (let attempt = 1; attempt < KYC_ATTEMPTS_MAX; attempt += 1) {
      state = after(state, failed, retry, started);
    }
    expect(after(state, failed)).toMatchObject({ phase: 'closed', reason: 'kyc_attempts_used_up' });
  });

  it('does not take the late answer of an earlier KYC attempt for the next one', () => {
    const retried = after(
      virtual,
      { kind: 'identity_failed', code: 'x' },
      { kind: 'kyc_retry_requested' },
    );
    expect(retried).toMatchObject({ step: 'start', kycAttempt: 2 });
    expect(after(retried, { kind: 'verification_started', kycAttempt: 1 })).toMatchObject({
      step: 'start',
    });
    expect(after(retried, { kind: 'verification_started', kycAttempt: 2 })).toMatchObject({
      step: 'pending',
    });
  });

  it('refuses a KYC retry and a corrected address when nobody waits for one', () => {
    expect(transition(virtual, { kind: 'kyc_retry_requested' }, T0).kind).toBe('refused');
    const creating = after(virtual, verified);
    expect(transition(creating, { kind: 'shipping_corrected' }, T0).kind).toBe('refused');
  });

  it('closes a card cancelled before any create call, and winds down one cancelled after', () => {
    const cancel: CardFact = { kind: 'cancel_requested', reason: 'lost' };
    expect(after(virtual, verified, cancel)).toMatchObject({ phase: 'closed', reason: 'lost' });
    expect(after(virtual, verified, issuing, cancel)).toMatchObject({
      phase: 'winding_down',
      stripeCanceled: false,
    });
  });

  it('does not activate a frozen card until it is unfrozen', () => {
    const frozen = after(
      virtual,
      { kind: 'freeze_changed', frozen: true },
      verified,
      issuing,
      created(),
    );
    expect(frozen.phase).toBe('activation');
    expect(nextStep(frozen)).toMatchObject({ kind: 'wait', untilMs: null });
    const lifted = after(frozen, { kind: 'freeze_changed', frozen: false });
    expect(nextStep(lifted)).toEqual({ kind: 'act', action: 'activateCard' });
  });

  it('asks Stripe before it believes a status that is not ours', () => {
    const doubtful = after(activeCard, seen({ status: 'inactive' }));
    expect(nextStep(doubtful)).toEqual({ kind: 'act', action: 'readCard' });
    expect(attentionOf(after(doubtful, activeNow))).toBeNull();
    const drifted = after(doubtful, seen({ source: 'fetched', status: 'inactive' }));
    expect(attentionOf(drifted)?.kind).toBe('status_drift');
  });

  it('takes the newer of two freezes that overtake each other', () => {
    const freeze = (frozen: boolean, version: number): CardFact => ({
      kind: 'freeze_changed',
      frozen,
      version,
    });
    expect(after(activeCard, freeze(false, 3), freeze(true, 2))).toMatchObject({
      freeze: { wanted: false },
    });
    expect(after(activeCard, freeze(true, 2), freeze(false, 3))).toMatchObject({
      freeze: { wanted: false },
    });
  });

  it('takes a status back that was not ours once Stripe shows ours again', () => {
    const drifted = after(activeCard, seen({ source: 'fetched', status: 'inactive' }));
    const doubtful = after(drifted, seen({ status: 'active' }));
    expect(nextStep(doubtful)).toEqual({ kind: 'act', action: 'readCard' });
    expect(attentionOf(after(doubtful, activeNow))).toBeNull();
  });

  it('is not closed by the answer to a question asked before late money came', () => {
    const due = after(
      activeCard,
      { kind: 'expired' },
      { kind: 'canceled_at_stripe', stripeCardId: FIRST },
      { kind: 'recheck_due' },
    );
    const late = after(due, { kind: 'money_seen', cause: 'refund' }, { kind: 'windows_passed' });
    expect(late).toMatchObject({ phase: 'winding_down', checkDue: false });
    expect(after(due, { kind: 'windows_passed' }).phase).toBe('closed');
  });

  it('opens a closed card again for late money, but never one that had no card at Stripe', () => {
    const money: CardFact = { kind: 'money_seen', cause: 'refund' };
    const ended = after(
      activeCard,
      { kind: 'expired' },
      { kind: 'recheck_due' },
      { kind: 'windows_passed' },
    );
    expect(ended.phase).toBe('closed');
    expect(after(ended, money).phase).toBe('winding_down');
    const never = after(virtual, { kind: 'kyc_decided', approved: false });
    expect(after(never, money).phase).toBe('closed');
  });

  it('takes an older digest for no news', () => {
    const digest = (purchases: number): CardFact => ({
      kind: 'spending_digest',
      purchases,
      lastPurchaseMs: T0,
    });
    expect(after(activeCard, digest(5), digest(3))).toMatchObject({
      purchases: 5,
      usage: 'spending',
    });
  });
});

describe('docs/state-machines.md', () => {
  it('lists exactly the edges of the card', () => {
    const text = readFileSync(new URL('../../docs/state-machines.md', import.meta.url), 'utf8');
    const phases = /^\s*(\w+) --> (\w+)\s*:/gm;
    const card = text.slice(text.indexOf('## Card'), text.indexOf('## Authorization'));
    const drawn = [...card.matchAll(phases)].map(([, from, to]) => `${from}→${to}`);
    const known: readonly string[] = CARD_EDGES.map(
      ({ from, to }: { from: CardPhase; to: CardPhase }) => `${from}→${to}`,
    );
    expect(drawn.toSorted()).toEqual(known.toSorted());
  });
});
