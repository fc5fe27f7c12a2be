/** Transactions: `/v1/issuing/transactions`, and the test helpers that post them. */
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
import { amount, choice, required, text, timeRange, type Values } from '../http/parameter.ts';
import { type AuthorizationRow, addRefund } from '../machines/authorization.ts';
import { convert } from '../machines/exchange.ts';
import type { TransactionRow } from '../machines/transaction.ts';
import { change, create, type Scope } from '../world/kind.ts';
import { TRANSACTION } from '../world/kinds/issuing.ts';
import { findCard, readCurrency } from './authorization-creation.ts';
import { changeAuthorization } from './authorization-store.ts';
import { bookTransaction } from './issuing-balance.ts';
import { merchantData, purchaseDetails, readMerchant, readPurchaseDetails } from './purchase.ts';

const PATH = '/v1/issuing/transactions';
const HELPER_PATH = '/v1/test_helpers/issuing/transactions';
const NETWORK_TRANSACTION_DIGITS = 15;

const UNLINKED = {
  amount: required(amount()),
  card: required(text()),
  currency: text(),
  merchant_data: merchantData,
  purchase_details: purchaseDetails,
};

export const transactionOperations: readonly Operation[] = [
  listOperation({
    path: PATH,
    kind: TRANSACTION,
    filters: {
      card: text(),
      cardholder: text(),
      created: timeRange(),
      type: choice(['capture', 'refund']),
    },
    matches: (row, wanted) =>
      isWanted(row.card, wanted.card) &&
      isWanted(row.cardholder, wanted.cardholder) &&
      isWithin(row.created, wanted.created) &&
      isWanted(row.type, wanted.type),
  }),
  retrieveOperation(`${PATH}/{transaction}`, TRANSACTION),
  operation({
    method: 'POST',
    path: `${PATH}/{transaction}`,
    params: { metadata: metadata() },
    handle(call) {
      const row = find(call, TRANSACTION, call.id);
      return change(call, TRANSACTION, {
        ...row,
        metadata: mergeMetadata(row.metadata, call.params.metadata),
      });
    },
  }),
  operation({
    method: 'POST',
    path: `${HELPER_PATH}/create_force_capture`,
    params: UNLINKED,
    handle: (call) => postUnlinked(call, call.params, 'capture'),
  }),
  operation({
    method: 'POST',
    path: `${HELPER_PATH}/create_unlinked_refund`,
    params: UNLINKED,
    handle: (call) => postUnlinked(call, call.params, 'refund'),
  }),
  operation({
    method: 'POST',
    path: `${HELPER_PATH}/{transaction}/refund`,
    params: { refund_amount: amount() },
    handle: (call) => refund(call, find(call, TRANSACTION, call.id), call.params.refund_amount),
  }),
];

const processingDate = (now: number): string => new Date(now * 1000).toISOString().slice(0, 10);

/** Posts the clearing record of a capture; the amount is positive, in the card's currency. */
export function postCapture(
  scope: Scope,
  authorization: AuthorizationRow,
  captured: { amount: number; details: Readonly<Record<string, unknown>> | undefined },
): TransactionRow {
  const { world } = scope;
  const now = world.clock.now();
  const approved = authorization.request_history.findLast((entry) => entry.approved);
  const row: TransactionRow = {
    id: world.sequence.id(TRANSACTION.idPrefix),
    created: now,
    amount: -captured.amount,
    amount_details: authorization.amount_details,
    authorization: authorization.id,
    card: authorization.card,
    cardholder: authorization.cardholder,
    currency: authorization.currency,
    dispute: null,
    merchant_amount: -Math.round(captured.amount * authorization.sim.merchantRate),
    merchant_currency: authorization.merchant_currency,
    merchant_data: authorization.merchant_data,
    metadata: {},
    network_data: {
      authorization_code: approved?.authorization_code ?? null,
      processing_date: processingDate(now),
      transaction_id: authorization.network_data.transaction_id,
    },
    ...(captured.details === undefined ? {} : { purchase_details: captured.details }),
    ...(authorization.token === null ? {} : { token: authorization.token }),
    type: 'capture',
    wallet: authorization.wallet,
    sim: { refunded: 0 },
  };
  const booked = bookTransaction(scope, row);
  create(scope, TRANSACTION, booked);
  return booked;
}

/** A clearing record without an authorization: the network does not ask, so neither does the simulator. */
function postUnlinked(
  scope: Scope,
  params: Values<typeof UNLINKED>,
  type: TransactionRow['type'],
): object {
  const { world, account } = scope;
  const card = findCard(scope, params.card);
  const merchantCurrency = readCurrency(params.currency, 'currency') ?? card.currency;
  const charged = convert(params.amount, { from: merchantCurrency, to: card.currency });
  const sign = type === 'capture' ? -1 : 1;
  const now = world.clock.now();
  const merchant = readMerchant(params.merchant_data, world.sequence);
  const details = readPurchaseDetails(params.purchase_details);
  const row: TransactionRow = {
    id: world.sequence.id(TRANSACTION.idPrefix),
    created: now,
    amount: sign * charged,
    amount_details: null,
    authorization: null,
    card: card.id,
    cardholder: card.cardholder,
    currency: card.currency,
    dispute: null,
    merchant_amount: sign * params.amount,
    merchant_currency: merchantCurrency,
    merchant_data: merchant,
    metadata: {},
    network_data: {
      authorization_code: null,
      processing_date: processingDate(now),
      transaction_id: world.sequence.digits('network_transaction', NETWORK_TRANSACTION_DIGITS),
    },
    ...(details === undefined ? {} : { purchase_details: details }),
    type,
    wallet: null,
    sim: { refunded: 0 },
  };
  if (type === 'capture') {
    world.countSpending(account, { ...row, category: merchant.category, amount: charged });
  }
  return create(scope, TRANSACTION, bookTransaction(scope, row));
}

/** Refunds a capture, wholly or in part; what was refunded before cannot be refunded again. */
function refund(scope: Scope, captured: TransactionRow, wanted: number | undefined): object {
  if (captured.type !== 'capture') {
    throw invalidRequest(`Transaction ${captured.id} is a refund; only captures can be refunded.`);
  }
  const left = -captured.amount - captured.sim.refunded;
  const refunded = wanted ?? left;
  if (refunded <= 0 || refunded > left) {
    throw invalidRequest(
      `The refund_amount (${refunded}) exceeds what is left to refund (${left}).`,
      {
        param: 'refund_amount',
      },
    );
  }
  const { world, account } = scope;
  const now = world.clock.now();
  const rate = captured.amount === 0 ? 1 : captured.merchant_amount / captured.amount;
  const { purchase_details: _details, balance_transaction: _booked, ...common } = captured;
  account.transactions.put({ ...captured, sim: { refunded: captured.sim.refunded + refunded } });
  const row: TransactionRow = {
    ...common,
    id: world.sequence.id(TRANSACTION.idPrefix),
    created: now,
    amount: refunded,
    amount_details: null,
    dispute: null,
    merchant_amount: Math.round(refunded * rate),
    metadata: {},
    network_data: { ...captured.network_data, processing_date: processingDate(now) },
    type: 'refund',
    sim: { refunded: 0 },
  };
  const shown = create(scope, TRANSACTION, bookTransaction(scope, row));
  const linked =
    row.authorization === null ? undefined : account.authorizations.get(row.authorization);
  if (linked !== undefined) changeAuthorization(scope, addRefund(linked, row.id));
  return shown;
}
