import { describe, expect, it } from 'vitest';
import type { AuthorizationSnapshot, HistoryEntry } from '../../src/domain/authorization-state.ts';
import { NO_EVIDENCE, type RecordedDecision } from '../../src/domain/confirmation.ts';
import { type BookedTransaction, converge } from '../../src/domain/convergence.ts';
import {
  parseAuthorizationId,
  parseStripeCardId,
  parseTransactionId,
} from '../../src/domain/ids.ts';
import { minorUnits, ZERO } from '../../src/domain/money.ts';
import { currency } from '../support/sample-request.ts';

const AT_S = 1_800_000_000;
const ID = parseAuthorizationId('iauth_1');

const decision = (over: Partial<RecordedDecision> & { asked: number }): RecordedDecision => ({
  requestId: `evt_${over.asked}_${over.requestedS ?? 0}_${String(over.approved)}`,
  approved: true,
  askedMinor: minorUnits(over.asked),
  approvedMinor: minorUnits(over.approved === false ? 0 : over.asked),
  surplus: { kind: 'none' },
  requestedS: AT_S,
  decidedS: AT_S,
  ...over,
});
const entry = (
  amount: number,
  approved: boolean,
  over: Partial<HistoryEntry> = {},
): HistoryEntry => ({
  amountMinor: minorUnits(amount),
  approved,
  reason: approved ? 'webhook_approved' : 'webhook_declined',
  createdS: AT_S,
  ...over,
});
const view = (
  over: Partial<AuthorizationSnapshot> & { amount: number },
): AuthorizationSnapshot => ({
  authorizationId: ID,
  stripeCardId: parseStripeCardId('ic_1'),
  rank: { source: 'event', atS: AT_S + 5 },
  status: 'pending',
  approved: true,
  amountMinor: minorUnits(over.amount),
  currency: currency('usd'),
  createdS: AT_S,
  history: [entry(over.amount, true)],
  metadataKeys: [],
  merchant: { name: null, category: '', categoryCode: '', country: null, networkId: null },
  captures: [],
  previous: null,
  ...over,
});

function converged(
  snapshots: readonly AuthorizationSnapshot[],
  decisions: readonly RecordedDecision[],
  booked: readonly BookedTransaction[] = [],
) {
  const record = {
    authorizationId: ID,
    newest: [],
    evidence: NO_EVIDENCE,
    heldMinor: ZERO,
    decisions,
  };
  const rest = { transactions: [], reading: 'unknown', nowS: AT_S } as const;
  return converge({ record, booked, snapshots, ...rest });
}

const held = (...given: Parameters<typeof converged>): number => converged(...given).hold.heldMinor;

describe('a decision', () => {
  it('is not confirmed by the entry of our own decline of the same amount a moment before', () => {
    const first = decision({ asked: 500 });
    const declined = decision({ asked: 1_000, approved: false, requestedS: AT_S + 1 });
    const retried = decision({ asked: 1_000, requestedS: AT_S + 2 });
    const shown = view({
      amount: 500,
      history: [entry(500, true), entry(1_000, false, { createdS: AT_S + 1 })],
    });
    expect(held([shown], [first, declined, retried])).toBe(1_500);
  });

  it.each([true, false])(
    'for a part is confirmed when Stripe answered for the whole instead (approved: %s)',
    (approved) => {
      const part = decision({ asked: 1_000, approvedMinor: minorUnits(500) });
      const reason = 'webhook_timeout';
      const shown = view({
        amount: 1_000,
        approved,
        status: approved ? 'pending' : 'closed',
        history: [entry(1_000, approved, { reason })],
      });
      expect(held([shown], [part])).toBe(approved ? 1_000 : 0);
    },
  );

  it('is confirmed by the time-out that came three seconds after its request', () => {
    const late = entry(1_000, true, { reason: 'webhook_timeout', createdS: AT_S + 3 });
    expect(held([view({ amount: 1_000, history: [late] })], [decision({ asked: 1_000 })])).toBe(
      1_000,
    );
  });

  it('is confirmed by a declined view that has no history', () => {
    const declined = view({ amount: 1_000, approved: false, status: 'closed', history: [] });
    expect(held([declined], [decision({ asked: 1_000 })])).toBe(0);
  });

  it('is not confirmed by a fetched view that lost to an event of its second, in either order', () => {
    const first = decision({ asked: 1_000 });
    const increment = decision({ asked: 500, requestedS: AT_S + 5 });
    const event = view({ amount: 1_000, metadataKeys: [first.requestId] });
    const fetched = view({
      amount: 1_500,
      rank: { source: 'fetched', atS: AT_S + 5 },
      metadataKeys: [first.requestId, increment.requestId],
      history: [entry(1_000, true), entry(500, true, { createdS: AT_S + 5 })],
    });
    expect(held([event, fetched], [first, increment])).toBe(1_500);
    expect(held([fetched, event], [first, increment])).toBe(1_500);

    // A batch before this one saw the fetched view alone.
    const stored = { ...increment, isSettled: true };
    const { confirmations, hold } = converged([fetched, event], [first, stored]);
    expect(hold.heldMinor).toBe(1_500);
    expect(confirmations).toEqual([
      { requestId: first.requestId, isConfirmed: true },
      { requestId: increment.requestId, isConfirmed: false },
    ]);
  });
});

describe('a view that lists transactions by id only', () => {
  const listed = (id: string) => ({ transactionId: parseTransactionId(id), amountMinor: null });
  const closed = view({
    amount: 1_000,
    status: 'closed',
    captures: [listed('ipi_c'), listed('ipi_r')],
  });

  it('holds what was approved until they are on the books', () => {
    expect(held([closed], [])).toBe(1_000);
  });

  it('holds nothing any more once they are, refunds among them', () => {
    const booked = [
      {
        transactionId: parseTransactionId('ipi_c'),
        type: 'capture',
        amountMinor: minorUnits(600),
        createdS: AT_S,
      },
      {
        transactionId: parseTransactionId('ipi_r'),
        type: 'refund',
        amountMinor: minorUnits(100),
        createdS: AT_S,
      },
    ] as const;
    expect(held([closed], [], booked)).toBe(0);
  });

  it('holds the final amount of a fuel purchase, which no history entry shows', () => {
    const history = [entry(100, true)];
    const final = view({ amount: 5_000, history });
    const captured = view({
      amount: 5_000,
      status: 'closed',
      history,
      captures: [listed('ipi_f')],
      rank: { source: 'event', atS: AT_S + 60 },
    });
    expect(held([final, captured], [])).toBe(5_000);
  });
});

describe('the surplus', () => {
  it('never grows beyond what the decisions together have checked', () => {
    const before = decision({ asked: 10_000 });
    const after = decision({
      asked: 100,
      requestedS: AT_S + 60,
      surplus: { kind: 'margin', basisPoints: 300 },
    });
    const shown = view({
      amount: 10_100,
      history: [entry(10_000, true), entry(100, true, { createdS: AT_S + 60 })],
    });
    expect(held([shown], [before, after])).toBe(10_103);
  });
});
