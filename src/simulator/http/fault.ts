/**
 * Faults asked for by the control route: calls of `/v1` that fail, wait, or lose their connection. Rules are tried in
 * their order; waiting adds up, and the first other fault that strikes is the one the call meets.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from './failure.ts';

export const FAULTS = [
  '409',
  '429',
  '500',
  '502',
  '503',
  'drop',
  'drop_after',
  'error_after',
  'half_answer',
  'latency',
  'lock_timeout',
] as const;
export type FaultName = (typeof FAULTS)[number];

/** Values of `Stripe-Rate-Limited-Reason`. */
export const RATE_LIMIT_REASONS = [
  'endpoint-concurrency',
  'endpoint-rate',
  'global-concurrency',
  'global-rate',
  'resource-specific',
] as const;
export type RateLimitReason = (typeof RATE_LIMIT_REASONS)[number];

/** Which calls, how often, and what happens to them. Null stands for any method, path or account. */
export interface CallFaultRule {
  readonly method: string | null;
  /** `*` stands for any text. */
  readonly path: string | null;
  readonly account: string | null;
  /** Share of the matching calls that are struck, from 0 to 1. */
  readonly share: number;
  /** Calls still to be struck; null for all. */
  readonly left: number | null;
  readonly fault: FaultName;
  /** Why a call is refused with 429. */
  readonly reason: RateLimitReason;
  /** The value of `Stripe-Should-Retry`, if any. */
  readonly should_retry: boolean | null;
  readonly latency_ms: number;
  readonly jitter_ms: number;
}

interface FaultyCall {
  readonly method: string;
  readonly path: string;
  readonly account: string;
}

export class CallFaults {
  #rules: readonly CallFaultRule[] = [];
  readonly #random: () => number;

  /** `random` gives seeded numbers from 0 (inclusive) to 1 (exclusive). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** With what is left of each; those that are used up are gone. */
  get rules(): readonly CallFaultRule[] {
    return this.#rules;
  }

  replace(rules: readonly CallFaultRule[]): void {
    this.#rules = rules;
  }

  /** The fault that this call meets, after having waited for all latency that strikes it. */
  async strike(call: FaultyCall): Promise<CallFaultRule | undefined> {
    if (this.#rules.length === 0) return undefined;
    const { struck, waitMs } = this.#take(call);
    // A wait must not keep a process alive whose server has been closed.
    if (waitMs > 0) await wait(waitMs, undefined, { ref: false });
    return struck;
  }

  #take(call: FaultyCall): { struck: CallFaultRule | undefined; waitMs: number } {
    let waitMs = 0;
    let struck: CallFaultRule | undefined;
    const left: CallFaultRule[] = [];
    for (const rule of this.#rules) {
      const hits = struck === undefined && matches(rule, call) && this.#falls(rule.share);
      if (!hits || rule.left === null) left.push(rule);
      else if (rule.left > 1) left.push({ ...rule, left: rule.left - 1 });
      if (!hits) continue;
      if (rule.fault === 'latency') waitMs += rule.latency_ms + this.#random() * rule.jitter_ms;
      else struck = rule;
    }
    this.#rules = left;
    return { struck, waitMs };
  }

  /** No number is drawn where there is no choice, so that such rules leave the others' luck alone. */
  #falls(share: number): boolean {
    return share >= 1 || (share > 0 && this.#random() < share);
  }
}

const matches = (rule: CallFaultRule, call: FaultyCall): boolean =>
  (rule.method === null || rule.method === call.method) &&
  (rule.account === null || rule.account === call.account) &&
  (rule.path === null || matchesPattern(rule.path, call.path));

/** Without a regular expression: a pattern of many asterisks must not cost more than its length. */
function matchesPattern(pattern: string, path: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return path === first;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return path.length - last.length >= at && path.endsWith(last);
}

const MESSAGES = {
  '409': 'The request conflicts with another one.',
  '429': 'Request rate limit exceeded.',
  '500': 'An error occurred.',
  '502': 'An error occurred while connecting to the API.',
  '503': 'The API is not available at the moment.',
  error_after: 'An error occurred.',
  lock_timeout:
    'This object cannot be accessed right now because another API request or process is currently accessing it.',
} as const;

/** What a struck call is refused with before it has any effect, if it is. */
export function refusalBefore(rule: CallFaultRule): Failure | undefined {
  switch (rule.fault) {
    case '429':
      return rateLimited(rule.reason, retryHint(rule));
    case 'lock_timeout':
      return asked(rule, 429, { type: 'invalid_request_error', code: 'lock_timeout' });
    case '409':
      return asked(rule, 409, { type: 'invalid_request_error' });
    case '500':
    case '502':
    case '503':
      return asked(rule, Number(rule.fault), { type: 'api_error' });
    default:
      return undefined;
  }
}

/** The error that hides what a struck call has done. */
export const errorAfter = (rule: CallFaultRule): Failure => asked(rule, 500, { type: 'api_error' });

export const rateLimited = (
  reason: RateLimitReason,
  headers: Readonly<Record<string, string>> = {},
): Failure =>
  new Failure(
    429,
    { type: 'invalid_request_error', code: 'rate_limit', message: MESSAGES['429'] },
    { 'stripe-rate-limited-reason': reason, ...headers },
  );

function asked(
  rule: CallFaultRule,
  status: number,
  body: { readonly type: 'api_error' | 'invalid_request_error'; readonly code?: string },
): Failure {
  const message = rule.fault in MESSAGES ? MESSAGES[rule.fault as keyof typeof MESSAGES] : '';
  return new Failure(
    status,
    { ...body, message: `${message} (A fault asked for.)` },
    retryHint(rule),
  );
}

/** The header that tells the official clients whether to repeat a call. */
export const retryHint = (rule: CallFaultRule | undefined): Readonly<Record<string, string>> =>
  rule === undefined || rule.should_retry === null
    ? {}
    : { 'stripe-should-retry': String(rule.should_retry) };
