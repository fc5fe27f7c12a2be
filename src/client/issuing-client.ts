/** The typed client of the API, for onboarding services. Its types are the schemas that the server checks. */
import { changesOf } from './follow-changes.ts';
import type { Account, AccountQuery, AccountSettings, NewAccount } from './schemas/account.ts';
import type {
  BookedEntry,
  NewCredit,
  NewDebit,
  NewTransfer,
  Reversal,
} from './schemas/account-booking.ts';
import type {
  AccountEntry,
  Balance,
  BalanceQuery,
  Statement,
  StatementQuery,
} from './schemas/account-history.ts';
import type { AttentionItem, AttentionQuery, ResolveAttention } from './schemas/attention.ts';
import type { AuditEntry, AuditQuery } from './schemas/audit-log.ts';
import type {
  Authorization,
  AuthorizationQuery,
  AuthorizationSummary,
} from './schemas/authorization.ts';
import type { Card, CardQuery, NewCard, NewShipping } from './schemas/card.ts';
import type {
  Cancel,
  ConfirmDelivery,
  DecideKyc,
  Freeze,
  Replace,
  RetryIssuance,
  Unfreeze,
} from './schemas/card-command.ts';
import type { TimelineEntry, TimelineQuery } from './schemas/card-history.ts';
import type {
  Cardholder,
  CardholderChange,
  CardholderQuery,
  NewCardholder,
} from './schemas/cardholder.ts';
import type { CompletenessDay, CompletenessQuery } from './schemas/completeness.ts';
import type { Controls } from './schemas/controls.ts';
import type { Decision } from './schemas/decision.ts';
import type { EventFate, EventQuery, EventSummary, ReplayEvent } from './schemas/event.ts';
import type { InboxSummary, TrialBalance, TrialBalanceQuery } from './schemas/figures.ts';
import type { Page, PageQuery } from './schemas/page.ts';
import type { NewTenant, Tenant, TenantSettings } from './schemas/tenant.ts';
import type { BookedTransaction, Transaction, TransactionQuery } from './schemas/transaction.ts';
import {
  type CallOptions,
  createTransport,
  type IssuingClientOptions,
  type Transport,
} from './transport.ts';

export type IssuingClient = ReturnType<typeof createIssuingClient>;

/** Every call rejects with an IssuingApiError when the API refuses, or cannot be reached after all tries. */
export function createIssuingClient(options: IssuingClientOptions) {
  const send = createTransport(options);
  return {
    tenants: {
      create: (body: NewTenant, call?: CallOptions) =>
        send<Tenant>({ method: 'POST', path: '/v1/tenants', body }, call),
      get: get<Tenant>(send, '/v1/tenants'),
      list: list<Tenant, PageQuery>(send, '/v1/tenants'),
      change: change<TenantSettings, Tenant>(send, '/v1/tenants'),
      ...controls(send, '/v1/tenants'),
    },
    accounts: accounts(send),
    cardholders: {
      create: (body: NewCardholder, call?: CallOptions) =>
        send<Cardholder>({ method: 'POST', path: '/v1/cardholders', body }, call),
      get: get<Cardholder>(send, '/v1/cardholders'),
      list: list<Cardholder, CardholderQuery>(send, '/v1/cardholders'),
      /** Each field that is given replaces the whole field; Stripe follows by itself. */
      change: change<CardholderChange, Cardholder>(send, '/v1/cardholders'),
      /** A person's verdict, for all cards that wait for it. */
      decideKyc: (id: string, body: DecideKyc, call?: CallOptions) =>
        send<Cardholder>(
          { method: 'POST', path: below('/v1/cardholders', id, 'decide-kyc'), body },
          call,
        ),
    },
    cards: cards(send),
    decisions: { get: get<Decision>(send, '/v1/decisions') },
    authorizations: {
      get: get<Authorization>(send, '/v1/authorizations'),
      /** Of a card or an account, which the query must name. */
      list: list<AuthorizationSummary, AuthorizationQuery>(send, '/v1/authorizations'),
    },
    transactions: {
      get: get<BookedTransaction>(send, '/v1/transactions'),
      list: list<Transaction, TransactionQuery>(send, '/v1/transactions'),
    },
    /** What has changed, in one order; `follow` waits for what comes. */
    changes: changesOf(send),
    attention: {
      list: list<AttentionItem, AttentionQuery>(send, '/v1/attention'),
      /** Closes an item that a person has settled; one that follows a state is refused with the remedy. */
      resolve: (id: string, body: ResolveAttention, call?: CallOptions) =>
        send<AttentionItem>(
          { method: 'POST', path: below('/v1/attention', id, 'resolve'), body },
          call,
        ),
    },
    events: {
      list: list<EventSummary, EventQuery>(send, '/v1/events'),
      /** With what followed from it. */
      get: get<EventFate>(send, '/v1/events'),
      /** Has it applied once more; `get` shows how that ended. */
      replay: (id: string, body: ReplayEvent = {}, call?: CallOptions) =>
        send<EventFate>({ method: 'POST', path: below('/v1/events', id, 'replay'), body }, call),
    },
    auditLog: { list: list<AuditEntry, AuditQuery>(send, '/v1/audit-log') },
    ledger: {
      trialBalance: (query?: TrialBalanceQuery, call?: CallOptions) =>
        send<TrialBalance>({ method: 'GET', path: '/v1/ledger/trial-balance', query }, call),
    },
    completeness: {
      /** Of a day, or the days of the last two months that are not whole. */
      list: list<CompletenessDay, CompletenessQuery>(send, '/v1/completeness'),
    },
    inbox: {
      summary: (call?: CallOptions) =>
        send<InboxSummary>({ method: 'GET', path: '/v1/inbox/summary' }, call),
    },
  };
}

function accounts(send: Transport) {
  const command =
    <B, T>(name: string) =>
    (id: string, body: B, call?: CallOptions) =>
      send<T>({ method: 'POST', path: below('/v1/accounts', id, name), body }, call);
  const status = (name: string) => (id: string, call?: CallOptions) =>
    command<Record<string, never>, Account>(name)(id, {}, call);
  const read =
    <Q extends object, T>(name: string) =>
    (id: string, query: Q, call?: CallOptions) =>
      send<T>({ method: 'GET', path: below('/v1/accounts', id, name), query }, call);
  return {
    create: (body: NewAccount, call?: CallOptions) =>
      send<Account>({ method: 'POST', path: '/v1/accounts', body }, call),
    get: get<Account>(send, '/v1/accounts'),
    list: list<Account, AccountQuery>(send, '/v1/accounts'),
    change: change<AccountSettings, Account>(send, '/v1/accounts'),
    ...controls(send, '/v1/accounts'),
    /** In force for the next purchase once it has resolved. */
    freeze: status('freeze'),
    unfreeze: status('unfreeze'),
    close: status('close'),
    reopen: status('reopen'),
    credit: command<NewCredit, BookedEntry>('credits'),
    debit: command<NewDebit, BookedEntry>('debits'),
    transfer: command<NewTransfer, BookedEntry>('transfers'),
    /** Takes back a credit, a debit or a transfer, once. */
    reverse: (id: string, entryId: string, body: Reversal = {}, call?: CallOptions) =>
      command<Reversal, BookedEntry>(`entries/${encodeURIComponent(entryId)}/reverse`)(
        id,
        body,
        call,
      ),
    balanceAt: (id: string, at: string, call?: CallOptions) =>
      read<BalanceQuery, Balance>('balance')(id, { at }, call),
    entries: (id: string, query?: PageQuery, call?: CallOptions) =>
      list<AccountEntry, PageQuery>(send, below('/v1/accounts', id, 'entries'))(query, call),
    /** One page of lines; follow `nextCursor` for the others. */
    statement: (id: string, query: Omit<StatementQuery, 'format'>, call?: CallOptions) =>
      read<StatementQuery, Statement>('statement')(id, query, call),
    /** The whole statement as the text of a CSV file. */
    statementCsv: (id: string, period: Pick<StatementQuery, 'from' | 'to'>, call?: CallOptions) =>
      read<StatementQuery, string>('statement')(id, { ...period, format: 'csv' }, call),
  };
}

function cards(send: Transport) {
  const command =
    <B>(name: string) =>
    (id: string, body: B, call?: CallOptions) =>
      send<Card>({ method: 'POST', path: below('/v1/cards', id, name), body }, call);
  const bare = (name: string) => (id: string, call?: CallOptions) =>
    command<Record<string, never>>(name)(id, {}, call);
  const history =
    <T, Q extends PageQuery>(name: string) =>
    (id: string, query?: Q, call?: CallOptions) =>
      list<T, Q>(send, below('/v1/cards', id, name))(query, call);
  return {
    /** Accepted also while Temporal is down; poll `get` for the phase. */
    request: (body: NewCard, call?: CallOptions) =>
      send<Card>({ method: 'POST', path: '/v1/cards', body }, call),
    get: get<Card>(send, '/v1/cards'),
    list: list<Card, CardQuery>(send, '/v1/cards'),
    decideKyc: command<DecideKyc>('decide-kyc'),
    retryKyc: bare('retry-kyc'),
    /**
     * Once what Stripe had asked for is settled, or with what is to be printed in place of what Stripe refused; else it
     * is tried again by itself.
     */
    retryIssuance: (id: string, body: RetryIssuance = {}, call?: CallOptions) =>
      command<RetryIssuance>('retry-issuance')(id, body, call),
    correctShipping: command<NewShipping>('correct-shipping'),
    confirmDelivery: command<ConfirmDelivery>('confirm-delivery'),
    /** In force for the next purchase once it has resolved. */
    freeze: command<Freeze>('freeze'),
    /** In force here once it has resolved; Stripe declines on until its status has followed. */
    unfreeze: (id: string, body: Unfreeze = {}, call?: CallOptions) =>
      command<Unfreeze>('unfreeze')(id, body, call),
    cancel: command<Cancel>('cancel'),
    /** Resolves with the new card; a lost or stolen one is declined from then on. */
    replace: command<Replace>('replace'),
    ...controls(send, '/v1/cards'),
    timeline: history<TimelineEntry, TimelineQuery>('timeline'),
    decisions: history<Decision, PageQuery>('decisions'),
  };
}

const below = (path: string, id: string, name: string): string =>
  `${path}/${encodeURIComponent(id)}/${name}`;

/** Spending controls, the same way for cards, accounts and tenants. */
const controls = (send: Transport, path: string) => ({
  controls: (id: string, call?: CallOptions) =>
    send<Controls>({ method: 'GET', path: below(path, id, 'controls') }, call),
  /**
   * Replaces all of them: `{}` lifts them. In force for the next purchase once it has resolved; what a card is allowed
   * beyond that, Stripe may decline until its copy has followed.
   */
  setControls: (id: string, body: Controls, call?: CallOptions) =>
    send<Controls>({ method: 'PUT', path: below(path, id, 'controls'), body }, call),
});

const change =
  <B, T>(send: Transport, path: string) =>
  (id: string, body: B, call?: CallOptions): Promise<T> =>
    send<T>({ method: 'POST', path: `${path}/${encodeURIComponent(id)}`, body }, call);

const get =
  <T>(send: Transport, path: string) =>
  (id: string, call?: CallOptions): Promise<T> =>
    send<T>({ method: 'GET', path: `${path}/${encodeURIComponent(id)}` }, call);

const list =
  <T, Q extends object>(send: Transport, path: string) =>
  (query?: Q, call?: CallOptions): Promise<Page<T>> =>
    send<Page<T>>({ method: 'GET', path, query }, call);
