/**
 * Settlements: `/v1/issuing/settlements`, and the test helpers that make them. A restricted feature, which official
 * clients reach only with raw requests. Its events are not among the published types, so they are sent on request.
 */
import { mergeMetadata, metadata } from '../http/metadata.ts';
import {
  find,
  isWithin,
  listOperation,
  type Operation,
  operation,
  retrieveOperation,
} from '../http/operation.ts';
import { choice, integer, required, text, timeRange } from '../http/parameter.ts';
import { completeSettlement, type SettlementRow } from '../machines/settlement.ts';
import { change, create, type Scope, store } from '../world/kind.ts';
import { SETTLEMENT } from '../world/kinds/settlement.ts';
import { illegalStep } from './illegal-step.ts';
import { readCurrency } from './purchase-amount.ts';

const PATH = '/v1/issuing/settlements';
const HELPER_PATH = '/v1/test_helpers/issuing/settlements';
const IDENTIFIER_DIGITS = 10;

export const settlementOperations: readonly Operation[] = [
  listOperation({
    path: PATH,
    kind: SETTLEMENT,
    filters: { created: timeRange() },
    matches: (row, wanted) => isWithin(row.created, wanted.created),
  }),
  retrieveOperation(`${PATH}/{settlement}`, SETTLEMENT),
  operation({
    method: 'POST',
    path: `${PATH}/{settlement}`,
    params: { metadata: metadata() },
    handle(call) {
      const row = find(call, SETTLEMENT, call.id);
      return put(call, change, {
        ...row,
        metadata: mergeMetadata(row.metadata, call.params.metadata),
      });
    },
  }),
  operation({
    method: 'POST',
    path: HELPER_PATH,
    params: {
      bin: required(text()),
      clearing_date: required(integer()),
      currency: required(text()),
      interchange_fees_amount: integer(),
      net_total_amount: required(integer()),
      network: choice(['maestro', 'visa']),
      network_settlement_identifier: text(),
      transaction_amount: integer(),
      transaction_count: integer({ min: 0 }),
    },
    handle(call) {
      const { params, world } = call;
      return put(call, create, {
        id: world.sequence.id(SETTLEMENT.idPrefix),
        created: world.clock.now(),
        bin: params.bin,
        clearing_date: params.clearing_date,
        currency: readCurrency(params.currency, 'currency') ?? params.currency,
        interchange_fees_amount: params.interchange_fees_amount ?? 0,
        metadata: {},
        net_total_amount: params.net_total_amount,
        network: params.network ?? 'visa',
        network_settlement_identifier:
          params.network_settlement_identifier ??
          world.sequence.digits('network_settlement', IDENTIFIER_DIGITS),
        status: 'pending',
        transaction_amount: params.transaction_amount ?? params.net_total_amount,
        transaction_count: params.transaction_count ?? 0,
      });
    },
  }),
  operation({
    method: 'POST',
    path: `${HELPER_PATH}/{settlement}/complete`,
    params: {},
    handle(call) {
      const completed = completeSettlement(find(call, SETTLEMENT, call.id));
      if (completed === undefined) {
        throw illegalStep(call, 'You cannot complete a settlement with status complete.');
      }
      return put(call, change, completed);
    },
  }),
];

const put = (scope: Scope, announced: typeof create | typeof change, row: SettlementRow): object =>
  scope.account.settings.settlementEvents === 'on'
    ? announced(scope, SETTLEMENT, row)
    : store(scope, SETTLEMENT, row);
