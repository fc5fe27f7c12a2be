/** Everything that belongs to one Stripe account: the platform's own or a connected one. */
import type { AuthorizationRow, DecisionReason } from '../machines/authorization.ts';
import type { CardRow } from '../machines/card.ts';
import type { CardholderRow } from '../machines/cardholder.ts';
import type { TimeoutPolicy } from '../machines/decision-answer.ts';
import type { CvcMismatchPolicy } from '../machines/screening.ts';
import { SpendingCounter } from '../machines/spending-counter.ts';
import type { TransactionRow } from '../machines/transaction.ts';
import type { ReportRow, SessionRow } from '../machines/verification-session.ts';
import type { RolledSecret } from '../webhooks/signature.ts';
import { Table } from './table.ts';

export interface EventRow {
  readonly id: string;
  readonly created: number;
  readonly type: string;
  readonly object: object;
  readonly previous: object | undefined;
  readonly cause: Cause;
  /** How many endpoints it was sent to when it happened. */
  readonly webhooks: number;
}

/** The API call that led to an event; both are null when nobody called the API. */
export interface Cause {
  readonly id: string | null;
  readonly idempotency_key: string | null;
}

export const NO_CAUSE: Cause = { id: null, idempotency_key: null };

export interface EndpointRow {
  readonly id: string;
  readonly created: number;
  readonly api_version: string | null;
  /** Whether it gets the events of connected accounts, instead of the account's own. */
  readonly connect: boolean;
  readonly description: string | null;
  readonly enabled_events: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly secret: string;
  /** Earlier secrets that still sign beside the new one. */
  readonly rolled: readonly RolledSecret[];
  readonly status: 'disabled' | 'enabled';
  readonly url: string;
}

export const ERROR_POLICIES = ['decline', 'timeout_policy'] as const;

/** What cannot be read off Stripe's documentation, and what only the Dashboard can set. */
export interface AccountSettings {
  /** What happens when the real-time endpoint does not answer in time. */
  readonly timeoutPolicy: TimeoutPolicy;
  /** What an unusable answer leads to. */
  readonly errorPolicy: (typeof ERROR_POLICIES)[number];
  /** Whether Stripe itself declines a wrong CVC, or leaves it to the real-time endpoint. */
  readonly cvcMismatch: CvcMismatchPolicy;
  /** Reason shown when the network declines what was approved. */
  readonly networkDeclineReason: DecisionReason;
  /** Declines everything with `account_disabled`. */
  readonly disabled: boolean;
}

export const DEFAULT_SETTINGS: AccountSettings = {
  timeoutPolicy: 'decline',
  errorPolicy: 'decline',
  cvcMismatch: 'ask',
  networkDeclineReason: 'not_allowed',
  disabled: false,
};

export interface RealtimeEndpoint {
  readonly url: string;
  readonly secret: string;
  /** Earlier secrets that still sign beside the new one. */
  readonly rolled: readonly RolledSecret[];
}

export class Account {
  readonly id: string;
  readonly isPlatform: boolean;
  readonly cardholders = new Table<CardholderRow>();
  readonly cards = new Table<CardRow>();
  readonly authorizations = new Table<AuthorizationRow>();
  readonly transactions = new Table<TransactionRow>();
  readonly sessions = new Table<SessionRow>();
  readonly reports = new Table<ReportRow>();
  readonly events = new Table<EventRow>();
  readonly endpoints = new Table<EndpointRow>();
  readonly spending = new SpendingCounter();
  /** Cards whose next approved authorization the network declines. */
  readonly declineAfterApproval = new Set<string>();
  settings: AccountSettings = DEFAULT_SETTINGS;
  realtime: RealtimeEndpoint | undefined;

  constructor(id: string, isPlatform: boolean) {
    this.id = id;
    this.isPlatform = isPlatform;
  }
}

/** The tables of an account; a state file keeps each of them. */
export const TABLE_NAMES = [
  'authorizations',
  'cardholders',
  'cards',
  'endpoints',
  'events',
  'reports',
  'sessions',
  'transactions',
] as const satisfies readonly (keyof Account)[];
