/** Everything that belongs to one Stripe account: the platform's own or a connected one. */
import type {
  AuthorizationRow,
  ClosedAmountMode,
  Decision,
  DecisionReason,
  PendingRequest,
} from '../machines/authorization.ts';
import type { CardRow } from '../machines/card.ts';
import type { CardholderRow } from '../machines/cardholder.ts';
import type { AnswerPolicies } from '../machines/decision-answer.ts';
import type { DisputeRow } from '../machines/dispute.ts';
import type { FuelPumpHold } from '../machines/fuel-pump.ts';
import type { BalanceTransactionRow, ProgramMode } from '../machines/issuing-balance.ts';
import type { DesignInReviewPolicy, DesignRow } from '../machines/personalization-design.ts';
import type { FileRow, ReportDataMode, ReportRunRow } from '../machines/report-run.ts';
import type { CvcMismatchPolicy, InsecureMethodPolicy } from '../machines/screening.ts';
import type { SettlementEventMode, SettlementRow } from '../machines/settlement.ts';
import { SpendingCounter } from '../machines/spending-counter.ts';
import type { TokenRow } from '../machines/token.ts';
import type { TransactionRow } from '../machines/transaction.ts';
import type { ReportRow, SessionRow } from '../machines/verification-session.ts';
import type { RolledSecret } from '../webhooks/signature.ts';
import { IssuingBalance } from './issuing-balance.ts';
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

export const NETWORK_DECLINES = ['created_declined', 'created_then_reversed'] as const;
export const CAPTURE_EVENTS = ['transaction_first', 'authorization_first'] as const;
export const REPLACED_CLEARINGS = ['original', 'replacement'] as const;
export const CANCELED_CARD_TOKENS = ['kept', 'suspended', 'deleted'] as const;
export const REPLACED_CARD_TOKENS = ['kept', 'moved'] as const;
export const VERIFICATION_EVENTS = ['not_sent', 'sent'] as const;

/** What cannot be read off Stripe's documentation, and what only the Dashboard can set. */
export interface AccountSettings extends AnswerPolicies {
  /** Whether Stripe keeps an Issuing balance that authorizations must be covered by. */
  readonly program: ProgramMode;
  /** Whether Stripe itself declines a wrong CVC, or leaves it to the real-time endpoint. */
  readonly cvcMismatch: CvcMismatchPolicy;
  /** Whether Stripe itself declines magnetic stripes and typed-in numbers. */
  readonly insecureMethods: InsecureMethodPolicy;
  /** How it looks that the network declines what was approved. */
  readonly networkDecline: (typeof NETWORK_DECLINES)[number];
  /** Reason shown when the network declines what was approved. */
  readonly networkDeclineReason: DecisionReason;
  /** Whether cards can be made with a design that is still being reviewed. */
  readonly designInReview: DesignInReviewPolicy;
  /** Up to when reports have data. */
  readonly reportData: ReportDataMode;
  /** Whether `issuing_settlement.created` and `.updated` are sent; they are not among the published types. */
  readonly settlementEvents: SettlementEventMode;
  /** Which event of a capture or linked refund comes first. */
  readonly captureEvents: (typeof CAPTURE_EVENTS)[number];
  /** What a closing capture leaves of the authorization's `amount`. */
  readonly closedAmount: ClosedAmountMode;
  /** Which card a capture names when the authorization has moved to a replacement. */
  readonly replacedClearing: (typeof REPLACED_CLEARINGS)[number];
  /** What becomes of the tokens of a card that is canceled. */
  readonly canceledCardTokens: (typeof CANCELED_CARD_TOKENS)[number];
  /** Whether tokens go over to the replacement of a damaged or expired card when it is activated. */
  readonly replacedCardTokens: (typeof REPLACED_CARD_TOKENS)[number];
  /** Whether account checks (authorizations of 0) have events; Stripe sends them in a private preview only. */
  readonly verificationEvents: (typeof VERIFICATION_EVENTS)[number];
  /** What an approved status check of a fuel pump holds when no endpoint has said how much. */
  readonly fuelPumpHold: FuelPumpHold;
  /** By which share rates may move between a foreign authorization and its capture: 0 to 0.1, seeded. */
  readonly exchangeRateDrift: number;
  /** `code` of the error when a step is not possible in an object's state. */
  readonly illegalStepCode: string | null;
  /** Whether the agreement that wallets ask for is signed. */
  readonly walletAgreement: boolean;
  /** Declines everything with `account_disabled`. */
  readonly disabled: boolean;
}

export const DEFAULT_SETTINGS: AccountSettings = {
  program: 'processor_only',
  timeoutPolicy: 'decline',
  errorPolicy: 'decline',
  stripeVersionCheck: 'must_match',
  unknownAnswerFields: 'refuse',
  uncontrollableAmount: 'refuse',
  fraudChallenges: 'off',
  cvcMismatch: 'ask',
  insecureMethods: 'ask',
  networkDecline: 'created_declined',
  networkDeclineReason: 'not_allowed',
  designInReview: 'refused',
  reportData: 'complete_days',
  settlementEvents: 'off',
  captureEvents: 'transaction_first',
  closedAmount: 'kept',
  replacedClearing: 'original',
  canceledCardTokens: 'kept',
  replacedCardTokens: 'kept',
  verificationEvents: 'not_sent',
  fuelPumpHold: 'default_hold',
  exchangeRateDrift: 0,
  illegalStepCode: null,
  walletAgreement: true,
  disabled: false,
};

/** A real-time request that nobody has answered yet. */
export interface OpenQuestion {
  readonly request: PendingRequest;
  /** Decides in the place of the endpoint; returns the authorization as the API shows it. */
  readonly decide: (decision: Decision) => object;
  /** Ends the call that waits for the decision with an error, and leaves everything as it is. */
  readonly abandon: () => void;
}

export interface RealtimeEndpoint {
  readonly url: string;
  /** The version that requests are rendered in. */
  readonly api_version: string;
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
  readonly disputes = new Table<DisputeRow>();
  readonly tokens = new Table<TokenRow>();
  readonly sessions = new Table<SessionRow>();
  readonly reports = new Table<ReportRow>();
  readonly balanceTransactions = new Table<BalanceTransactionRow>();
  readonly designs = new Table<DesignRow>();
  readonly events = new Table<EventRow>();
  readonly endpoints = new Table<EndpointRow>();
  readonly files = new Table<FileRow>();
  readonly reportRuns = new Table<ReportRunRow>();
  readonly settlements = new Table<SettlementRow>();
  readonly balance = new IssuingBalance();
  readonly spending = new SpendingCounter();
  /** What is being decided at this moment; two requests at once must not use up the same limit. */
  readonly spendingAsked = new SpendingCounter();
  /** Payments that are being decided at this moment, by card. */
  readonly paymentsAsked = new Map<string, number>();
  /** Cards whose next approved authorization the network declines. */
  readonly declineAfterApproval = new Set<string>();
  /** By authorization. A restart ends them all. */
  readonly questions = new Map<string, OpenQuestion>();
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
  'balanceTransactions',
  'cardholders',
  'cards',
  'disputes',
  'designs',
  'endpoints',
  'events',
  'files',
  'reportRuns',
  'reports',
  'sessions',
  'tokens',
  'settlements',
  'transactions',
] as const satisfies readonly (keyof Account)[];
