/** Every change of an authorization goes through here, so that spending limits, the Issuing balance and expiry keep step with it. */
import { type AuthorizationRow, limitContribution } from '../machines/authorization.ts';
import { isChallenged } from '../machines/fraud-challenge.ts';
import { previousAttributes } from '../world/difference.ts';
import { change, emit, type Scope, store } from '../world/kind.ts';
import { AUTHORIZATION } from '../world/kinds/issuing.ts';
import { bookHold } from './issuing-balance.ts';

const CREATED = `${AUTHORIZATION.eventPrefix}.created`;
const UPDATED = `${AUTHORIZATION.eventPrefix}.updated`;

/** Stores a new authorization, still undecided, and notes when it expires. */
export function addAuthorization(scope: Scope, row: AuthorizationRow): void {
  putAuthorization(scope, row);
  scheduleExpiry(scope, row);
}

/** Stores the next version of an authorization, with an `updated` event. */
export function changeAuthorization(scope: Scope, next: AuthorizationRow): object {
  count(scope, scope.account.authorizations.get(next.id), next);
  const booked = bookHold(scope, next);
  if (!isSilent(scope, booked)) return change(scope, AUTHORIZATION, booked);
  return store(scope, AUTHORIZATION, booked);
}

/** The same for what the network decides in Stripe's place: the event waits until Stripe hears of it. */
export function changeUnheard(scope: Scope, next: AuthorizationRow): object {
  const { account, world } = scope;
  const before = account.authorizations.get(next.id);
  const earlier = before === undefined ? {} : AUTHORIZATION.render(account, before);
  putAuthorization(scope, next);
  const object = AUTHORIZATION.render(account, next);
  const previous = previousAttributes(earlier, object);
  world.network.hold({ account: account.id, type: UPDATED, object, previous });
  return object;
}

/** Tells of an authorization for the first time. */
export function announceAuthorization(scope: Scope, id: string): object {
  const { account, world } = scope;
  const row = account.authorizations.get(id);
  if (row === undefined) throw new Error(`authorization ${id} disappeared`);
  const object = AUTHORIZATION.render(account, row);
  const unheard = row.request_history.at(-1)?.reason === 'network_fallback';
  if (isSilent(scope, row)) return object;
  if (unheard && world.network.mode !== 'normal') {
    world.network.hold({ account: account.id, type: CREATED, object, previous: undefined });
  } else {
    emit(scope, CREATED, object);
  }
  return object;
}

/** Stripe tells of account checks in a private preview only. */
const isSilent = ({ account }: Scope, row: AuthorizationRow): boolean =>
  row.sim.requested === 0 &&
  row.sim.approvedTotal === 0 &&
  row.transactions.length === 0 &&
  account.settings.verificationEvents === 'not_sent';

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
  const { card, cardholder, created, merchant_data: merchant } = after;
  const category = merchant.category;
  world.countSpending(account, { card, cardholder, created, category, amount });
}

/** Notes when an authorization expires, and when a challenge of it does. */
export function scheduleExpiry({ world, account }: Scope, row: AuthorizationRow): void {
  const note = { account: account.id, id: row.id };
  const { expiresAt, challengeUntil } = row.sim;
  if (isChallenged(row) && challengeUntil !== undefined)
    world.agenda.add({ ...note, at: challengeUntil * 1000, task: 'expire_fraud_challenge' });
  if (row.status === 'pending')
    world.agenda.add({ ...note, at: expiresAt * 1000, task: 'expire_authorization' });
}
