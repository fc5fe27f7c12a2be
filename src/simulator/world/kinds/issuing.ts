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
  ({ sim: _hidden, cardholder, ...shown }, [holder, , account]) => ({
    ...shown,
    object: 'issuing.card',
    brand: 'Visa',
    cardholder: holder === undefined ? cardholder : CARDHOLDER.render(account, holder),
    livemode: false,
    wallets: renderWallets(account, holder),
  }),
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
    (row: TransactionRow) => ({
      ...row,
      sim: undefined,
      object: 'issuing.transaction',
      balance_transaction: row.balance_transaction ?? null,
      livemode: false,
    }),
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

const renderAuthorization = remembered(partsOfAuthorization, (row, [card, count, ...rest]) => ({
  ...row,
  // Undefined does not show, and is much cheaper than a copy without it.
  sim: undefined,
  object: 'issuing.authorization',
  balance_transactions: rest.slice(count),
  card,
  livemode: false,
  pending_request: null,
  transactions: rest.slice(0, count),
}));

export const AUTHORIZATION: Kind<AuthorizationRow> = {
  name: 'issuing.authorization',
  label: 'issuing authorization',
  idPrefix: 'iauth',
  eventPrefix: 'issuing_authorization',
  table: (account) => account.authorizations,
  render: renderAuthorization,
};
