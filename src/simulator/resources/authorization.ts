/** Authorizations as callers of the API see them: `/v1/issuing/authorizations`. */

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
import { choice, text, timeRange } from '../http/parameter.ts';
import { AUTHORIZATION } from '../world/kinds/issuing.ts';
import { changeAuthorization } from './authorization-store.ts';

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
];
