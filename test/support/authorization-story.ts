/**
 * Makes random but possible lives of one authorization, as Stripe would tell them: a list of views with rising
 * times (some within one second), the clearing records, and our own decisions. Shared by the order tests in
 * memory and on Postgres.
 */
import fc from 'fast-check';
import type {
  AuthorizationSnapshot,
  AuthorizationStatus,
  HistoryEntry,
  ObservedTransaction,
} from '../../src/domain/authorization-state.ts';
import type { RecordedDecision } from '../../src/domain/confirmation.ts';
import {
  parseAuthorizationId,
  parseStripeCardId,
  parseTransactionId,
} from '../../src/domain/ids.ts';
import { minorUnits, parseCurrency, ZERO } from '../../src/domain/money.ts';

const currency =
  parseCurrency('usd') ??
  (() => {
    throw new Error('usd is a currency');
  })();
const STRIPE_CARD = parseStripeCardId('ic_story');
const MERCHANT = {
  name: 'Shop',
  category: 'grocery_stores_supermarkets',
  categoryCode: '5411',
  country: 'US',
  networkId: '1',
};

const NO_PARTS = {
  merchantAmountMinor: null,
  merchantCurrency: null,
  atmFeeMinor: ZERO,
  cashbackMinor: ZERO,
};

export type Step =
  | { readonly kind: 'capture'; readonly amount: number; readonly final: boolean }
  | { readonly kind: 'refund'; readonly amount: number }
  | { readonly kind: 'increment'; readonly amount: number; readonly approved: boolean }
  | { readonly kind: 'reverse'; readonly share: number }
  | { readonly kind: 'rehold'; readonly amount: number }
  | { readonly kind: 'expire' };

const amount = fc.integer({ min: 1, max: 50_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('capture' as const), amount, final: fc.boolean() }),
  fc.record({ kind: fc.constant('refund' as const), amount }),
  fc.record({ kind: fc.constant('increment' as const), amount, approved: fc.boolean() }),
  fc.record({ kind: fc.constant('reverse' as const), share: fc.integer({ min: 1, max: 100 }) }),
  fc.record({ kind: fc.constant('rehold' as const), amount }),
  fc.record({ kind: fc.constant('expire' as const) }),
);

export interface StoryPlan {
  readonly amount: number;
  readonly approved: boolean;
  /** Whether we decided, and whether our answer reached Stripe's metadata. */
  readonly asked: boolean;
  readonly keyed: boolean;
  readonly steps: readonly Step[];
  /** Whether step n happens in the same second as the one before. */
  readonly sameSecond: readonly boolean[];
  readonly shrinks: boolean;
}

export const storyPlan: fc.Arbitrary<StoryPlan> = fc.record({
  amount,
  approved: fc.boolean(),
  asked: fc.boolean(),
  keyed: fc.boolean(),
  steps: fc.array(step, { maxLength: 6 }),
  sameSecond: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
  shrinks: fc.boolean(),
});

export interface Story {
  readonly snapshots: readonly AuthorizationSnapshot[];
  readonly transactions: readonly ObservedTransaction[];
  readonly decisions: readonly RecordedDecision[];
}

const START_S = 1_800_000_000;

/** Tells the plan as Stripe would: each step changes the object and makes one view of it. */
export function tell(plan: StoryPlan, name = 'story'): Story {
  const authorizationId = parseAuthorizationId(`iauth_${name}`);
  let atS = START_S;
  let status: AuthorizationStatus = plan.approved ? 'pending' : 'closed';
  let left = plan.amount;
  const history: HistoryEntry[] = [entry(plan.amount, plan.approved, atS)];
  const transactions: ObservedTransaction[] = [];
  const keys: string[] = plan.asked && plan.keyed ? ['evt_0'] : [];
  const decisions: RecordedDecision[] = plan.asked
    ? [decision('evt_0', plan.amount, plan.approved, atS)]
    : [];
  const snapshots: AuthorizationSnapshot[] = [view(null)];

  function entry(amountMinor: number, approved: boolean, createdS: number): HistoryEntry {
    const reason = approved ? 'webhook_approved' : 'webhook_declined';
    return { amountMinor: minorUnits(amountMinor), approved, reason, createdS };
  }
  function decision(
    requestId: string,
    value: number,
    approved: boolean,
    requestedS: number,
  ): RecordedDecision {
    const approvedMinor = minorUnits(approved ? value : 0);
    return {
      requestId,
      approved,
      askedMinor: minorUnits(value),
      approvedMinor,
      surplus: { kind: 'none' },
      requestedS,
      decidedS: requestedS,
    };
  }
  function view(previous: AuthorizationSnapshot['previous']): AuthorizationSnapshot {
    return {
      authorizationId,
      stripeCardId: STRIPE_CARD,
      rank: { source: 'event', atS },
      status,
      approved: plan.approved,
      amountMinor: minorUnits(left),
      currency,
      createdS: START_S,
      history: [...history],
      metadataKeys: keys.toSorted(),
      merchant: MERCHANT,
      captures: transactions
        .filter((t) => t.type === 'capture')
        .map(({ transactionId, amountMinor }) => ({ transactionId, amountMinor })),
      previous,
    };
  }
  function book(type: 'capture' | 'refund', value: number): void {
    transactions.push({
      transactionId: parseTransactionId(`ipi_${name}_${transactions.length}`),
      type,
      authorizationId,
      stripeCardId: STRIPE_CARD,
      amountMinor: minorUnits(value),
      currency,
      createdS: atS,
      merchant: MERCHANT,
      parts: NO_PARTS,
    });
  }

  for (const [index, s] of plan.steps.entries()) {
    const before = snapshots.at(-1);
    if (plan.sameSecond[index] !== true) atS += 60;
    switch (s.kind) {
      case 'capture':
        book('capture', s.amount);
        if (s.final) status = plan.approved ? 'closed' : status;
        else if (plan.shrinks && status === 'pending') left = Math.max(0, left - s.amount);
        break;
      case 'refund':
        book('refund', s.amount);
        break;
      case 'increment':
        if (status !== 'pending') continue;
        history.push(entry(s.amount, s.approved, atS));
        if (plan.asked) decisions.push(decision(`evt_${index + 1}`, s.amount, s.approved, atS));
        if (plan.asked && plan.keyed) keys.push(`evt_${index + 1}`);
        if (s.approved) left += s.amount;
        break;
      case 'reverse':
        if (status !== 'pending') continue;
        left -= Math.ceil((left * s.share) / 100);
        if (left === 0) status = 'reversed';
        break;
      case 'rehold':
        if (status !== 'reversed') continue;
        left = s.amount;
        status = 'pending';
        break;
      case 'expire':
        if (status !== 'pending') continue;
        status = 'expired';
        break;
    }
    if (before === undefined) continue;
    const captures = transactions.filter((t) => t.type === 'capture').length;
    snapshots.push(
      view({
        ...(before.status === status ? {} : { status: before.status }),
        ...(before.amountMinor === left ? {} : { amountMinor: before.amountMinor }),
        ...(before.captures.length === captures ? {} : { captureCount: before.captures.length }),
      }),
    );
  }
  return { snapshots, transactions, decisions };
}
