/** What happens by the passing of simulator time: authorizations that nobody captured expire. */
import { expire, isOpen } from '../machines/authorization.ts';
import { NO_CAUSE } from '../world/account.ts';
import type { Scope } from '../world/kind.ts';
import type { World } from '../world/world.ts';
import { changeAuthorization } from './decision.ts';

/** Expires everything that is due up to a moment (Unix seconds), in order, each at its own time. */
export function passTime(world: World, until: number): void {
  const due: { scope: Scope; id: string; at: number }[] = [];
  for (const account of world.accounts.values()) {
    const scope: Scope = { world, account, cause: NO_CAUSE };
    for (const row of account.authorizations.all()) {
      if (isOpen(row) && row.sim.expiresAt <= until)
        due.push({ scope, id: row.id, at: row.sim.expiresAt });
    }
  }
  for (const { scope, id, at } of due.toSorted((a, b) => a.at - b.at)) {
    world.clock.moveTo(at);
    const row = scope.account.authorizations.get(id);
    if (row !== undefined && isOpen(row)) changeAuthorization(scope, expire(row));
  }
  world.clock.moveTo(until);
  world.dropOldEvents();
}
