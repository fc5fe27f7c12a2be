/**
 * What is set aside while somebody else decides about a request: money of a managed program, room within spending
 * limits, and a payment of `lifecycle_controls`. Without it, requests that are open at once would all be let through
 * where there is room for one.
 */
import type { AuthorizationRow, PendingRequest } from '../machines/authorization.ts';
import { utcDay } from '../machines/spending-controls.ts';
import type { Scope } from '../world/kind.ts';
import { reserve } from './issuing-balance.ts';

/** Sets aside what the request takes. What it returns gives it back; more than once is harmless. */
export function setAside(
  scope: Scope,
  row: AuthorizationRow,
  { amount, currency }: Pick<PendingRequest, 'amount' | 'currency'>,
): () => void {
  const { account, world } = scope;
  const giveBack = reserve(scope, { amount, currency });
  const chain = account.cards.get(row.card)?.sim.chain ?? row.card;
  const { category } = row.merchant_data;
  const spending = { currency, day: utcDay(world.clock.now()), category };
  const isPayment = row.request_history.length === 0 && amount > 0;
  const add = (sign: -1 | 1): void => {
    for (const owner of [chain, row.cardholder])
      account.spendingAsked.add(owner, { ...spending, amount: sign * amount });
    if (isPayment) countAsked(account.paymentsAsked, row.card, sign);
  };
  add(1);
  let isAside = true;
  return () => {
    giveBack();
    if (isAside) add(-1);
    isAside = false;
  };
}

function countAsked(asked: Map<string, number>, card: string, sign: -1 | 1): void {
  const count = (asked.get(card) ?? 0) + sign;
  if (count === 0) asked.delete(card);
  else asked.set(card, count);
}
