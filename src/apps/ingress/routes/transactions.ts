import { pageOf, pageOfQuery } from '../../../client/schemas/page.ts';
import {
  BookedTransaction,
  Transaction,
  TransactionQuery,
} from '../../../client/schemas/transaction.ts';
import { parseTransactionId } from '../../../domain/ids.ts';
import { found } from '../errors.ts';
import type { App, IngressPorts } from '../ingress-ports.ts';
import { IdParams, pageOr400, pathId } from './path-id.ts';

const TAGS = ['History'];

export function transactionRoutes(app: App, { records }: IngressPorts): void {
  app.get(
    '/v1/transactions',
    {
      schema: {
        operationId: 'listTransactions',
        summary: 'Lists clearing records, newest first',
        tags: TAGS,
        querystring: TransactionQuery,
        response: { 200: pageOf(Transaction) },
      },
    },
    async ({ query }) => pageOr400(await records.transactions.list(query, pageOfQuery(query))),
  );

  app.get(
    '/v1/transactions/:id',
    {
      schema: {
        operationId: 'getTransaction',
        summary: 'Shows a clearing record and how it was booked',
        tags: TAGS,
        params: IdParams,
        response: { 200: BookedTransaction },
      },
    },
    async ({ params }) =>
      found(
        await records.transactions.find(
          pathId(parseTransactionId, params.id, 'TRANSACTION_NOT_FOUND'),
        ),
        'TRANSACTION_NOT_FOUND',
      ),
  );
}
