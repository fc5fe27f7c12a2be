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
import { SECONDS_PER_HOUR } from '../machines/duration.ts';
import { convert } from '../machines/exchange.ts';
import { utcDay } from '../machines/spending-controls.ts';
import type { TransactionRow } from '../machines/transaction.ts';
import { change, create, emit, type Scope, store } from '../world/kind.ts';
import { TRANSACTION } from '../world/kinds/issuing.ts';
import { findCard, NETWORK_TRANSACTION_DIGITS } from './authorization-creation.ts';
import { changeAuthorization } from './authorization-store.ts';
import { countPayment } from './decision.ts';
import { illegalStep } from './illegal-step.ts';
import { bookTransaction } from './issuing-balance.ts';
import { merchantData, purchaseDetails, readMerchant, readPurchaseDetails } from './purchase.ts';
import { readCurrency } from './purchase-amount.ts';

const PATH = '/v1/issuing/transactions';
const HELPER_PATH = '/v1/test_helpers/issuing/transactions';

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

/** From then on, what comes in is processed the next day. The hour is made up; networks have one. */
const CUTOFF_HOUR_UTC = 22;

const processingDate = (now: number): string =>
  new Date((now + (24 - CUTOFF_HOUR_UTC) * SECONDS_PER_HOUR) * 1000).toISOString().slice(0, 10);

interface Captured {
  /** Positive, in the card's currency. */
  readonly amount: number;
  /** Whether the merchant's amount is what counts: then the card's follows the exchange rate of today. */
  readonly isEstimate: boolean;
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

type Given = Omit<
  TransactionRow,
  'created' | 'dispute' | 'id' | 'metadata' | 'network_data' | 'sim'
> & { readonly network: Omit<TransactionRow['network_data'], 'processing_date'> };

/** A clearing record of this moment, not yet posted. */
function newTransaction({ world }: Scope, { network, ...given }: Given): TransactionRow {
  const now = world.clock.now();
  return {
    ...given,
    id: world.sequence.id(TRANSACTION.idPrefix),
    created: now,
    dispute: null,
    metadata: {},
    network_data: { ...network, processing_date: processingDate(now) },
    sim: { refunded: 0 },
  };
}

/** The clearing record of a capture, not yet posted. */
export function newCapture(
  scope: Scope,
  authorization: AuthorizationRow,
  captured: Captured,
): TransactionRow {
  const { world, account } = scope;
  const { paidWith, merchantRate, captured: already } = authorization.sim;
  const { exchangeRateDrift: drift, replacedClearing } = account.settings;
  const isForeign = authorization.merchant_currency !== authorization.currency;
  const moved = captured.isEstimate && isForeign && drift > 0;
  const rate = moved ? 1 + (2 * world.sequence.fraction('exchange_rate') - 1) * drift : 1;
  const isFirst = authorization.transactions.length === 0;
  // Of the sum so far, so that what is lost by rounding at one capture is made up for by the next.
  const inMerchantCurrency = (sum: number): number => Math.round(sum * merchantRate);
  const merchantShare = inMerchantCurrency(already + captured.amount) - inMerchantCurrency(already);
  const original = replacedClearing === 'original' ? paidWith : undefined;
  const approved = authorization.request_history.findLast((entry) => entry.approved);
  return newTransaction(scope, {
    amount: -Math.max(1, Math.round(captured.amount * rate)),
    // The cash was handed out once.
    amount_details: isFirst ? authorization.amount_details : null,
    authorization: authorization.id,
    card: original ?? authorization.card,
    cardholder: authorization.cardholder,
    currency: authorization.currency,
    merchant_amount: -merchantShare,
    merchant_currency: authorization.merchant_currency,
    merchant_data: authorization.merchant_data,
    network: {
      authorization_code: approved?.authorization_code ?? null,
      transaction_id: authorization.network_data.transaction_id,
    },
    ...(captured.details === undefined ? {} : { purchase_details: captured.details }),
    ...(authorization.token === null ? {} : { token: authorization.token }),
    type: 'capture',
    wallet: authorization.wallet,
  });
}

/** Posts a clearing record and the authorization as it leaves it; returns the authorization as the API shows it. */
export function postLinked(scope: Scope, row: TransactionRow, next: AuthorizationRow): object {
  if (scope.account.settings.captureEvents === 'transaction_first') {
    create(scope, TRANSACTION, bookTransaction(scope, row));
    return changeAuthorization(scope, next);
  }
  const shown = store(scope, TRANSACTION, bookTransaction(scope, row));
  const changed = changeAuthorization(scope, next);
  emit(scope, `${TRANSACTION.eventPrefix}.created`, shown);
  return changed;
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
  const merchant = readMerchant(params.merchant_data, world.sequence);
  const details = readPurchaseDetails(params.purchase_details);
  const row = newTransaction(scope, {
    amount: sign * charged,
    amount_details: null,
    authorization: null,
    card: card.id,
    cardholder: card.cardholder,
    currency: card.currency,
    merchant_amount: sign * params.amount,
    merchant_currency: merchantCurrency,
    merchant_data: merchant,
    network: {
      authorization_code: null,
      transaction_id: world.sequence.digits('network_transaction', NETWORK_TRANSACTION_DIGITS),
    },
    ...(details === undefined ? {} : { purchase_details: details }),
    type,
    wallet: null,
  });
  if (type === 'capture') {
    const { category } = merchant;
    world.countSpending(account, row, {
      currency: row.currency,
      day: utcDay(row.created),
      category,
      amount: charged,
    });
    countPayment(scope, card.id);
  }
  return create(scope, TRANSACTION, bookTransaction(scope, row));
}

/** Refunds a capture, wholly or in part; what was refunded before cannot be refunded again. */
function refund(scope: Scope, captured: TransactionRow, wanted: number | undefined): object {
  if (captured.type !== 'capture') {
    throw illegalStep(
      scope,
      `Transaction ${captured.id} is a refund; only captures can be refunded.`,
    );
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
  const { account } = scope;
  const rate = captured.amount === 0 ? 1 : captured.merchant_amount / captured.amount;
  account.transactions.put({ ...captured, sim: { refunded: captured.sim.refunded + refunded } });
  const { purchase_details: _details, balance_transaction: _booked, ...common } = captured;
  const row = newTransaction(scope, {
    ...common,
    amount: refunded,
    amount_details: null,
    merchant_amount: Math.round(refunded * rate),
    network: captured.network_data,
    type: 'refund',
  });
  const linked =
    row.authorization === null ? undefined : account.authorizations.get(row.authorization);
  if (linked === undefined) return create(scope, TRANSACTION, bookTransaction(scope, row));
  postLinked(scope, row, addRefund(linked, row.id));
  return TRANSACTION.render(account, find(scope, TRANSACTION, row.id));
}
