/** What happens by the passing of simulator time alone. */
import { expire, isOpen } from '../machines/authorization.ts';
import type { Scope } from '../world/kind.ts';
import type { Tasks } from '../world/time.ts';
import type { World } from '../world/world.ts';
import { changeAuthorization, scheduleExpiry } from './authorization-store.ts';

export const TASKS: Tasks<World> = {
  expire_authorization(scope, id) {
    const row = scope.account.authorizations.get(id);
    if (row === undefined || !isOpen(row)) return;
    if (row.sim.expiresAt > scope.world.clock.now()) scheduleExpiry(scope, row);
    else changeAuthorization(scope, expire(row));
  },
  deliver: ({ world }, endpoint) => world.deliverer.sendDue(endpoint),
};

/** Fills the agenda of a world whose rows were loaded. */
export function scheduleAll(world: World): void {
  world.agenda.clear();
  world.deliverer.remindAll();
  for (const account of world.accounts.values()) {
    const scope: Scope = { world, account, cause: { id: null, idempotency_key: null } };
    for (const row of account.authorizations.all()) if (isOpen(row)) scheduleExpiry(scope, row);
  }
}
