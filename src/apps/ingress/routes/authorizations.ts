import {
  Authorization,
  AuthorizationQuery,
  AuthorizationSummary,
} from '../../../client/schemas/authorization.ts';
import { pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import { parseAuthorizationId } from '../../../domain/ids.ts';
import type { AuthorizationFilter } from '../../../ports/authorizations.ts';
import { found, invalidField } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { IdParams, pageOr400, pathId } from './path-id.ts';

const TAGS = ['History'];

export function authorizationRoutes(app: App, { records }: IngressPorts): void {
  app.get(
    '/v1/authorizations',
    {
      schema: {
        operationId: 'listAuthorizations',
        summary: 'Lists purchases of a card or an account, newest first',
        tags: TAGS,
        querystring: AuthorizationQuery,
        response: { 200: pageOf(AuthorizationSummary) },
      },
    },
    async ({ query }) =>
      pageOr400(await records.authorizations.list(filterOf(query), pageOfQuery(query))),
  );

  app.get(
    '/v1/authorizations/:id',
    {
      schema: {
        operationId: 'getAuthorization',
        summary:
          'Shows a purchase as one object: its requests, decisions, holds, captures and refunds',
        tags: TAGS,
        params: IdParams,
        response: { 200: Authorization },
      },
    },
    async ({ params }) =>
      found(
        await records.authorizations.find(
          pathId(parseAuthorizationId, params.id, 'AUTHORIZATION_NOT_FOUND'),
        ),
        'AUTHORIZATION_NOT_FOUND',
      ),
  );
}

/** A program has far too many purchases for a list of all; each customer's are few. */
function filterOf({ cardId, accountId, status }: AuthorizationQuery): AuthorizationFilter {
  if (cardId !== undefined) return { cardId, accountId, status };
  if (accountId !== undefined) return { accountId, status };
  throw invalidField('cardId', 'or `accountId` must be given', 'query');
}
