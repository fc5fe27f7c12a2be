/**
 * One call of the API: adds the key, repeats what failed in passing with the same Idempotency-Key, and turns
 * refusals into errors. Uses nothing but `fetch`, so that it runs wherever the onboarding service does.
 */
import { IssuingApiError } from './issuing-api-error.ts';
import type { ErrorBody } from './schemas/error-body.ts';

export interface IssuingClientOptions {
  /** Where the ingress listens, e.g. `https://issuing.internal`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** By default the global one. */
  readonly fetch?: typeof fetch;
  /** Tries in all, the first included; 3 by default. */
  readonly attempts?: number;
  /** How long one try may take, in milliseconds; 10,000 by default. */
  readonly timeoutMs?: number;
}

export interface CallOptions {
  /**
   * By default every call has a new one. Give your own, derived from what the call is for, when a call may be
   * repeated by another process or after a restart.
   */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Path below the base, ids already encoded. */
  readonly path: string;
  readonly query?: object | undefined;
  readonly body?: unknown;
  /** How long the server may take beyond what is usual, in milliseconds: the wait that was asked for. */
  readonly waitMs?: number;
}

export type Transport = <T>(call: ApiCall, options?: CallOptions) => Promise<T>;

const ATTEMPTS = 3;
/** The slowest command is answered within 3 s; the rest is for the network. */
const TIMEOUT_MS = 10_000;
/** Pause before the second try; it doubles with each further one. */
const PAUSE_MS = 200;
/** A longer hint of the server is cut: the caller decides whether to come back that late. */
const PAUSE_MAX_MS = 5_000;
const MS_PER_SECOND = 1_000;
/** Answers that say nothing about the request itself: a gateway without its server, an outage, too many calls. */
const PASSING_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export function createTransport(options: IssuingClientOptions): Transport {
  const attempts = options.attempts ?? ATTEMPTS;
  return async <T>(call: ApiCall, callOptions: CallOptions = {}): Promise<T> => {
    const key = callOptions.idempotencyKey ?? globalThis.crypto.randomUUID();
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await send(options, call, { ...callOptions, idempotencyKey: key });
      if (outcome.kind === 'answer') return outcome.body as T;
      const isAborted = callOptions.signal?.aborted === true;
      if (!outcome.isPassing || attempt >= attempts || isAborted) throw outcome.error;
      await pause(outcome.retryAfterMs ?? PAUSE_MS * 2 ** (attempt - 1), callOptions.signal);
    }
  };
}

type Outcome =
  | { readonly kind: 'answer'; readonly body: unknown }
  | {
      readonly kind: 'failure';
      readonly error: IssuingApiError;
      readonly isPassing: boolean;
      readonly retryAfterMs: number | undefined;
    };

async function send(
  options: IssuingClientOptions,
  call: ApiCall,
  { idempotencyKey, signal }: CallOptions,
): Promise<Outcome> {
  const doFetch = options.fetch ?? globalThis.fetch;
  const timeout = AbortSignal.timeout((options.timeoutMs ?? TIMEOUT_MS) + (call.waitMs ?? 0));
  const headers: Record<string, string> = { authorization: `Bearer ${options.apiKey}` };
  if (call.method !== 'GET') {
    headers['content-type'] = 'application/json';
    if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
  }
  try {
    const response = await doFetch(urlOf(options.baseUrl, call), {
      method: call.method,
      headers,
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      ...(call.method !== 'GET' ? { body: JSON.stringify(call.body ?? {}) } : {}),
    });
    // Read here, because a connection can also break in the middle of an answer.
    const text = await response.text();
    if (response.ok) return { kind: 'answer', body: bodyOf(response, text) };
    return refusal(response, text);
  } catch (error) {
    return {
      kind: 'failure',
      error: new IssuingApiError({
        status: 0,
        code: 'NETWORK_ERROR',
        message: `no answer from ${options.baseUrl}`,
        cause: error,
      }),
      isPassing: true,
      retryAfterMs: undefined,
    };
  }
}

/** A file, such as a statement as CSV, stays the text that it is. */
const bodyOf = (response: Response, text: string): unknown =>
  response.headers.get('content-type')?.startsWith('text/csv') === true ? text : JSON.parse(text);

function urlOf(baseUrl: string, { path, query = {} }: ApiCall): string {
  const url = new URL(`${baseUrl.replace(/\/+$/, '')}${path}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.href;
}

function refusal(response: Response, text: string): Outcome {
  const { code, message, details } = errorOf(text, response.status);
  const requestId = response.headers.get('x-request-id') ?? undefined;
  const retryAfterS = Number(response.headers.get('retry-after') ?? Number.NaN);
  return {
    kind: 'failure',
    error: new IssuingApiError({ status: response.status, code, message, details, requestId }),
    isPassing: PASSING_STATUS.has(response.status),
    retryAfterMs: Number.isFinite(retryAfterS) ? retryAfterS * MS_PER_SECOND : undefined,
  };
}

/** The error of an answer; a gateway in between may answer something else altogether. */
function errorOf(text: string, status: number): ErrorBody['error'] {
  try {
    const body = JSON.parse(text) as Partial<ErrorBody> | null;
    if (typeof body?.error?.code === 'string') return body.error;
  } catch {
    // Not JSON: not from the API itself.
  }
  return { code: 'UNEXPECTED_ANSWER', message: `HTTP ${status}` };
}

/** Waits, or ends early when the caller gives up. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(ms, PAUSE_MAX_MS));
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
