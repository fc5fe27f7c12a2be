/** The official Stripe client, set up alike in every process that may call Stripe. */
import { Stripe } from 'stripe';
import { isErrorCode } from '../../domain/error-code.ts';
import type { ChangeAnswer } from '../../ports/card-issuer.ts';
import {
  CallRefusedError,
  type IssuerAnswer,
  type IssuerTenant,
  IssuerUnavailableError,
  TooManyCallsError,
} from '../../ports/issuer.ts';

/** Long enough for Stripe's slow create calls, short enough that four of them fit into one activity. */
const CALL_TIMEOUT_MS = 20_000;
/** Temporal repeats, with its own record of each try; a second retry loop below it would only hide them. */
const NETWORK_RETRIES = 0;

/** `apiBase` is Stripe's own address or the simulator's. */
export function createStripe(options: { secretKey: string; apiBase: string }): Stripe {
  const base = new URL(options.apiBase);
  const protocol = base.protocol === 'http:' ? 'http' : 'https';
  return new Stripe(options.secretKey, {
    host: base.hostname,
    port: base.port === '' ? (protocol === 'http' ? 80 : 443) : Number(base.port),
    protocol,
    timeout: CALL_TIMEOUT_MS,
    maxNetworkRetries: NETWORK_RETRIES,
    telemetry: false,
  });
}

/** Options that send a call to the tenant's account. */
export const accountOf = (tenant: IssuerTenant): { stripeAccount?: string } =>
  tenant.stripeAccount === null ? {} : { stripeAccount: tenant.stripeAccount };

/** Status under which Stripe stores its own failure and repeats it for the same key. */
const INTERNAL_ERROR = 500;
const CONFLICT = 409;
const TOO_MANY_REQUESTS = 429;
/** What says the same however often it is asked. */
const REFUSALS: ReadonlySet<number | undefined> = new Set([400, 401, 403, 404]);

/**
 * What an error of the client means for a call that makes something.
 * @throws IssuerUnavailableError for what may pass by itself; other errors are bugs and pass through.
 */
export function answerToError(error: unknown): IssuerAnswer<never> {
  if (!(error instanceof Stripe.errors.StripeError)) throw error;
  // The key was used with another body: our record of it is wrong, so it is given up like a spoiled one.
  if (error instanceof Stripe.errors.StripeIdempotencyError) return { kind: 'spoiled' };
  if (error.statusCode === INTERNAL_ERROR) return { kind: 'spoiled' };
  if (isRefusal(error)) return refusalFrom(error);
  throw unavailable(error);
}

/** Runs a call that makes something under an idempotency key. */
export async function creating<T>(call: () => Promise<T>): Promise<IssuerAnswer<T>> {
  try {
    return { kind: 'made', made: await call() };
  } catch (error) {
    return answerToError(error);
  }
}

/** Runs a read; undefined when Stripe knows no such object. */
export async function reading<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    if (error.code === 'resource_missing') return undefined;
    throw unavailable(error);
  }
}

/** Runs a change of an existing object. */
export async function changing<T>(call: () => Promise<T>): Promise<ChangeAnswer<T>> {
  try {
    return { kind: 'changed', object: await call() };
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    if (isRefusal(error)) return refusalFrom(error);
    throw unavailable(error);
  }
}

/**
 * Runs a change that may be repeated, under a key by which a repeat meets its first answer. Where Stripe stored its
 * own failure under that key, the change is sent once more under a key of its own.
 */
export async function changingOnce<T>(
  idempotencyKey: string,
  call: (options: { readonly idempotencyKey?: string }) => Promise<T>,
): Promise<ChangeAnswer<T>> {
  const answer = await creating(() => call({ idempotencyKey }));
  if (answer.kind === 'made') return { kind: 'changed', object: answer.made };
  return answer.kind === 'refused' ? answer : changing(() => call({}));
}

/** Stripe looked at the request and said no. Wrong keys and missing rights are ours to repair, not the request's fault. */
function isRefusal(error: InstanceType<typeof Stripe.errors.StripeError>): boolean {
  if (error.statusCode === CONFLICT) return false;
  return (
    error instanceof Stripe.errors.StripeInvalidRequestError ||
    error instanceof Stripe.errors.StripeCardError
  );
}

/** Names only: Stripe's message may repeat the value, which may be personal. */
const refusalFrom = (error: InstanceType<typeof Stripe.errors.StripeError>) =>
  ({ kind: 'refused', code: codeOf(error), param: error.param ?? null }) as const;

/** It goes into facts; what has not the shape of a code may be anything. */
function codeOf({ code, rawType, type }: InstanceType<typeof Stripe.errors.StripeError>): string {
  return code !== undefined && isErrorCode(code) ? code : (rawType ?? type);
}

/** Stripe's own message may repeat a name or an address, and errors end up in Temporal: only codes go on. */
export function unavailable(
  error: InstanceType<typeof Stripe.errors.StripeError>,
): IssuerUnavailableError {
  const status = error.statusCode === undefined ? 'no answer' : `status ${error.statusCode}`;
  const words = `${error.type}, ${status}, code ${codeOf(error)}, request ${error.requestId ?? 'unknown'}`;
  if (error.statusCode === TOO_MANY_REQUESTS) return new TooManyCallsError(words);
  if (REFUSALS.has(error.statusCode)) return new CallRefusedError(words);
  return new IssuerUnavailableError(words);
}
