/**
 * The catalogue of every error the API answers: a stable code, its HTTP status, whether the same request may
 * succeed later, and a sentence for people. docs/api.md lists the same codes; a test holds both together.
 */
import type { ErrorBody } from '../../client/schemas/error-body.ts';

interface ErrorRow {
  readonly status: number;
  /** The same request, with the same Idempotency-Key, may succeed later. */
  readonly retryable: boolean;
  readonly sentence: string;
}

const row = (status: number, sentence: string, retryable = false): ErrorRow => ({
  status,
  retryable,
  sentence,
});

export const ERRORS = {
  VALIDATION_FAILED: row(
    400,
    'The request does not fit the schema; `details.fields` names each field.',
  ),
  INVALID_JSON: row(400, 'The body is not valid JSON.'),
  BAD_REQUEST: row(400, 'The request is not valid HTTP for this server.'),
  IDEMPOTENCY_KEY_MISSING: row(
    400,
    'Every POST and PUT needs an Idempotency-Key header: a text of your own, at most 255 characters.',
  ),
  TENANT_REQUIRED: row(
    400,
    'Say which tenant is meant with `tenantId`: there is not exactly one tenant that is the platform.',
  ),
  CURSOR_INVALID: row(400, '`after` is not an id of this list.'),
  SIGNATURE_INVALID: row(
    400,
    'The header Stripe-Signature (or KYC-Signature) does not match the body, or is too old. Nothing was stored.',
  ),
  EVENT_INVALID: row(
    400,
    'The signed body is not a snapshot event, or not a KYC callback as documented: then details name the field. ' +
      'Thin (v2) events are not supported. Nothing was stored.',
  ),
  EVENT_UNDER_OTHER_SECRET: row(
    400,
    'The secret that signed this is bound to the events of the other kind: `platform` signs those without `account`, ' +
      '`connect` those with one. Nothing was stored.',
  ),
  LIVEMODE_MISMATCH: row(
    400,
    'The event is of test mode and this installation is live, or the reverse (STRIPE_LIVEMODE). Nothing was stored.',
  ),
  UNAUTHENTICATED: row(401, 'Send a valid API key in the header `Authorization: Bearer <key>`.'),
  SCOPE_MISSING: row(
    403,
    'This API key does not allow the call; details name the scope that it needs.',
  ),
  ROUTE_NOT_FOUND: row(404, 'There is no such route. /openapi.json lists them.'),
  TENANT_NOT_FOUND: row(404, 'There is no such tenant.'),
  ACCOUNT_NOT_FOUND: row(404, 'There is no such account of this tenant.'),
  CARDHOLDER_NOT_FOUND: row(404, 'There is no such cardholder of this tenant.'),
  CARD_NOT_FOUND: row(404, 'There is no such card.'),
  ENTRY_NOT_FOUND: row(404, 'There is no such entry of this account.'),
  DECISION_NOT_FOUND: row(404, 'There is no such decision.'),
  AUTHORIZATION_NOT_FOUND: row(404, 'There is no such authorization.'),
  TRANSACTION_NOT_FOUND: row(404, 'There is no such transaction.'),
  EVENT_NOT_FOUND: row(404, 'No event of this id is stored.'),
  ATTENTION_NOT_FOUND: row(404, 'There is no such attention item.'),
  IDEMPOTENCY_KEY_REUSED: row(
    409,
    'This Idempotency-Key was used for another request. Use a new key for a new request.',
  ),
  TENANT_EXISTS: row(409, 'This Stripe account has a tenant already; details name it.'),
  CUSTOMER_EXISTS: row(409, 'This customer has a cardholder already; details name it.'),
  ACCOUNT_NOT_OPEN: row(409, 'The account is frozen or closed; details name it.'),
  ACCOUNT_NOT_EMPTY: row(409, 'An account is closed at 0 only, available and held.'),
  ACCOUNT_EMPTY: row(409, 'A closed account is reopened only for money that is left on it.'),
  INSUFFICIENT_FUNDS: row(
    409,
    'The amount is more than what is available together with the credit limit.',
  ),
  BALANCE_OUT_OF_RANGE: row(409, 'The balance would be larger than 2^53 - 1 minor units.'),
  SAME_ACCOUNT: row(409, 'A transfer needs two accounts.'),
  TENANT_MISMATCH: row(409, 'Money moves between accounts of one tenant only.'),
  CURRENCY_MISMATCH: row(409, 'Money moves between accounts of one currency only.'),
  EXTERNAL_REF_REUSED: row(
    409,
    'This externalRef was booked with other content; details name the entry.',
  ),
  NOT_REVERSIBLE: row(
    409,
    'Only credits, debits and transfers are reversed, on the account that was asked for them.',
  ),
  ALREADY_CORRECTED: row(409, 'This entry was reversed already; details name the correction.'),
  NAME_FIXED: row(
    409,
    'Stripe has the name of this cardholder and never changes it; register another cardholder.',
  ),
  WRONG_PHASE: row(409, 'The phase of the card does not allow this command; details name it.'),
  NOT_WAITING: row(409, 'The card does not wait for this at the moment.'),
  ATTEMPTS_USED_UP: row(409, 'No attempts are left.'),
  KYC_DECIDED: row(
    409,
    'KYC of this cardholder was decided the other way already; details name the verdict.',
  ),
  KYC_NOTHING_TO_DECIDE: row(
    409,
    'No check of this cardholder is under way, and no card waits for KYC.',
  ),
  KYC_PROVIDER_NOT_CONFIGURED: row(
    409,
    'This KYC provider is not configured here; details name those that are.',
  ),
  ALREADY_CANCELED: row(409, 'The cancellation of this card was requested already.'),
  ALREADY_REPLACED: row(
    409,
    'This card has a replacement, or its replacement was asked for already; details name it.',
  ),
  LAST4_MISMATCH: row(409, 'These are not the last four digits of the current card.'),
  CHANGES_RESTARTED: row(
    410,
    'The database was restored since this cursor was given. Read the lists anew, and go on with `after=latest`.',
  ),
  EVENT_ERASED: row(409, 'The body of this event was erased: it cannot be applied once more.'),
  ATTENTION_CLOSED: row(409, 'This item is closed already; details tell by whom and how.'),
  ATTENTION_FOLLOWS_STATE: row(
    409,
    'This item closes with the state that it tells of; details say what to do.',
  ),
  REQUEST_TOO_SLOW: row(
    408,
    'The request did not arrive whole within 10 s (its headers within 5 s), and the connection was closed.',
    true,
  ),
  BODY_TOO_LARGE: row(413, 'The body is larger than 1 MB.'),
  UNSUPPORTED_MEDIA_TYPE: row(415, 'Send JSON, with the header `Content-Type: application/json`.'),
  HEADERS_TOO_LARGE: row(431, 'The headers are larger than 16 kB.'),
  INTERNAL: row(500, 'Something went wrong on our side.', true),
  WORKFLOWS_UNAVAILABLE: row(
    503,
    "The card's workflow cannot be reached. Repeat the request with the same Idempotency-Key.",
    true,
  ),
  BODIES_WAIT: row(
    503,
    'More unfinished bodies are under way than are kept in memory; large ones that began first give way.',
    true,
  ),
  DATABASE_UNAVAILABLE: row(503, 'The database cannot be reached. Repeat the request.', true),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;
type Details = Readonly<Record<string, unknown>>;

/** Ends a request with an error of the catalogue. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly details: Details | undefined;

  constructor(code: ErrorCode, details?: Details) {
    super(ERRORS[code].sentence);
    this.code = code;
    this.details = details;
  }
}

/** An error answer that was stored with an Idempotency-Key, given again. */
export class RepeatedError extends Error {
  override readonly name = 'RepeatedError';
  readonly status: number;
  readonly body: unknown;
  constructor(status: number, body: unknown) {
    super('repeated answer');
    this.status = status;
    this.body = body;
  }
}

export const errorBody = (code: ErrorCode, details?: Details): ErrorBody => ({
  error: {
    code,
    message: ERRORS[code].sentence,
    ...(details === undefined ? {} : { details }),
  },
});

/** A body or a query can be wrong in thousands of places; the first few say enough. */
export const FIELDS_SHOWN_MAX = 20;

/** Fields that the schema cannot judge alone; answered in the shape of the schema's own problems. */
export const invalidFields = (
  problems: readonly { readonly path: string; readonly message: string }[],
  part: 'body' | 'query' = 'body',
): ApiError =>
  new ApiError('VALIDATION_FAILED', {
    fields: problems
      .slice(0, FIELDS_SHOWN_MAX)
      .map(({ path, message }) => ({ in: part, path, message })),
  });

export const invalidField = (path: string, message: string, part?: 'body' | 'query'): ApiError =>
  invalidFields([{ path, message }], part);

/** A signed body that is no event of ours; names the field that its sender has to look at. */
export const invalidEvent = (field: {
  readonly path: string;
  readonly message: string;
}): ApiError => new ApiError('EVENT_INVALID', { fields: [{ in: 'body', ...field }] });

/** Unwraps what was looked up. */
export function found<T>(value: T | undefined, code: ErrorCode, details?: Details): T {
  if (value === undefined) throw new ApiError(code, details);
  return value;
}
