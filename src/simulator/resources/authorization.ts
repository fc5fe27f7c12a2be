/** Authorizations as callers of the API see them: `/v1/issuing/authorizations`. */
import { invalidRequest } from '../http/failure.ts';
import { mergeMetadata, metadata } from '../http/metadata.ts';
import {
  find,
  isWanted,
  isWithin,
  listOperation,
  type Operation,
  operation,
  retrieveOperation,
} from '../http/operation.ts';
import { amount, choice, text, timeRange } from '../http/parameter.ts';
import type { AuthorizationRow } from '../machines/authorization.ts';
import { amountProblem } from '../machines/decision-answer.ts';
import { grantMax } from '../machines/fuel-pump.ts';
import type { OpenQuestion } from '../world/account.ts';
import type { Scope } from '../world/kind.ts';
import { AUTHORIZATION } from '../world/kinds/issuing.ts';
import { changeAuthorization } from './authorization-store.ts';
import { illegalStep } from './illegal-step.ts';

const PATH = '/v1/issuing/authorizations';

export const authorizationOperations: readonly Operation[] = [
  listOperation({
    path: PATH,
    kind: AUTHORIZATION,
    filters: {
      card: text(),
      cardholder: text(),
      created: timeRange(),
      status: choice(['closed', 'expired', 'pending', 'reversed']),
    },
    matches: (row, wanted) =>
      isWanted(row.card, wanted.card) &&
      isWanted(row.cardholder, wanted.cardholder) &&
      isWithin(row.created, wanted.created) &&
      isWanted(row.status, wanted.status),
  }),
  retrieveOperation(`${PATH}/{authorization}`, AUTHORIZATION),
  operation({
    method: 'POST',
    path: `${PATH}/{authorization}`,
    params: { metadata: metadata() },
    handle(call) {
      const row = find(call, AUTHORIZATION, call.id);
      return changeAuthorization(call, {
        ...row,
        metadata: mergeMetadata(row.metadata, call.params.metadata),
      });
    },
  }),
  operation({
    method: 'POST',
    path: `${PATH}/{authorization}/approve`,
    params: { amount: amount(), metadata: metadata() },
    handle(call) {
      const { row, question } = findAsked(call, call.id);
      const { amount: granted } = call.params;
      const { request } = question;
      const problem =
        granted === undefined
          ? undefined
          : amountProblem(granted, { request, grantMax: grantMax(row, request) });
      if (problem !== undefined) throw invalidRequest(problem, { param: 'amount' });
      return question.decide({
        approved: true,
        reason: 'webhook_approved',
        message: null,
        metadata: mergeMetadata({}, call.params.metadata),
        ...(granted === undefined ? {} : { amount: granted }),
      });
    },
  }),
  operation({
    method: 'POST',
    path: `${PATH}/{authorization}/decline`,
    params: { metadata: metadata() },
    handle(call) {
      const { question } = findAsked(call, call.id);
      return question.decide({
        approved: false,
        reason: 'webhook_declined',
        message: null,
        metadata: mergeMetadata({}, call.params.metadata),
      });
    },
  }),
];

/** An authorization that waits for the real-time endpoint right now; both calls are only possible then. */
function findAsked(
  scope: Scope,
  id: string,
): { readonly row: AuthorizationRow; readonly question: OpenQuestion } {
  const row = find(scope, AUTHORIZATION, id);
  const question = scope.account.questions.get(id);
  if (question === undefined)
    throw illegalStep(scope, `Authorization ${id} has no pending request to decide on.`);
  return { row, question };
}
