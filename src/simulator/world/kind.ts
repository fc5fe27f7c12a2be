/** Each kind of object: where its rows are, how the API shows them, and what its events are called. */
import type { AuthorizationRow } from '../machines/authorization.ts';
import type { CardRow } from '../machines/card.ts';
import type { CardholderRow } from '../machines/cardholder.ts';
import type { TransactionRow } from '../machines/transaction.ts';
import type { ReportRow, SessionRow } from '../machines/verification-session.ts';
import type { Account, Cause, EndpointRow } from './account.ts';
import { previousAttributes } from './difference.ts';
import type { Row, Table } from './table.ts';
import type { World } from './world.ts';

export interface Kind<R extends Row> {
  /** The value of `object`. */
  readonly name: string;
  /** As error messages call it. */
  readonly label: string;
  readonly idPrefix: string;
  /** The first part of its events' types. */
  readonly eventPrefix: string;
  readonly table: (account: Account) => Table<R>;
  readonly render: (account: Account, row: R) => object;
}

/** Where a change happens and which call caused it. */
export interface Scope {
  readonly world: World;
  readonly account: Account;
  readonly cause: Cause;
}

export const CARDHOLDER: Kind<CardholderRow> = {
  name: 'issuing.cardholder',
  label: 'issuing cardholder',
  idPrefix: 'ich',
  eventPrefix: 'issuing_cardholder',
  table: (account) => account.cardholders,
  render: (_account, row) => ({ ...row, object: 'issuing.cardholder', livemode: false }),
};

/** A wallet needs a way to reach the cardholder. */
function renderWallets(cardholder: CardholderRow | undefined): object {
  const reachable =
    cardholder !== undefined && (cardholder.email ?? cardholder.phone_number) !== null;
  const wallet = {
    eligible: reachable,
    ineligible_reason: reachable ? null : 'missing_cardholder_contact',
  };
  return { apple_pay: wallet, google_pay: wallet, primary_account_identifier: null };
}

function renderCard(account: Account, row: CardRow): object {
  const { sim: _hidden, cardholder, ...shown } = row;
  const holder = account.cardholders.get(cardholder);
  return {
    ...shown,
    object: 'issuing.card',
    brand: 'Visa',
    cardholder: holder === undefined ? cardholder : CARDHOLDER.render(account, holder),
    latest_fraud_warning: null,
    livemode: false,
    wallets: renderWallets(holder),
  };
}

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
  render(_account, { sim: _hidden, ...shown }) {
    return {
      ...shown,
      object: 'issuing.transaction',
      balance_transaction: null,
      dispute: null,
      livemode: false,
    };
  },
};

function renderAuthorization(account: Account, row: AuthorizationRow): object {
  const { sim: _hidden, ...shown } = row;
  const card = account.cards.get(row.card);
  return {
    ...shown,
    object: 'issuing.authorization',
    balance_transactions: [],
    card: card === undefined ? row.card : renderCard(account, card),
    livemode: false,
    pending_request: null,
    token: null,
    transactions: row.transactions.flatMap((id) => {
      const transaction = account.transactions.get(id);
      return transaction === undefined ? [] : [TRANSACTION.render(account, transaction)];
    }),
  };
}

export const AUTHORIZATION: Kind<AuthorizationRow> = {
  name: 'issuing.authorization',
  label: 'issuing authorization',
  idPrefix: 'iauth',
  eventPrefix: 'issuing_authorization',
  table: (account) => account.authorizations,
  render: renderAuthorization,
};

export const SESSION: Kind<SessionRow> = {
  name: 'identity.verification_session',
  label: 'identity verification session',
  idPrefix: 'vs',
  eventPrefix: 'identity.verification_session',
  table: (account) => account.sessions,
  render: (_account, row) => ({ ...row, object: 'identity.verification_session', livemode: false }),
};

export const REPORT: Kind<ReportRow> = {
  name: 'identity.verification_report',
  label: 'identity verification report',
  idPrefix: 'vr',
  eventPrefix: 'identity.verification_report',
  table: (account) => account.reports,
  render(_account, { error, ...shown }) {
    return {
      ...shown,
      object: 'identity.verification_report',
      livemode: false,
      options: {},
      document: {
        address: null,
        error,
        files: null,
        first_name: error === null ? 'Jenny' : null,
        issued_date: null,
        issuing_country: error === null ? 'US' : null,
        last_name: error === null ? 'Rosen' : null,
        status: error === null ? 'verified' : 'unverified',
        type: error === null ? 'driving_license' : null,
      },
    };
  },
};

export const ENDPOINT: Kind<EndpointRow> = {
  name: 'webhook_endpoint',
  label: 'webhook endpoint',
  idPrefix: 'we',
  eventPrefix: 'webhook_endpoint',
  table: (account) => account.endpoints,
  render(_account, { secret: _hidden, connect: _scope, ...shown }) {
    return { ...shown, object: 'webhook_endpoint', application: null, livemode: false };
  },
};

/** Stores a new row and tells everybody. */
export function create<R extends Row>(scope: Scope, kind: Kind<R>, row: R): object {
  kind.table(scope.account).put(row);
  const shown = kind.render(scope.account, row);
  emit(scope, `${kind.eventPrefix}.created`, shown);
  return shown;
}

/** Stores the next version of a row. An `updated` event follows only if something visible changed. */
export function change<R extends Row>(scope: Scope, kind: Kind<R>, next: R): object {
  const table = kind.table(scope.account);
  const stored = table.get(next.id);
  const before = stored === undefined ? {} : kind.render(scope.account, stored);
  table.put(next);
  const after = kind.render(scope.account, next);
  const previous = previousAttributes(before, after);
  if (previous === undefined) scope.world.onChange();
  else emit(scope, `${kind.eventPrefix}.updated`, after, previous);
  return after;
}

/** Stores without an event. */
export function store<R extends Row>(scope: Scope, kind: Kind<R>, row: R): object {
  kind.table(scope.account).put(row);
  scope.world.onChange();
  return kind.render(scope.account, row);
}

export function emit(scope: Scope, type: string, object: object, previous?: object): void {
  scope.world.emit(scope.account, { type, object, previous, cause: scope.cause });
}
