/** What a simulator can be told at its start. Everything else is set through its control routes. */
import type { RateLimitMode } from './http/rate-limit.ts';
import type { CapturedAmountMode } from './machines/authorization.ts';
import type { RetrySchedule } from './webhooks/retry-schedule.ts';
import type { ClockMode } from './world/clock.ts';

/** The version of the API that the official client `stripe` 23.1 pins, and that events are rendered in. */
export const API_VERSION = '2026-10-28.endive';

/** When an endpoint is disabled that answered nothing with 2xx during all attempts of an event. */
export const DISABLING_POLICIES = ['live', 'always', 'never'] as const;

export interface SimulatorOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Seeds ids and every other random choice. */
  readonly seed: number;
  /** Whether simulator time runs by itself or only by the control route that advances it. */
  readonly clock: ClockMode;
  /** A file that keeps the state over restarts; without it the state ends with the process. */
  readonly stateFile: string | undefined;
  /** Whether `amount` of a partly captured, still pending authorization shows what is left. Unknown of Stripe. */
  readonly capturedAmount: CapturedAmountMode;
  /** How long an uncaptured authorization stays valid. Stripe publishes no figure; networks commonly use 7 days. */
  readonly validityDays: number;
  /** The same for hotels, airlines and car rental, which networks give about 30 days. */
  readonly validityDaysTravel: number;
  /**
   * When a webhook delivery that failed is repeated, in simulator time: `sandbox` 3 times over three hours, `live` 12
   * times over three days, `fast` after 0.2, 1, 5, 30 s and then once a minute for three days; or the waits in
   * seconds. Stripe publishes no exact table.
   */
  readonly retrySchedule: RetrySchedule;
  /**
   * Whether an endpoint is disabled after it has failed for the whole schedule of an event: only with the schedule
   * `live`, always, or never. When Stripe disables endpoints of sandboxes is unknown.
   */
  readonly disableEndpoints: (typeof DISABLING_POLICIES)[number];
  /** How long a webhook endpoint has to answer, in real time. Unpublished; Stripe's forwarder waits for 30 s. */
  readonly deliveryTimeoutMs: number;
  /** How long one leap of the clock waits for webhook endpoints that do not answer, in real time and in sum. */
  readonly leapWaitMs: number;
  /**
   * Authorizations that are not pending are dropped with their transactions when they are all older than this, in
   * simulator time, so that a long run needs no more memory; undefined keeps everything.
   */
  readonly retentionDays: number | undefined;
  /** Stripe's rate limits: of a sandbox, of live mode, or none, because local tests call as fast as they can. */
  readonly rateLimits: RateLimitMode;
  /** Told when the state file could not be saved, until a save succeeds again; the last save is not among them. */
  readonly onSaveFailure: ((error: Error) => void) | undefined;
  /** Told of each API call, e.g. to log it. */
  readonly onCall: ((call: CallRecord) => void) | undefined;
}

export interface CallRecord {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Empty for other calls than those of `/v1`. */
  readonly requestId: string;
  readonly durationMs: number;
  /** The stack of an error that should not have happened; callers see its message only. */
  readonly problem?: string | undefined;
}

export const DEFAULT_OPTIONS: SimulatorOptions = {
  host: '127.0.0.1',
  port: 0,
  seed: 1,
  clock: 'real',
  stateFile: undefined,
  capturedAmount: 'shrinks',
  validityDays: 7,
  validityDaysTravel: 30,
  retrySchedule: 'sandbox',
  disableEndpoints: 'live',
  deliveryTimeoutMs: 30_000,
  leapWaitMs: 3_000,
  retentionDays: undefined,
  rateLimits: 'off',
  onSaveFailure: undefined,
  onCall: undefined,
};
