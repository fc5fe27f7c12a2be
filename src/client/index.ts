/** The package's `./client`: what an onboarding service needs to talk to the ingress. */
export { IssuingApiError } from './issuing-api-error.ts';
export { createIssuingClient, type IssuingClient } from './issuing-client.ts';
export type { Account, AccountQuery, AccountSettings, NewAccount } from './schemas/account.ts';
export type {
  BookedEntry,
  NewCredit,
  NewDebit,
  NewTransfer,
  Reversal,
} from './schemas/account-booking.ts';
export type {
  AccountEntry,
  Balance,
  BalanceQuery,
  Statement,
  StatementLine,
  StatementQuery,
} from './schemas/account-history.ts';
export type { AttentionItem, AttentionQuery, ResolveAttention } from './schemas/attention.ts';
export type { AuditEntry, AuditQuery } from './schemas/audit-log.ts';
export type {
  Authorization,
  AuthorizationQuery,
  AuthorizationSummary,
} from './schemas/authorization.ts';
export type { Card, CardQuery, NewCard, NewShipping } from './schemas/card.ts';
export type {
  Cancel,
  ConfirmDelivery,
  DecideKyc,
  Freeze,
  RetryIssuance,
} from './schemas/card-command.ts';
export type { TimelineEntry, TimelineQuery } from './schemas/card-history.ts';
export type { Cardholder, CardholderQuery, NewCardholder } from './schemas/cardholder.ts';
export type { CompletenessDay, CompletenessQuery } from './schemas/completeness.ts';
export type { Controls } from './schemas/controls.ts';
export type { Decision } from './schemas/decision.ts';
export type { EventFate, EventQuery, EventSummary, ReplayEvent } from './schemas/event.ts';
export type { InboxSummary, TrialBalance, TrialBalanceQuery } from './schemas/figures.ts';
export type { Page, PageQuery } from './schemas/page.ts';
export type { NewTenant, Tenant, TenantSettings } from './schemas/tenant.ts';
export type { BookedTransaction, Transaction, TransactionQuery } from './schemas/transaction.ts';
export type { CallOptions, IssuingClientOptions } from './transport.ts';
