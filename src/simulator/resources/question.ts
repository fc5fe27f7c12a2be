/**
 * A real-time request while it waits for its answer. Whoever decides first decides: the endpoint with its answer, or
 * a call of the API (`approve`, `decline`), which wins over an answer that comes after it.
 */
import { Failure } from '../http/failure.ts';
import type { AuthorizationRow, Decision, PendingRequest } from '../machines/authorization.ts';
import { askEndpoint } from '../webhooks/realtime.ts';
import type { RealtimeEndpoint } from '../world/account.ts';
import type { Scope } from '../world/kind.ts';
import { setAside } from './reservation.ts';

interface Question {
  readonly row: AuthorizationRow;
  readonly request: PendingRequest;
  readonly endpoint: RealtimeEndpoint;
}

/** Asks about an authorization; `settle` stores the decision and returns what the API shows. */
export function askAbout(
  scope: Scope,
  { row, request, endpoint }: Question,
  settle: (decision: Decision) => object,
): Promise<object> {
  const { questions } = scope.account;
  const giveBack = setAside(scope, row, request);
  return new Promise((resolve, reject) => {
    const decide = (decision: Decision): object => {
      questions.delete(row.id);
      giveBack();
      try {
        const shown = settle(decision);
        resolve(shown);
        return shown;
      } catch (error) {
        reject(error);
        throw error;
      }
    };
    const abandon = (): void => {
      questions.delete(row.id);
      reject(restored());
    };
    const question = { request, decide, abandon };
    questions.set(row.id, question);
    askEndpoint(scope, endpoint, row, request)
      .then((decision) => {
        if (questions.get(row.id) === question) decide(decision);
      })
      .catch((error: unknown) => {
        giveBack();
        reject(error instanceof Error ? error : new Error(String(error)));
      });
  });
}

/** The official clients repeat a call after a 409; what they repeat then belongs to the state that was restored. */
const restored = (): Failure =>
  new Failure(409, {
    type: 'invalid_request_error',
    message: 'A snapshot was restored while this request waited for its decision.',
  });
