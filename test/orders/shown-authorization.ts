/** What the API has to show of a purchase, by the ending of a telling: all that does not tell of the order. */
import type { HistoryEntry } from '../../src/domain/authorization-state.ts';
import type { Ending } from './ending.ts';

const MS_PER_SECOND = 1000;

export function shownAs({ authorizationId, chain, ...ending }: Ending['authorizations'][number]) {
  const { approved, approvedMinor, requests, transactionIds } = chain;
  return {
    id: authorizationId,
    cardId: ending.cardId,
    accountId: ending.accountId,
    stripeCardId: ending.stripeCardId,
    currency: ending.currency,
    status: ending.status,
    merchant: ending.merchant,
    heldMinor: ending.heldMinor,
    capturedMinor: ending.capturedMinor,
    refundedMinor: ending.refundedMinor,
    leftMinor: ending.countedMinor - ending.capturedMinor,
    flags: ending.flags,
    approved,
    approvedMinor,
    requests: requests.map(({ atS, answer, decision, heldMinor, confirmed }) => ({
      at: new Date(atS * MS_PER_SECOND).toISOString(),
      answer: answer === null ? null : shownAnswer(answer),
      decision: decision === null ? null : { ...decision, heldMinor, confirmed },
    })),
    transactions: transactionIds.map((id) => ({ id })),
  };
}

const shownAnswer = ({ approved, amountMinor, reason }: HistoryEntry) => ({
  approved,
  amountMinor,
  reason,
});
