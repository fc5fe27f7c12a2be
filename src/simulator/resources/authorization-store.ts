/** Every change of an authorization goes through here, so that spending limits, the Issuing balance and expiry keep step with it. */
import { type AuthorizationRow, isOpen, isUndecided } from '../machines/authorization.ts';
import { isChallenged } from '../machines/fraud-challenge.ts';
import { spendingChanges, spentByDay } from '../machines/spending-share.ts';
import { previousAttributes } from '../world/difference.ts';
import { change, emit, type Scope, store } from '../world/kind.ts';
import { AUTHORIZATION } from '../world/kinds/issuing.ts';
import { bookHold } from './issuing-balance.ts';

const CREATED = `${AUTHORIZATION.eventPrefix}.created`;
const UPDATED = `${AUTHORIZATION.eventPrefix}.updated`;

/**
 * Stores the next version of an authorization, with an `updated` event. Of one that nobody has heard of, nothing is
 * told before it is decided, and then it is told of as a new one.
 */
export function changeAuthorization(scope: Scope, next: AuthorizationRow): object {
  const row = prepare(scope, next);
  if (row.sim.announced) return change(scope, AUTHORIZATION, row);
  const shown = store(scope, AUTHORIZATION, row);
  return isUndecided(row) ? shown : announceAuthorization(scope, row.id);
}

/** The same for what the network decides in Stripe's place: the event waits until Stripe hears of it. */
export function changeUnheard(scope: Scope, next: AuthorizationRow): object {
  const { account, world } = scope;
  const before = account.authorizations.get(next.id);
  const earlier = before === undefined ? {} : AUTHORIZATION.render(account, before);
  const row = putAuthorization(scope, next);
  if (!row.sim.announced) return announceAuthorization(scope, row.id);
  const object = AUTHORIZATION.render(account, row);
  const previous = previousAttributes(earlier, object);
  world.network.hold({ account: account.id, type: UPDATED, object, previous });
  return object;
}

/** Tells of an authorization for the first time. */
export function announceAuthorization(scope: Scope, id: string): object {
  const { account, world } = scope;
  const row = account.authorizations.get(id);
  if (row === undefined) throw new Error(`authorization ${id} disappeared`);
  const unheard = row.request_history.at(-1)?.reason === 'network_fallback';
  if (isSilent(scope, row)) return AUTHORIZATION.render(account, row);
  const announced: AuthorizationRow = { ...row, sim: { ...row.sim, announced: true } };
  const object = store(scope, AUTHORIZATION, announced);
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

/** The same without an event. Returns the row as it is stored. */
export function putAuthorization(scope: Scope, next: AuthorizationRow): AuthorizationRow {
  const row = prepare(scope, next);
  scope.account.authorizations.put(row);
  scope.world.onChange();
  return row;
}

/** The next version with all that goes with it; storing it is left to the caller. */
function prepare(scope: Scope, next: AuthorizationRow): AuthorizationRow {
  const before = scope.account.authorizations.get(next.id);
  const counted = count(scope, before, next);
  const isOpened = isOpen(counted) && (before === undefined || !isOpen(before));
  if (isOpened) scheduleExpiry(scope, counted);
  return bookHold(scope, counted);
}

function count(
  { world, account }: Scope,
  before: AuthorizationRow | undefined,
  after: AuthorizationRow,
): AuthorizationRow {
  const earlier = before?.sim.spent ?? [];
  const spent = spentByDay(before, after);
  const { currency, merchant_data: merchant } = after;
  for (const { day, amount } of spendingChanges(earlier, spent)) {
    world.countSpending(account, after, { currency, day, category: merchant.category, amount });
  }
  // Whoever made the next version may have begun with one from before these were noted.
  const announced = before?.sim.announced ?? false;
  return { ...after, sim: { ...after.sim, spent, announced } };
}

/** Notes when an authorization expires, and when a challenge of it does. */
export function scheduleExpiry({ world, account }: Scope, row: AuthorizationRow): void {
  const note = { account: account.id, id: row.id };
  const { expiresAt, challengeUntil } = row.sim;
  if (isChallenged(row) && challengeUntil !== undefined)
    world.agenda.add({ ...note, at: challengeUntil * 1000, task: 'expire_fraud_challenge' });
  if (isOpen(row))
    world.agenda.add({ ...note, at: expiresAt * 1000, task: 'expire_authorization' });
}
