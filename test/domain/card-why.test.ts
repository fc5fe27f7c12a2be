import { expect, test } from 'vitest';
import {
  type ActivationState,
  type ActiveState,
  type AwaitingDeliveryState,
  CARD_PHASES,
  type CardState,
  type WindingDownState,
} from '../../src/domain/card-phase.ts';
import { nextStep } from '../../src/domain/card-plan.ts';
import { replacementCard, requestedCard } from '../../src/domain/card-start.ts';
import { whyOf } from '../../src/domain/card-why.ts';
import { parseStripeCardId } from '../../src/domain/ids.ts';

const START_MS = Date.parse('2026-11-30T09:30:00Z');
const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;
const stripeCardId = parseStripeCardId('ic_1');
const kyc = requestedCard('physical', START_MS);
const { terms, mirrors, holderProblem, holderVersion, replacement } = kyc;
const { freeze } = kyc;
const all = { terms, mirrors, holderProblem, holderVersion, replacement, freeze };
const base = { ...all, type: 'physical', attempt: 1, sinceMs: START_MS } as const;
const issuance = replacementCard('physical', START_MS);
const delivery: AwaitingDeliveryState = {
  ...base,
  phase: 'awaiting_delivery',
  stripeCardId,
  shipping: 'shipped',
  late: 'no',
  expiresMs: null,
};
const activation: ActivationState = {
  ...base,
  phase: 'activation',
  stripeCardId,
  refused: null,
  refusals: 0,
  retrying: false,
  expiresMs: null,
};
const active: ActiveState = {
  ...base,
  phase: 'active',
  stripeCardId,
  usage: 'spending',
  purchases: 1,
  lastPurchaseMs: START_MS,
  toCheck: false,
  drifted: false,
  expiresMs: null,
  renewalSkipped: null,
  parcelLost: false,
};
const windingDown: WindingDownState = {
  ...base,
  phase: 'winding_down',
  stripeCardId,
  reason: 'lost',
  stripeCanceled: true,
  cancelRefused: null,
  retrying: false,
  checkDue: false,
};
const closed: CardState = { ...base, phase: 'closed', stripeCardId, reason: 'lost' };

/** Each step of each phase with its line; null where there is nothing to explain. */
const lines: readonly (readonly [CardState, string | null])[] = [
  [kyc, 'the identity check is being set up'],
  [
    { ...kyc, step: 'pending' },
    'waits for the customer to identify until 2026-12-14T09:30Z, then the request is closed',
  ],
  [
    { ...kyc, step: 'pending', reminded: true },
    'waits for the customer to identify until 2026-12-14T09:30Z, then the request is closed',
  ],
  [
    { ...kyc, step: 'failed', lastFailure: 'document_expired' },
    'the identity check failed (document_expired): waits for another try until 2026-12-14T09:30Z, then the request is closed',
  ],
  [
    { ...issuance, step: 'cancel_previous' },
    'the card of the lost parcel is being cancelled at Stripe',
  ],
  [
    { ...issuance, step: 'await_address' },
    'waits for the customer to correct the address until 2026-12-03T09:30Z, then a reminder is due',
  ],
  [issuance, 'is being made at Stripe'],
  [
    { ...issuance, step: 'blocked', blockedReason: 'requirements.past_due' },
    'Stripe does not make the card yet (requirements.past_due): waits for that to be settled until 2026-11-30T15:30Z, then it is tried again',
  ],
  [
    { ...issuance, step: 'blocked', blockedReason: 'invalid:phone_number' },
    'Stripe refuses a field (invalid:phone_number): waits for its correction until 2026-12-03T09:30Z, then a reminder is due',
  ],
  [delivery, 'waits for the parcel (shipped) until 2026-12-07T09:30Z, then a reminder is due'],
  [
    { ...delivery, late: 'reminded' },
    'waits for the parcel (shipped) until 2026-12-14T09:30Z, then Stripe is asked and a person is told',
  ],
  [
    { ...delivery, late: 'overdue' },
    'waits for a late parcel (shipped) until 2026-12-01T09:30Z, then Stripe is asked again',
  ],
  [activation, 'is being activated at Stripe'],
  [
    { ...activation, freeze: { ...freeze, wanted: true } },
    'is frozen, and is activated when the freeze is lifted',
  ],
  [
    { ...activation, refused: 'cardholder_inactive', refusals: 1 },
    'Stripe refuses to activate the card (cardholder_inactive): waits until 2026-11-30T10:30Z, then it is tried again',
  ],
  [active, null],
  [{ ...active, usage: 'dormant' }, null],
  [{ ...active, toCheck: true }, null],
  [{ ...active, drifted: true }, 'Stripe shows a status that nobody here asked for'],
  [
    { ...active, freeze: { ...freeze, wanted: true } },
    'Stripe is being told that the card is frozen',
  ],
  [
    { ...active, freeze: { ...freeze, mirrored: true } },
    'Stripe is being told that the card is no longer frozen',
  ],
  [
    { ...active, freeze: { ...freeze, wanted: true, mirrored: true, by: ['fraud'] } },
    'is frozen, because Stripe warns of fraud',
  ],
  [
    {
      ...active,
      freeze: { ...freeze, wanted: true, mirrored: true, by: ['operator', 'cardholder'] },
    },
    'is frozen by operator, cardholder',
  ],
  [{ ...active, holderProblem: 'under_review' }, 'Stripe declines its purchases (under_review)'],
  [
    { ...active, mirrors: { ...mirrors, controls: { wanted: 2, done: 2, refused: 'x' } } },
    'Stripe does not take a setting (x)',
  ],
  [{ ...windingDown, stripeCanceled: false }, 'is being cancelled at Stripe'],
  [{ ...windingDown, checkDue: true }, 'is being checked for money that is not settled yet'],
  [
    windingDown,
    'waits for late captures, refunds and disputes until 2027-03-30T09:30Z, then it is closed if all is settled',
  ],
  [closed, null],
];

test.each(lines)('tells why $0.phase does not go on: $1', (state, text) => {
  expect(whyOf(state, time)?.text ?? null).toBe(text);
});

test('has a line for every phase', () => {
  expect(new Set(lines.map(([state]) => state.phase))).toEqual(new Set(CARD_PHASES));
});

test('names a time only where the workflow waits for it, and never one later than the wait it is in', () => {
  for (const [state] of lines) {
    const why = whyOf(state, time);
    const step = nextStep(state);
    if (why?.untilMs === null || why === null) continue;
    expect(step.kind).toBe('wait');
    if (step.kind !== 'wait' || step.untilMs === null) continue;
    // Only reminders of a customer who is to identify, and looks at the provider, lie before the end of the wait.
    expect(state.phase === 'kyc' ? why.untilMs > step.untilMs : why.untilMs === step.untilMs).toBe(
      true,
    );
  }
});
