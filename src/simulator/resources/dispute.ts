/**
 * Disputes: `/v1/issuing/disputes`. A transaction can be disputed once, whatever becomes of the dispute. Evidence is
 * checked when the dispute is submitted; from then on only its metadata can change.
 */
import { invalidRequest, missingParameter, unknownReference } from '../http/failure.ts';
import { mergeMetadata, metadata } from '../http/metadata.ts';
import {
  find,
  isWanted,
  isWithin,
  listOperation,
  type Operation,
  operation,
  retrieveOperation,
} from '../http/operation.ts';
import {
  amount,
  choice,
  object,
  required,
  text,
  timeRange,
  type Values,
} from '../http/parameter.ts';
import { DISPUTE_STATUSES, type DisputeRow, exceedsFraudLimit } from '../machines/dispute.ts';
import { draftExpiry, missingEvidence, submissionDeadline } from '../machines/dispute-evidence.ts';
import type { TransactionRow } from '../machines/transaction.ts';
import { change, create, type Scope } from '../world/kind.ts';
import { DISPUTE } from '../world/kinds/dispute.ts';
import { TRANSACTION } from '../world/kinds/issuing.ts';
import { evidence, mergeEvidence } from './dispute-evidence.ts';
import { disputedTransaction, scheduleDraftExpiry, stepDispute } from './dispute-store.ts';
import { warnOfFraud } from './fraud-warning.ts';
import { illegalStep } from './illegal-step.ts';

const PATH = '/v1/issuing/disputes';
const ONE = `${PATH}/{dispute}`;

const EDIT = { amount: amount(), evidence, metadata: metadata() };

const CREATE = {
  ...EDIT,
  transaction: text(),
  treasury: object({ received_debit: required(text()) }),
};

export const disputeOperations: readonly Operation[] = [
  listOperation({
    path: PATH,
    kind: DISPUTE,
    filters: { created: timeRange(), status: choice(DISPUTE_STATUSES), transaction: text() },
    matches: (row, wanted) =>
      isWithin(row.created, wanted.created) &&
      isWanted(row.status, wanted.status) &&
      isWanted(row.transaction, wanted.transaction),
  }),
  operation({
    method: 'POST',
    path: PATH,
    params: CREATE,
    handle: (call) => createDispute(call, call.params),
  }),
  retrieveOperation(ONE, DISPUTE),
  operation({
    method: 'POST',
    path: ONE,
    params: EDIT,
    handle: (call) => editDispute(call, find(call, DISPUTE, call.id), call.params),
  }),
  operation({
    method: 'POST',
    path: `${ONE}/submit`,
    params: { metadata: metadata() },
    handle(call) {
      const row = find(call, DISPUTE, call.id);
      return submit(call, row, mergeMetadata(row.metadata, call.params.metadata));
    },
  }),
];

function createDispute(scope: Scope, params: Values<typeof CREATE>): object {
  const { world } = scope;
  const now = world.clock.now();
  const transaction = findDisputable(scope, params);
  const merged = mergeEvidence(undefined, params.evidence);
  if (draftExpiry(merged, transaction.created) <= now) {
    throw invalidRequest(`Transaction ${transaction.id} is too old to be disputed.`, {
      param: 'transaction',
    });
  }
  const row: DisputeRow = {
    id: world.sequence.id(DISPUTE.idPrefix),
    created: now,
    amount: disputedAmount(transaction, params.amount),
    currency: transaction.currency,
    evidence: merged,
    metadata: mergeMetadata({}, params.metadata),
    status: 'unsubmitted',
    transaction: transaction.id,
    sim: { card: transaction.card, reinstated: false, submittedAt: null },
  };
  const shown = create(scope, DISPUTE, row);
  change(scope, TRANSACTION, { ...transaction, dispute: row.id });
  scheduleDraftExpiry(scope, row);
  return shown;
}

/** Only captures can be disputed, each of them once. */
function findDisputable(scope: Scope, params: Values<typeof CREATE>): TransactionRow {
  const { treasury, transaction: id } = params;
  if (treasury !== undefined) {
    // There are no financial accounts here, hence no debit that could exist.
    throw unknownReference('received debit', treasury.received_debit, 'treasury[received_debit]');
  }
  if (id === undefined) throw missingParameter('transaction');
  const transaction = scope.account.transactions.get(id);
  if (transaction === undefined) throw unknownReference(TRANSACTION.label, id, 'transaction');
  const problem =
    transaction.type !== 'capture'
      ? `Transaction ${id} is a refund; only captures can be disputed.`
      : transaction.dispute === null
        ? undefined
        : `Transaction ${id} has already been disputed by ${transaction.dispute}.`;
  if (problem !== undefined) throw invalidRequest(problem, { param: 'transaction' });
  return transaction;
}

/** What was captured and not refunded, unless less is wanted. Throws a 400 when it is more. */
function disputedAmount(transaction: TransactionRow, wanted: number | undefined): number {
  const most = -transaction.amount - transaction.sim.refunded;
  if (most <= 0) {
    throw invalidRequest(
      `Transaction ${transaction.id} was refunded; nothing is left to dispute.`,
      {
        param: 'transaction',
      },
    );
  }
  if (wanted === undefined || wanted <= most) return wanted ?? most;
  throw invalidRequest(
    `The amount (${wanted}) exceeds what was captured and not refunded (${most}).`,
    { param: 'amount' },
  );
}

function editDispute(scope: Scope, row: DisputeRow, params: Values<typeof EDIT>): object {
  const { amount: wanted, evidence: given } = params;
  const changed = mergeMetadata(row.metadata, params.metadata);
  if (wanted === undefined && given === undefined) {
    return change(scope, DISPUTE, { ...row, metadata: changed });
  }
  if (row.status !== 'unsubmitted') {
    throw illegalStep(
      scope,
      `This dispute is ${row.status}; only its metadata can be changed.`,
      wanted === undefined ? 'evidence' : 'amount',
    );
  }
  const transaction = disputedTransaction(scope, row);
  const next: DisputeRow = {
    ...row,
    amount: wanted === undefined ? row.amount : disputedAmount(transaction, wanted),
    evidence: mergeEvidence(row.evidence, given),
    metadata: changed,
  };
  const shown = change(scope, DISPUTE, next);
  scheduleDraftExpiry(scope, next);
  return shown;
}

function submit(scope: Scope, row: DisputeRow, changed: DisputeRow['metadata']): object {
  const { world, account } = scope;
  const now = world.clock.now();
  const isFraud = row.evidence.reason === 'fraudulent';
  if (row.status === 'unsubmitted') checkSubmission(scope, row, now);
  const exceeds = exceedsFraudLimit(row, account.disputes.all(), now);
  const submitted = stepDispute(scope, { ...row, metadata: changed }, { kind: 'submit', at: now });
  const shown = DISPUTE.render(account, submitted);
  if (isFraud) warnOfFraud(scope, row.sim.card, 'fraud_dispute_filed');
  if (!exceeds) return shown;
  const reason = 'excess_disputes_in_timeframe';
  return DISPUTE.render(account, stepDispute(scope, submitted, { kind: 'lose', reason }));
}

function checkSubmission(scope: Scope, row: DisputeRow, now: number): void {
  const transaction = disputedTransaction(scope, row);
  const missing = missingEvidence(row.evidence);
  if (missing !== undefined) throw missingParameter(missing);
  const original = row.evidence.duplicate?.['original_transaction'];
  if (
    row.evidence.reason === 'duplicate' &&
    typeof original === 'string' &&
    (original === row.transaction || scope.account.transactions.get(original) === undefined)
  ) {
    throw unknownReference(
      TRANSACTION.label,
      original,
      'evidence[duplicate][original_transaction]',
    );
  }
  // A refund may have come since the draft was made.
  disputedAmount(transaction, row.amount);
  const deadline = submissionDeadline(row.evidence, transaction.created);
  if (now <= deadline) return;
  const day = new Date(deadline * 1000).toISOString();
  throw invalidRequest(
    `The time to submit a dispute with the reason ${row.evidence.reason} was over at ${day}.`,
  );
}
