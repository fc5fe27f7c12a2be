/** Warnings that a card is misused: by Stripe, by the networks, and by fraud disputes that were filed. */
import { find } from '../http/operation.ts';
import type { FraudWarningType } from '../machines/card.ts';
import { change, type Scope } from '../world/kind.ts';
import { CARD } from '../world/kinds/issuing.ts';

/** Notes it on the card; the newest warning replaces earlier ones. Throws a 404 when there is no such card. */
export function warnOfFraud(scope: Scope, id: string, type: FraudWarningType): object {
  const card = find(scope, CARD, id);
  const warning = { started_at: scope.world.clock.now(), type };
  return change(scope, CARD, { ...card, latest_fraud_warning: warning });
}
