/** How a telling ends: everything that must not depend on the order, in one shape for memory and Postgres. */
import { authorizationChain } from '../../src/domain/authorization-chain.ts';
import type {
  AttentionItem,
  AuthorizationState,
  SpendingDelta,
  TransactionState,
} from '../../src/domain/books.ts';
import type { RecordedDecision } from '../../src/domain/confirmation.ts';
import type { MemoryCommand } from '../support/memory-books.ts';
import type { Script } from './script.ts';

/** What is read from the books at the end. */
export interface Ledger {
  readonly availableMinor: number;
  readonly heldMinor: number;
  readonly fundingMinor: number;
  readonly settlementMinor: number;
  readonly suspenseMinor: number;
  /** With all decisions on them. */
  readonly authorizations: readonly AuthorizationState[];
  readonly transactions: readonly TransactionState[];
  /** Request ids of decisions that no longer add to the hold. */
  readonly confirmed: ReadonlySet<string>;
  /** Commands of the API, as booked. */
  readonly commands: readonly MemoryCommand[];
  readonly items: readonly AttentionItem[];
  readonly spending: readonly (readonly [cardId: string, SpendingDelta])[];
  readonly counters: readonly SpendingCounter[];
}

/** What limits count of a card or an account in a category: on all days, which differ from telling to telling. */
export interface SpendingCounter {
  readonly owner: string;
  readonly category: string;
  readonly amountMinor: number;
  readonly purchases: number;
}

export type Ending = ReturnType<typeof endingOf>;

const byText = <T>(list: readonly T[], textOf: (item: T) => string): readonly T[] =>
  list.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));

export function endingOf(ledger: Ledger, script: Script) {
  return {
    availableMinor: ledger.availableMinor,
    heldMinor: ledger.heldMinor,
    fundingMinor: ledger.fundingMinor,
    settlementMinor: ledger.settlementMinor,
    suspenseMinor: ledger.suspenseMinor,
    authorizations: byText(
      ledger.authorizations.map((state) => ({
        ...authorizationOf(state, ledger.confirmed, script),
        chain: chainOf(state, ledger.transactions),
      })),
      ({ authorizationId }) => authorizationId,
    ),
    transactions: byText(ledger.transactions, ({ transaction }) => transaction.transactionId),
    commands: byText(ledger.commands, ({ externalRef }) => externalRef),
    items: byText(ledger.items, ({ kind, subject }) => `${kind} ${subject}`),
    // A row of zeros says nothing that no row would not say.
    spending: byText(
      ledger.spending.filter(([, sums]) => Object.values(sums).some((n) => n !== 0)),
      ([cardId]) => cardId,
    ),
    counters: byText(
      ledger.counters.filter(({ amountMinor, purchases }) => amountMinor !== 0 || purchases !== 0),
      ({ owner, category }) => `${owner} ${category}`,
    ),
  };
}

/** The counters that the authorizations say. */
export function countersOf(
  authorizations: readonly AuthorizationState[],
): readonly SpendingCounter[] {
  const counters = new Map<string, SpendingCounter>();
  for (const { cardId, accountId, countedMinor, merchant } of authorizations) {
    if (countedMinor === 0) continue;
    for (const owner of [cardId, accountId]) {
      const category = merchant?.category ?? '';
      const key = `${owner} ${category}`;
      const before = counters.get(key) ?? { owner, category, amountMinor: 0, purchases: 0 };
      counters.set(key, {
        ...before,
        amountMinor: before.amountMinor + countedMinor,
        purchases: before.purchases + 1,
      });
    }
  }
  return [...counters.values()];
}

/** The same moment, be it read from a row that was written by the decision or by what came after it. */
const SAME_MOMENT_S = 1;

function authorizationOf(
  { record, anchoredS, ...state }: AuthorizationState,
  confirmed: ReadonlySet<string>,
  { mayTie }: Script,
) {
  const { authorizationId, heldMinor, decisions, newest, evidence } = record;
  const approvals = decisions.filter((decision) => decision.approved);
  const firstS = Math.min(...approvals.map((decision) => decision.decidedS));
  return {
    ...state,
    authorizationId,
    heldMinor,
    anchor: Math.abs(anchoredS - firstS) < SAME_MOMENT_S ? 'our first approval' : anchoredS,
    decisions: byText(
      decisions.map(({ requestId }) => ({ requestId, isConfirmed: confirmed.has(requestId) })),
      ({ requestId }) => requestId,
    ),
    // What is remembered of views is the same, too, unless some were fetched and some were not.
    ...(mayTie === true ? {} : { newest, evidence }),
  };
}

/** As the API shows the purchase, without the moments of our decisions: they differ from telling to telling. */
function chainOf({ record }: AuthorizationState, transactions: readonly TransactionState[]) {
  const booked = transactions
    .filter(({ accountId }) => accountId !== null)
    .map(({ transaction }) => transaction)
    .filter(({ authorizationId }) => authorizationId === record.authorizationId);
  const chain = authorizationChain({ ...record, booked });
  return {
    approved: chain.approved,
    approvedMinor: chain.approvedMinor,
    requests: chain.requests.map(({ decision, ...request }) => ({
      ...request,
      decision: decision === null ? null : whatWasDecided(decision),
    })),
    transactionIds: chain.transactions.map(({ transactionId }) => transactionId),
  };
}

const whatWasDecided = ({
  requestId,
  approved,
  askedMinor,
  approvedMinor,
  surplus,
}: RecordedDecision) => ({ requestId, approved, askedMinor, approvedMinor, surplus });
