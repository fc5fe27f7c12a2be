/** A purchase with a card: stored, decided, and told of. */
import type { Scope } from '../world/kind.ts';
import { type AuthorizationParameters, newAuthorization } from './authorization-creation.ts';
import { putAuthorization } from './authorization-store.ts';
import { decideAuthorization } from './decision.ts';
import { markIfConfirmed } from './fraud-challenge.ts';

/** Resolves to the authorization as the API shows it, once it is decided. */
export function authorize(scope: Scope, params: AuthorizationParameters): object | Promise<object> {
  const { row, ask } = newAuthorization(scope, params);
  const marked = markIfConfirmed(scope, row, ask.fraudRiskLevel);
  putAuthorization(scope, marked);
  return decideAuthorization(scope, marked, ask);
}
