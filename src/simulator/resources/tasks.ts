/** What happens by the passing of simulator time alone. */
import { expire, isOpen } from '../machines/authorization.ts';
import { endChallenge, isChallenged } from '../machines/fraud-challenge.ts';
import { NO_CAUSE } from '../world/account.ts';
import type { Appointment } from '../world/agenda.ts';
import type { Scope } from '../world/kind.ts';
import type { World } from '../world/world.ts';
import { changeAuthorization, scheduleExpiry } from './authorization-store.ts';
import { expireDraft, scheduleDraftExpiry } from './dispute-store.ts';
import { finishRun, scheduleRun } from './report-run.ts';
import { endAccess, scheduleEnd } from './verification-session.ts';

type Task = (scope: Scope, id: string) => void | Promise<void>;

const TASKS: Readonly<Record<string, Task>> = {
  expire_authorization(scope, id) {
    const row = scope.account.authorizations.get(id);
    if (row === undefined || !isOpen(row)) return;
    if (row.sim.expiresAt > scope.world.clock.now()) scheduleExpiry(scope, row);
    else changeAuthorization(scope, expire(row));
  },
  expire_dispute: expireDraft,
  end_session_access: endAccess,
  finish_report_run: finishRun,
  expire_fraud_challenge(scope, id) {
    const row = scope.account.authorizations.get(id);
    if (row !== undefined && isChallenged(row))
      changeAuthorization(scope, endChallenge(row, 'expired'));
  },
  deliver: ({ world }, endpoint) => world.deliverer.sendDue(endpoint),
};

/** Does what is due; the object may be gone by now. */
export function keepAppointment(
  world: World,
  { account: id, ...due }: Appointment,
): void | Promise<void> {
  const account = world.accounts.get(id);
  const task = TASKS[due.task];
  if (task === undefined) throw new Error(`there is no task ${due.task}`);
  return account === undefined ? undefined : task({ world, account, cause: NO_CAUSE }, due.id);
}

/** Fills the agenda of a world whose rows were loaded. */
export function scheduleAll(world: World): void {
  world.agenda.clear();
  world.deliverer.remindAll();
  for (const account of world.accounts.values()) {
    const scope: Scope = { world, account, cause: NO_CAUSE };
    for (const row of account.disputes.all()) scheduleDraftExpiry(scope, row);
    for (const row of account.sessions.all()) scheduleEnd(scope, row);
    for (const run of account.reportRuns.all()) {
      if (run.status === 'pending') scheduleRun(scope, run);
    }
    for (const row of account.authorizations.all()) scheduleExpiry(scope, row);
  }
}
