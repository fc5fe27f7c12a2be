/** Fraud challenges: sent with a declined authorization, answered by the cardholder, and honoured at the next try. */
import { find, type Operation, operation } from '../http/operation.ts';
import { flag, required } from '../http/parameter.ts';
import { type AuthorizationRow, isUndecided } from '../machines/authorization.ts';
import type { CardRow } from '../machines/card.ts';
import {
  type Confirmation,
  challenge,
  confirmation,
  coveringConfirmation,
  endChallenge,
  isChallenged,
} from '../machines/fraud-challenge.ts';
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

/** A new authorization, marked if the cardholder has confirmed an earlier try. */
export function markIfConfirmed(
  scope: Scope,
  row: AuthorizationRow,
  fraudRiskLevel: string | null,
): AuthorizationRow {
  if (scope.account.settings.fraudChallenges === 'off') return row;
  const unchallenged: AuthorizationRow = { ...row, fraud_challenges: null };
  const covering = covers(scope, row, fraudRiskLevel);
  return covering === undefined
    ? unchallenged
    : { ...unchallenged, verified_by_fraud_challenge: true };
}

/** A confirmation serves once: it is used up when a purchase that is marked has passed the checks with it. */
export function takeConfirmation(
  scope: Scope,
  row: AuthorizationRow,
  fraudRiskLevel: string | null,
): void {
  if (row.verified_by_fraud_challenge !== true || !isUndecided(row)) return;
  const used = covers(scope, row, fraudRiskLevel);
  const card = firstCard(scope, row);
  if (card !== undefined) {
    const left = (card.sim.confirmations ?? []).filter((entry) => entry !== used);
    scope.account.cards.put({ ...card, sim: { ...card.sim, confirmations: left } });
  }
}

function covers(
  scope: Scope,
  row: AuthorizationRow,
  fraudRiskLevel: string | null,
): Confirmation | undefined {
  const confirmations = firstCard(scope, row)?.sim.confirmations ?? [];
  const isSuspected = fraudRiskLevel === 'highest';
  return coveringConfirmation(confirmations, row, { now: scope.world.clock.now(), isSuspected });
}

/** Confirmations are kept at the first card of a chain, so that they hold for its replacements as well. */
function firstCard({ account }: Scope, row: AuthorizationRow): CardRow | undefined {
  const card = account.cards.get(row.card);
  return card === undefined ? undefined : account.cards.get(card.sim.chain);
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
      const card = firstCard(call, row);
      if (confirmed && card !== undefined) {
        const now = call.world.clock.now();
        const good = (card.sim.confirmations ?? []).filter(({ until }) => now < until);
        const confirmations = [...good, confirmation(row, now)];
        call.account.cards.put({ ...card, sim: { ...card.sim, confirmations } });
      }
      return changeAuthorization(call, endChallenge(row, confirmed ? 'verified' : 'rejected'));
    },
  }),
];
