/**
 * Refusals in Stripe's error shape. A handler throws one; the server turns it into the HTTP answer. Messages name
 * the parameter and the value, as Stripe's do, because callers read them in their logs.
 */
export interface FailureBody {
  readonly type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
  readonly message: string;
  readonly code?: string;
  readonly param?: string;
  readonly doc_url?: string;
  readonly request_log_url?: string;
}

/** As long as Stripe's own can be; a refusal must not repeat a megabyte of what it refuses. */
const MESSAGE_LENGTH_MAX = 2_000;
const PARAM_LENGTH_MAX = 500;

export class Failure extends Error {
  override readonly name = 'Failure';
  readonly status: number;
  readonly body: FailureBody;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, body: FailureBody, headers: Readonly<Record<string, string>> = {}) {
    super(body.message);
    this.status = status;
    this.headers = headers;
    this.body = {
      ...body,
      message: body.message.slice(0, MESSAGE_LENGTH_MAX),
      ...(body.param === undefined ? {} : { param: body.param.slice(0, PARAM_LENGTH_MAX) }),
      ...(body.code === undefined
        ? {}
        : { doc_url: `https://stripe.com/docs/error-codes/${body.code.replaceAll('_', '-')}` }),
    };
  }
}

interface Detail {
  readonly code?: string;
  readonly param?: string;
}

/** A request that can never succeed as it is (400). The message names the parameter, whoever wrote it. */
export const invalidRequest = (message: string, detail: Detail = {}): Failure =>
  new Failure(400, {
    type: 'invalid_request_error',
    message: withName(message, detail.param?.slice(0, PARAM_LENGTH_MAX)),
    ...detail,
  });

const withName = (message: string, param: string | undefined): string =>
  param === undefined || message.slice(0, MESSAGE_LENGTH_MAX).includes(param)
    ? message
    : `${message.slice(0, MESSAGE_LENGTH_MAX - PARAM_LENGTH_MAX - 3)} (${param})`;

export const missingParameter = (param: string): Failure =>
  invalidRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });

export const unknownParameter = (param: string): Failure =>
  invalidRequest(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param });

export const emptyParameter = (param: string): Failure =>
  invalidRequest(
    `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset. You should remove '${param}' from your request or supply a non-empty value.`,
    { code: 'parameter_invalid_empty', param },
  );

/** The object named in the path does not exist (404). */
export const unknownObject = (label: string, id: string): Failure =>
  new Failure(404, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${label}: '${id}'`,
    param: 'id',
  });

/** An object named in a parameter does not exist (400). */
export const unknownReference = (label: string, id: string, param: string): Failure =>
  invalidRequest(`No such ${label}: '${id}'`, { code: 'resource_missing', param });

export const unknownRoute = (method: string, path: string): Failure =>
  new Failure(404, {
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${method}: ${path}). If you are trying to list objects, remove the trailing slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in your code.`,
  });

export const missingKey = (): Failure =>
  new Failure(401, {
    type: 'invalid_request_error',
    message:
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
  });

/** Only the ends of a key are repeated, as at Stripe, so that a real key never lands in a log. */
export const invalidKey = (key: string): Failure =>
  new Failure(401, {
    type: 'invalid_request_error',
    message: `Invalid API Key provided: ${maskKey(key)}`,
  });

export const unknownAccount = (key: string, account: string): Failure =>
  new Failure(403, {
    type: 'invalid_request_error',
    code: 'account_invalid',
    message: `The provided key '${maskKey(key)}' does not have access to account '${account}' (or that account does not exist). Application access may have been revoked.`,
  });

const maskKey = (key: string): string =>
  key.length <= 12 ? '****' : `${key.slice(0, 8)}****${key.slice(-4)}`;

/** A bug of the simulator must be visible as such, and must not end it. Its stack is for the log (`problemOf`). */
export const toFailure = (error: unknown): Failure =>
  error instanceof Failure
    ? error
    : new Failure(500, {
        type: 'api_error',
        message: `The simulator failed: ${error instanceof Error ? error.message : String(error)}`,
      });

/** Where a bug happened, or undefined for a refusal. */
export const problemOf = (error: unknown): string | undefined => {
  if (error instanceof Failure) return undefined;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};
