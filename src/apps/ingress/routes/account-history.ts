import { Readable } from 'node:stream';
import { Type } from 'typebox';
import {
  AccountEntry,
  Balance,
  BalanceQuery,
  pageOfStatement,
  Statement,
  StatementQuery,
} from '../../../client/schemas/account-history.ts';
import { PageQuery, pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import { type AccountId, parseAccountId } from '../../../domain/ids.ts';
import { found, invalidField } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { csvName, statementCsv } from '../statement-csv.ts';
import { realMoment } from './moment.ts';
import { IdParams, pageOr400, pathId } from './path-id.ts';

const TAGS = ['Accounts'];
const accountIn = (params: { id: string }): AccountId =>
  pathId(parseAccountId, params.id, 'ACCOUNT_NOT_FOUND');

export function accountHistoryRoutes(app: App, ports: IngressPorts): void {
  const { accounts, accountHistory } = ports.records;
  app.get(
    '/v1/accounts/:id/balance',
    {
      schema: {
        operationId: 'getAccountBalance',
        summary: 'Shows the balances of a past moment',
        tags: TAGS,
        params: IdParams,
        querystring: BalanceQuery,
        response: { 200: Balance },
      },
    },
    async ({ params, query }) => {
      const at = realMoment('at', query.at);
      return found(await accountHistory.balanceAt(accountIn(params), at), 'ACCOUNT_NOT_FOUND');
    },
  );

  app.get(
    '/v1/accounts/:id/entries',
    {
      schema: {
        operationId: 'listAccountEntries',
        summary: 'Lists what was posted to an account, newest first',
        tags: TAGS,
        params: IdParams,
        querystring: PageQuery,
        response: { 200: pageOf(AccountEntry) },
      },
    },
    async ({ params, query }) => {
      const { id } = found(await accounts.find(accountIn(params)), 'ACCOUNT_NOT_FOUND');
      return pageOr400(await accountHistory.entries(id, pageOfQuery(query)));
    },
  );
  statementRoute(app, ports);
}

function statementRoute(app: App, { records: { accountHistory } }: IngressPorts): void {
  app.get(
    '/v1/accounts/:id/statement',
    {
      schema: {
        operationId: 'getAccountStatement',
        summary: 'Money that came and went in a period, with the balances before and after',
        description: 'By the time of booking. With `format=csv` the lines come as a file.',
        tags: TAGS,
        params: IdParams,
        querystring: StatementQuery,
        response: {
          200: {
            description: 'The statement.',
            content: {
              'application/json': { schema: Statement },
              'text/csv': { schema: Type.Unsafe<Readable>({ type: 'string' }) },
            },
          },
        },
      },
    },
    async ({ params, query }, reply) => {
      const period = periodOf(query);
      const frame = found(
        await accountHistory.statement(accountIn(params), period),
        'ACCOUNT_NOT_FOUND',
      );
      if (query.format === 'csv') {
        const disposition = `attachment; filename="${csvName(frame)}"`;
        return reply
          .header('content-disposition', disposition)
          .type('text/csv; charset=utf-8; header=present')
          .send(Readable.from(statementCsv(frame, accountHistory)));
      }
      const page = pageOr400(await accountHistory.lines(frame, pageOfStatement(query)));
      return reply.send({ ...frame, lines: page.data, nextCursor: page.nextCursor });
    },
  );
}

function periodOf(query: StatementQuery): { readonly from: string; readonly to: string } {
  const from = realMoment('from', query.from);
  const to = realMoment('to', query.to);
  if (!isBefore(from, to)) throw invalidField('to', 'must be later than `from`', 'query');
  if (query.format === 'csv' && (query.limit ?? query.after) !== undefined) {
    throw invalidField('format', 'csv has no pages: leave out `limit` and `after`', 'query');
  }
  return { from, to };
}

/** To the microsecond, which a `Date` does not know. */
function isBefore(from: string, to: string): boolean {
  const padded = (text: string) => {
    const [second = '', fraction = ''] = text.slice(0, -1).split('.');
    return `${second}.${fraction.padEnd(6, '0')}`;
  };
  return padded(from) < padded(to);
}
