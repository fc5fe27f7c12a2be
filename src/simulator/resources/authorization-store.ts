/** Every change of an authorization goes through here, so that spending limits, the Issuing balance and expiry keep step with it. */
import { type AuthorizationRow, limitContribution } from '../machines/authorization.ts';
import { change, type Scope } from '../world/kind.ts';
import { AUTHORIZATION } from '../world/kinds/issuing.ts';
import { bookHold } from './issuing-balance.ts';

/** Stores a new authorization, still undecided, and notes when it expires. */
export function addAuthorization(scope: Scope, row: AuthorizationRow): void {
  putAuthorization(scope, row);
  scheduleExpiry(scope, row);
}

/** Stores the next version of an authorization, with an `updated` event. */
export function changeAuthorization(scope: Scope, next: AuthorizationRow): object {
  count(scope, scope.account.authorizations.get(next.id), next);
  return change(scope, AUTHORIZATION, bookHold(scope, next));
}

/** The same without an event. */
export function putAuthorization(scope: Scope, next: AuthorizationRow): void {
  count(scope, scope.account.authorizations.get(next.id), next);
  scope.account.authorizations.put(bookHold(scope, next));
  scope.world.onChange();
}

function count(
  { world, account }: Scope,
  before: AuthorizationRow | undefined,
  after: AuthorizationRow,
): void {
  const amount = limitContribution(after) - (before === undefined ? 0 : limitContribution(before));
  world.countSpending(account, { ...after, category: after.merchant_data.category, amount });
}

/** Notes when an authorization expires. */
export function scheduleExpiry({ world, account }: Scope, row: AuthorizationRow): void {
  const at = row.sim.expiresAt * 1000;
  world.agenda.add({ at, task: 'expire_authorization', account: account.id, id: row.id });
}
