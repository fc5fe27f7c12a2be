/** Reads the answer to a real-time request, as strictly as Stripe does. Pure. */
import type { Decision, PendingRequest } from './authorization.ts';

/** What came back from the endpoint: an answer, silence within the time limit, or a broken connection. */
export type Reply =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly stripeVersion: string | undefined;
      readonly body: string;
    }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed'; readonly message: string };

export const TIMEOUT_POLICIES = ['approve', 'decline'] as const;
export type TimeoutPolicy = (typeof TIMEOUT_POLICIES)[number];

export interface AnswerRules {
  readonly request: PendingRequest;
  /** Fuel pumps ask for a status check of 1.00 and may be granted more than they asked for. */
  readonly fuelPump: boolean;
  readonly timeoutPolicy: TimeoutPolicy;
  /** What an unusable answer leads to. Stripe documents a failed decision, so the default is to decline. */
  readonly errorPolicy: 'decline' | 'timeout_policy';
}

const API_VERSION_PATTERN = /^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/;

export function readDecision(reply: Reply, rules: AnswerRules): Decision {
  if (reply.kind === 'timeout') {
    return {
      approved: rules.timeoutPolicy === 'approve',
      reason: 'webhook_timeout',
      message: null,
    };
  }
  if (reply.kind === 'failed') return unusable(reply.message, rules);
  if (reply.status !== 200)
    return unusable(`The webhook returned HTTP status ${reply.status}.`, rules);
  if (reply.stripeVersion === undefined)
    return unusable('The response has no Stripe-Version header.', rules);
  if (!API_VERSION_PATTERN.test(reply.stripeVersion)) {
    return unusable(
      `The Stripe-Version header is not an API version: ${reply.stripeVersion}.`,
      rules,
    );
  }
  const body = parseObject(reply.body);
  if (body === undefined) return unusable('The response body is not a JSON object.', rules);
  return readBody(body, rules);
}

function unusable(message: string, rules: AnswerRules): Decision {
  const approved = rules.errorPolicy === 'timeout_policy' && rules.timeoutPolicy === 'approve';
  return { approved, reason: 'webhook_error', message };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return Object.fromEntries(Object.entries(value));
  } catch {
    return undefined;
  }
}

function readBody(body: Readonly<Record<string, unknown>>, rules: AnswerRules): Decision {
  const { approved, amount } = body;
  if (typeof approved !== 'boolean') return unusable('`approved` must be a boolean.', rules);
  const metadata = readMetadata(body['metadata']);
  if (metadata === undefined) return unusable('`metadata` must be a map of strings.', rules);
  const plain: Decision = {
    approved,
    reason: approved ? 'webhook_approved' : 'webhook_declined',
    message: null,
    metadata,
  };
  if (amount === undefined || amount === null || !approved) return plain;
  const problem = amountProblem(amount, rules);
  if (problem !== undefined || typeof amount !== 'number') return unusable(problem ?? '', rules);
  return amount === rules.request.amount ? plain : { ...plain, amount };
}

function amountProblem(amount: unknown, { request, fuelPump }: AnswerRules): string | undefined {
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount))
    return '`amount` must be an integer.';
  if (amount === request.amount) return undefined;
  if (amount <= 0) return '`amount` must be above zero.';
  if (!request.is_amount_controllable)
    return '`amount` must be the requested one: it is not controllable.';
  if (amount > request.amount && !fuelPump) return '`amount` must not exceed the requested one.';
  const cashback = request.amount_details?.cashback_amount ?? 0;
  return amount < cashback ? '`amount` must not be less than the cashback amount.' : undefined;
}

function readMetadata(value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const entries: [string, string][] = [];
  for (const [key, entry] of Object.entries(value)) {
    if (typeof entry !== 'string') return undefined;
    entries.push([key, entry]);
  }
  return Object.fromEntries(entries);
}
