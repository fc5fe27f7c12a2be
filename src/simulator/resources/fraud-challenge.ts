/** Fraud challenges: sent with a declined authorization, answered by the cardholder, and honoured at the next try. */
import { find, type Operation, operation } from '../http/operation.ts';
import { flag, required } from '../http/parameter.ts';
import type { AuthorizationRow } from '../machines/authorization.ts';
import { challenge, endChallenge, isChallenged, merchantKey } from '../machines/fraud-challenge.ts';
import type { Scope } from '../world/kind.ts';
import { AUTHORIZATION } from '../world/kinds/issuing.ts';
import { changeAuthorization, scheduleExpiry } from './authorization-store.ts';
import { illegalStep } from './illegal-step.ts';

/** The declined authorization with a challenge to its cardholder. */
export function challengeCardholder(scope: Scope, row: AuthorizationRow): AuthorizationRow {
  const phone = scope.account.cardholders.get(row.cardholder)?.phone_number ?? null;
  const challenged = challenge(row, phone, scope.world.clock.now());
  scheduleExpiry(scope, challenged);
  return challenged;
}

/** A new authorization, marked if the cardholder has confirmed an earlier try; a confirmation serves once. */
export function markIfConfirmed({ account }: Scope, row: AuthorizationRow): AuthorizationRow {
  if (account.settings.fraudChallenges === 'off') return row;
  const card = account.cards.get(row.card);
  const confirmed = card?.sim.confirmedMerchants ?? [];
  const merchant = merchantKey(row);
  const unchallenged: AuthorizationRow = { ...row, fraud_challenges: null };
  if (card === undefined || !confirmed.includes(merchant)) return unchallenged;
  const left = confirmed.filter((entry) => entry !== merchant);
  account.cards.put({ ...card, sim: { ...card.sim, confirmedMerchants: left } });
  return { ...unchallenged, verified_by_fraud_challenge: true };
}

export const fraudChallengeOperations: readonly Operation[] = [
  operation({
    method: 'POST',
    path: '/v1/test_helpers/issuing/authorizations/{authorization}/fraud_challenges/respond',
    params: { confirmed: required(flag()) },
    handle(call) {
      const row = find(call, AUTHORIZATION, call.id);
      if (!isChallenged(row))
        throw illegalStep(call, `Authorization ${row.id} has no pending fraud challenge.`);
      const { confirmed } = call.params;
      const card = call.account.cards.get(row.card);
      if (confirmed && card !== undefined) {
        const merchants = [...(card.sim.confirmedMerchants ?? []), merchantKey(row)];
        call.account.cards.put({ ...card, sim: { ...card.sim, confirmedMerchants: merchants } });
      }
      return changeAuthorization(call, endChallenge(row, confirmed ? 'verified' : 'rejected'));
    },
  }),
];
