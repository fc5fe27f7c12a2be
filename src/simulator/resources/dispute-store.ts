/** The steps of a dispute: by its owner, by the network, and by the clock. */
import { type DisputeRow, type DisputeStep, moveDispute } from '../machines/dispute.ts';
import { draftExpiry } from '../machines/dispute-evidence.ts';
import type { TransactionRow } from '../machines/transaction.ts';
import { emit, type Scope } from '../world/kind.ts';
import { DISPUTE } from '../world/kinds/dispute.ts';
import { illegalStep } from './illegal-step.ts';
import { bookDispute } from './issuing-balance.ts';

export function disputedTransaction({ account }: Scope, row: DisputeRow): TransactionRow {
  const transaction = account.transactions.get(row.transaction);
  if (transaction === undefined) throw new Error(`the transaction of ${row.id} disappeared`);
  return transaction;
}

/** Takes a step and tells everybody. Throws a 400 when the step is not possible. */
export function stepDispute(scope: Scope, row: DisputeRow, step: DisputeStep): DisputeRow {
  const moved = moveDispute(row, step);
  if (moved === undefined) {
    const funds = row.sim.reinstated ? ' with its funds reinstated' : '';
    throw illegalStep(
      scope,
      `You cannot ${step.kind} a dispute with status ${row.status}${funds}.`,
    );
  }
  const dispute = bookDispute(scope, row, moved.dispute);
  scope.account.disputes.put(dispute);
  const shown = DISPUTE.render(scope.account, dispute);
  for (const event of moved.events) emit(scope, `${DISPUTE.eventPrefix}.${event}`, shown);
  return dispute;
}

/** Notes when a draft expires; a later change of its evidence may put it off. */
export function scheduleDraftExpiry(scope: Scope, row: DisputeRow): void {
  if (row.status !== 'unsubmitted') return;
  const at = draftExpiry(row.evidence, disputedTransaction(scope, row).created) * 1000;
  scope.world.agenda.add({ at, task: 'expire_dispute', account: scope.account.id, id: row.id });
}

/** Keeps such a note. */
export function expireDraft(scope: Scope, id: string): void {
  const row = scope.account.disputes.get(id);
  if (row?.status !== 'unsubmitted') return;
  const at = draftExpiry(row.evidence, disputedTransaction(scope, row).created);
  if (at <= scope.world.clock.now()) stepDispute(scope, row, { kind: 'expire' });
}
