import { Account, AccountQuery, NewAccount } from '../../../client/schemas/account.ts';
import { pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import { parseAccountId } from '../../../domain/ids.ts';
import { minorUnits, parseCurrency } from '../../../domain/money.ts';
import { answerOnce } from '../answer-once.ts';
import { found, invalidField } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { newId } from '../new-id.ts';
import { IdParams, pageOr400, pathId } from './path-id.ts';
import { tenantOf } from './tenants.ts';

const TAGS = ['Accounts'];

export function accountRoutes(app: App, ports: IngressPorts): void {
  createRoute(app, ports);
  readRoutes(app, ports);
}

function createRoute(app: App, { answers }: IngressPorts): void {
  app.post(
    '/v1/accounts',
    {
      schema: {
        operationId: 'createAccount',
        summary: 'Opens an account of a customer in one currency',
        tags: TAGS,
        body: NewAccount,
        response: { 201: Account },
      },
    },
    async ({ body: wanted }, reply) => {
      const currency = parseCurrency(wanted.currency);
      if (currency === undefined) throw invalidField('currency', 'is not a known currency');
      const { body } = await answerOnce(answers, reply, 201, async (records) => {
        const tenant = await tenantOf(records, wanted.tenantId);
        return records.accounts.create({
          id: parseAccountId(newId('account')),
          tenantId: tenant.id,
          customerRef: wanted.customerRef,
          currency,
          creditLimitMinor: minorUnits(wanted.creditLimitMinor ?? 0),
          allowPartial: wanted.allowPartial ?? false,
        });
      });
      return reply.code(201).send(body);
    },
  );
}

function readRoutes(app: App, { records }: IngressPorts): void {
  app.get(
    '/v1/accounts',
    {
      schema: {
        operationId: 'listAccounts',
        summary: 'Lists accounts',
        tags: TAGS,
        querystring: AccountQuery,
        response: { 200: pageOf(Account) },
      },
    },
    async ({ query }) => pageOr400(await records.accounts.list(query, pageOfQuery(query))),
  );

  app.get(
    '/v1/accounts/:id',
    {
      schema: {
        operationId: 'getAccount',
        summary: 'Shows an account with its balances',
        tags: TAGS,
        params: IdParams,
        response: { 200: Account },
      },
    },
    async ({ params }) => {
      const id = pathId(parseAccountId, params.id, 'ACCOUNT_NOT_FOUND');
      return found(await records.accounts.find(id), 'ACCOUNT_NOT_FOUND');
    },
  );
}
