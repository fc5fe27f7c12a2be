/**
 * Reads the answer to a real-time request. Where Stripe does not say how strict it is, the default is strict: what
 * passes here passes there, too. Pure.
 */
import type { Decision, PendingRequest } from './authorization.ts';
import {
  METADATA_KEY_LENGTH_MAX,
  METADATA_KEYS_MAX,
  METADATA_VALUE_LENGTH_MAX,
} from './metadata-limits.ts';

/** What came back from the endpoint: an answer, silence within the time limit, or a broken connection. */
export type Reply =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly stripeVersion: string | undefined;
      readonly contentType: string | undefined;
      readonly body: string;
    }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed'; readonly message: string };

export const TIMEOUT_POLICIES = ['approve', 'decline'] as const;
export type TimeoutPolicy = (typeof TIMEOUT_POLICIES)[number];

/** Whether the answer's `Stripe-Version` must be the request's own, or merely a version. */
export const VERSION_CHECKS = ['must_match', 'well_formed'] as const;
export const ERROR_POLICIES = ['decline', 'timeout_policy'] as const;
/** What becomes of a part of the answer that means nothing to Stripe. */
export const SURPLUS_POLICIES = ['refuse', 'ignore'] as const;

/** What Stripe's documentation leaves open about answers; accounts choose. */
export interface AnswerPolicies {
  readonly timeoutPolicy: TimeoutPolicy;
  /** What an unusable answer leads to. Stripe documents a failed decision, so the default is to decline. */
  readonly errorPolicy: (typeof ERROR_POLICIES)[number];
  readonly stripeVersionCheck: (typeof VERSION_CHECKS)[number];
  /** Members of the body that Stripe does not document. */
  readonly unknownAnswerFields: (typeof SURPLUS_POLICIES)[number];
  /** An `amount` where the amount is not controllable. */
  readonly uncontrollableAmount: (typeof SURPLUS_POLICIES)[number];
  readonly fraudChallenges: 'off' | 'on';
}

export interface AnswerRules {
  readonly request: PendingRequest;
  /** The most that can be granted: what is asked for, but at fuel pumps more. */
  readonly grantMax: number;
  /** The version that the request was rendered in. */
  readonly apiVersion: string;
  readonly policies: AnswerPolicies;
}

const API_VERSION_PATTERN = /^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/;

/** The decision in a reply, or what the lack of a usable one leads to. */
export function readDecision(reply: Reply, rules: AnswerRules): Decision {
  if (reply.kind === 'timeout') {
    const approved = rules.policies.timeoutPolicy === 'approve';
    return { approved, reason: 'webhook_timeout', message: null };
  }
  if (reply.kind === 'failed') return unusable(reply.message, rules);
  const problem = headProblem(reply, rules);
  if (problem !== undefined) return unusable(problem, rules);
  const body = parseObject(reply.body);
  if (body === undefined) return unusable('The response body is not a JSON object.', rules);
  return readBody(body, rules);
}

function unusable(message: string, { policies }: AnswerRules): Decision {
  const { errorPolicy, timeoutPolicy } = policies;
  const approved = errorPolicy === 'timeout_policy' && timeoutPolicy === 'approve';
  return { approved, reason: 'webhook_error', message };
}

type Answered = Extract<Reply, { kind: 'answered' }>;

/** What is wrong with status or headers, or undefined. Redirects are not followed. */
function headProblem(
  { status, stripeVersion, contentType }: Answered,
  { apiVersion, policies }: AnswerRules,
): string | undefined {
  if (status !== 200) return `The webhook returned HTTP status ${status}.`;
  if (stripeVersion === undefined) return 'The response has no Stripe-Version header.';
  if (!API_VERSION_PATTERN.test(stripeVersion))
    return `The Stripe-Version header is not an API version: ${stripeVersion}.`;
  if (policies.stripeVersionCheck === 'must_match' && stripeVersion !== apiVersion)
    return `The Stripe-Version header is ${stripeVersion}, but the request was sent in ${apiVersion}.`;
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return type === undefined || type === 'application/json'
    ? undefined
    : `The Content-Type must be application/json, not ${type}.`;
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
  const problem =
    unknownField(body, rules.policies) ??
    metadataProblem(body['metadata']) ??
    challengeProblem(body['send_fraud_challenges'], approved, rules.policies);
  if (problem !== undefined) return unusable(problem, rules);
  const plain: Decision = {
    approved,
    reason: approved ? 'webhook_approved' : 'webhook_declined',
    message: null,
    metadata: readMetadata(body['metadata']),
    challenge:
      isFilledList(body['send_fraud_challenges']) && rules.policies.fraudChallenges === 'on',
  };
  if (amount === undefined || amount === null) return plain;
  if (!isAmount(amount)) return unusable('`amount` must be an integer above zero.', rules);
  const { request, policies } = rules;
  const ignored = !request.is_amount_controllable && policies.uncontrollableAmount === 'ignore';
  if (!approved || ignored) return plain;
  const excess = amountProblem(amount, rules);
  if (excess !== undefined) return unusable(excess, rules);
  return amount === request.amount ? plain : { ...plain, amount };
}

const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0;

/** Why this amount cannot be approved in the place of the requested one, or undefined. */
export function amountProblem(
  amount: number,
  { request, grantMax }: Pick<AnswerRules, 'grantMax' | 'request'>,
): string | undefined {
  if (!request.is_amount_controllable)
    return '`amount` cannot be given: the amount is not controllable.';
  if (amount > grantMax && grantMax === request.amount)
    return '`amount` must not exceed the requested one.';
  if (amount > grantMax) return `\`amount\` must not exceed ${grantMax} at a fuel pump.`;
  const cashback = request.amount_details?.cashback_amount ?? 0;
  return amount < cashback ? '`amount` must not be less than the cashback amount.' : undefined;
}

function unknownField(
  body: Readonly<Record<string, unknown>>,
  { unknownAnswerFields, fraudChallenges }: AnswerPolicies,
): string | undefined {
  if (unknownAnswerFields === 'ignore') return undefined;
  const known = ['approved', 'amount', 'metadata'];
  if (fraudChallenges === 'on') known.push('send_fraud_challenges');
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  return unknown === undefined ? undefined : `Unknown field in the response: ${unknown}.`;
}

const isFilledList = (value: unknown): boolean => Array.isArray(value) && value.length > 0;

function challengeProblem(
  value: unknown,
  approved: boolean,
  { fraudChallenges }: AnswerPolicies,
): string | undefined {
  if (value === undefined || value === null || fraudChallenges === 'off') return undefined;
  if (!Array.isArray(value) || value.some((channel) => channel !== 'sms'))
    return '`send_fraud_challenges` must be a list of channels; the only one is sms.';
  return approved && value.length > 0
    ? '`send_fraud_challenges` is only possible with `approved: false`.'
    : undefined;
}

function metadataProblem(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value))
    return '`metadata` must be a map of strings.';
  const entries = Object.entries(value);
  if (entries.length > METADATA_KEYS_MAX)
    return `\`metadata\` can have up to ${METADATA_KEYS_MAX} keys.`;
  for (const [key, entry] of entries) {
    if (typeof entry !== 'string') return '`metadata` must be a map of strings.';
    if (key === '' || key.length > METADATA_KEY_LENGTH_MAX)
      return `Keys of \`metadata\` must have 1 to ${METADATA_KEY_LENGTH_MAX} characters.`;
    if (entry.length > METADATA_VALUE_LENGTH_MAX)
      return `Values of \`metadata\` can have up to ${METADATA_VALUE_LENGTH_MAX} characters.`;
  }
  return undefined;
}

/** An empty value would remove its key, and there is nothing to remove from. */
const readMetadata = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(value ?? {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '',
    ),
  );
