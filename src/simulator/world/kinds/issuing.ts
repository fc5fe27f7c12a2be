/** Cardholders, cards, authorizations and transactions, as the API shows them. */
import type { AuthorizationRow } from '../../machines/authorization.ts';
import type { CardRow } from '../../machines/card.ts';
import type { CardholderRow } from '../../machines/cardholder.ts';
import type { TransactionRow } from '../../machines/transaction.ts';
import { walletIneligibility } from '../../machines/wallet.ts';
import type { Account } from '../account.ts';
import type { Kind } from '../kind.ts';
import { remembered } from '../memo.ts';
import { BALANCE_TRANSACTION } from './balance-transaction.ts';

/**
 * All that a row holds but `sim`. The objects that are shown most are written out: spreading a row and adding fields to the copy takes V8
 * ten microseconds, the literal a tenth of one. Fields that are undefined do not show.
 */
type Shown<R> = Record<Exclude<keyof R, 'sim'>, unknown> & Readonly<Record<string, unknown>>;

export const CARDHOLDER: Kind<CardholderRow> = {
  name: 'issuing.cardholder',
  label: 'issuing cardholder',
  idPrefix: 'ich',
  eventPrefix: 'issuing_cardholder',
  table: (account) => account.cardholders,
  render: remembered(
    () => [],
    (row: CardholderRow) => ({ ...row, object: 'issuing.cardholder', livemode: false }),
  ),
};

function renderWallets(account: Account, cardholder: CardholderRow | undefined): object {
  const reason = walletIneligibility(account.settings.walletAgreement, cardholder);
  const wallet = { eligible: reason === null, ineligible_reason: reason };
  return { apple_pay: wallet, google_pay: wallet, primary_account_identifier: null };
}

const renderCard = remembered(
  (account: Account, row: CardRow) => {
    const holder = account.cardholders.get(row.cardholder);
    return [holder, account.settings.walletAgreement, account] as const;
  },
  (row, [holder, , account]) =>
    ({
      id: row.id,
      object: 'issuing.card',
      brand: 'Visa',
      cancellation_reason: row.cancellation_reason,
      cardholder: holder === undefined ? row.cardholder : CARDHOLDER.render(account, holder),
      created: row.created,
      currency: row.currency,
      exp_month: row.exp_month,
      exp_year: row.exp_year,
      financial_account: row.financial_account,
      last4: row.last4,
      latest_fraud_warning: row.latest_fraud_warning,
      lifecycle_controls: row.lifecycle_controls,
      livemode: false,
      metadata: row.metadata,
      personalization_design: row.personalization_design,
      replaced_by: row.replaced_by,
      replacement_for: row.replacement_for,
      replacement_reason: row.replacement_reason,
      second_line: row.second_line,
      shipping: row.shipping,
      spending_controls: row.spending_controls,
      status: row.status,
      type: row.type,
      wallets: renderWallets(account, holder),
    }) satisfies Shown<CardRow>,
);

export const CARD: Kind<CardRow> = {
  name: 'issuing.card',
  label: 'issuing card',
  idPrefix: 'ic',
  eventPrefix: 'issuing_card',
  table: (account) => account.cards,
  render: renderCard,
};

export const TRANSACTION: Kind<TransactionRow> = {
  name: 'issuing.transaction',
  label: 'issuing transaction',
  idPrefix: 'ipi',
  eventPrefix: 'issuing_transaction',
  table: (account) => account.transactions,
  render: remembered(
    () => [],
    (row: TransactionRow) =>
      ({
        id: row.id,
        object: 'issuing.transaction',
        amount: row.amount,
        amount_details: row.amount_details,
        authorization: row.authorization,
        balance_transaction: row.balance_transaction ?? null,
        card: row.card,
        cardholder: row.cardholder,
        created: row.created,
        currency: row.currency,
        dispute: row.dispute,
        livemode: false,
        merchant_amount: row.merchant_amount,
        merchant_currency: row.merchant_currency,
        merchant_data: row.merchant_data,
        metadata: row.metadata,
        network_data: row.network_data,
        purchase_details: row.purchase_details,
        token: row.token,
        type: row.type,
        wallet: row.wallet,
      }) satisfies Shown<TransactionRow>,
  ),
};

type AuthorizationParts = readonly [card: object | string, captures: number, ...rest: object[]];

/** The card, then the number of transactions, these themselves, and last the balance transactions. */
function partsOfAuthorization(account: Account, row: AuthorizationRow): AuthorizationParts {
  const card = account.cards.get(row.card);
  const transactions = row.transactions.flatMap((id) => {
    const transaction = account.transactions.get(id);
    return transaction === undefined ? [] : [TRANSACTION.render(account, transaction)];
  });
  const booked = (row.balance_transactions ?? []).flatMap((id) => {
    const entry = account.balanceTransactions.get(id);
    return entry === undefined ? [] : [BALANCE_TRANSACTION.render(account, entry)];
  });
  const shown = card === undefined ? row.card : renderCard(account, card);
  return [shown, transactions.length, ...transactions, ...booked];
}

const renderAuthorization = remembered(
  partsOfAuthorization,
  (row, [card, count, ...rest]) =>
    ({
      id: row.id,
      object: 'issuing.authorization',
      amount: row.amount,
      amount_details: row.amount_details,
      approved: row.approved,
      authorization_method: row.authorization_method,
      balance_transactions: rest.slice(count),
      card,
      card_presence: row.card_presence,
      cardholder: row.cardholder,
      created: row.created,
      currency: row.currency,
      fleet: row.fleet,
      fraud_challenges: row.fraud_challenges,
      fuel: row.fuel,
      livemode: false,
      merchant_amount: row.merchant_amount,
      merchant_currency: row.merchant_currency,
      merchant_data: row.merchant_data,
      metadata: row.metadata,
      network_data: row.network_data,
      pending_request: null,
      request_history: row.request_history,
      status: row.status,
      token: row.token,
      transactions: rest.slice(0, count),
      verification_data: row.verification_data,
      verified_by_fraud_challenge: row.verified_by_fraud_challenge,
      wallet: row.wallet,
    }) satisfies Shown<AuthorizationRow>,
);

export const AUTHORIZATION: Kind<AuthorizationRow> = {
  name: 'issuing.authorization',
  label: 'issuing authorization',
  idPrefix: 'iauth',
  eventPrefix: 'issuing_authorization',
  table: (account) => account.authorizations,
  render: renderAuthorization,
};
