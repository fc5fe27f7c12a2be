/** The `/v1` side: key, account, route, parameters, idempotency, and only then the operation itself. */
import { API_VERSION } from '../options.ts';
import type { Account } from '../world/account.ts';
import type { Scope } from '../world/kind.ts';
import { jsonOf, jsonOnce } from '../world/memo.ts';
import type { World } from '../world/world.ts';
import { isApiVersion, isOlder, readApiVersion, renderFor } from './api-version.ts';
import {
  type Failure,
  invalidKey,
  invalidRequest,
  missingKey,
  problemOf,
  toFailure,
  unknownAccount,
  unknownRoute,
} from './failure.ts';
import {
  type CallFaultRule,
  errorAfter,
  type FaultName,
  refusalBefore,
  retryHint,
} from './fault.ts';
import { type FormMap, parseForm } from './form.ts';
import { type Claim, checkKeyLength, type IdempotencyStore } from './idempotency.ts';
import { RawAnswer } from './raw-answer.ts';
import type { Match, RouteTable } from './route-table.ts';

export interface IncomingCall {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  /** Lower-case names; the first value of each. */
  readonly header: (name: string) => string | undefined;
}

export interface OutgoingAnswer {
  readonly status: number;
  readonly body: string;
  /** What the body shows, if that is never changed in place. */
  readonly shown?: object;
  readonly headers: Readonly<Record<string, string>>;
  /** The connection is cut instead of an answer, or in the middle of it. */
  readonly cut?: 'half' | 'whole' | undefined;
  /** Where a bug happened; for the log, not for the caller. */
  readonly problem?: string | undefined;
}

export interface Api {
  readonly world: World;
  readonly routes: RouteTable;
  readonly idempotency: IdempotencyStore;
}

/** A call on its way through the API. */
interface Passage {
  readonly call: IncomingCall;
  readonly requestId: string;
  readonly fault: CallFaultRule | undefined;
}

/** Answers one call. Never throws. */
export async function answerCall(
  api: Api,
  call: IncomingCall,
  requestId: string,
): Promise<OutgoingAnswer> {
  const common = commonHeaders(call, requestId);
  try {
    const { method, path } = call;
    const account = accountName(call) ?? api.world.platform.id;
    const { faults } = api.world;
    const { rules } = faults;
    const fault = await faults.strike({ method, path, account });
    if (faults.rules !== rules) api.world.onChange();
    if (fault?.fault === 'drop') return { status: 0, body: '', headers: {}, cut: 'whole' };
    const refusal = fault === undefined ? undefined : refusalBefore(fault);
    if (refusal !== undefined) throw refusal;
    const answer = await routeAndDeliver(api, { call, requestId, fault });
    const headers = { ...common, ...answer.headers, ...retryHint(fault) };
    return { ...answer, headers, cut: CUTS.get(fault?.fault ?? 'latency') };
  } catch (error) {
    const { status, headers } = toFailure(error);
    const body = errorBody(error, requestId);
    return { status, body, headers: { ...common, ...headers }, problem: problemOf(error) };
  }
}

/** A call that ends in an error may have had an effect too, so its events come before that answer as well. */
async function routeAndDeliver(api: Api, passage: Passage): Promise<OutgoingAnswer> {
  try {
    return await route(api, passage);
  } finally {
    await api.world.deliverer.beforeAnswer(passage.requestId);
  }
}

/** How faults that strike after the effect treat the connection. */
const CUTS: ReadonlyMap<FaultName, 'half' | 'whole'> = new Map([
  ['drop_after', 'whole'],
  ['half_answer', 'half'],
]);

const errorBody = (error: unknown, requestId: string): string =>
  JSON.stringify({
    error: {
      ...toFailure(error).body,
      request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}`,
    },
  });

/** What every answer of `/v1` has. */
export function commonHeaders(call: IncomingCall, requestId: string): Record<string, string> {
  const version = call.header('stripe-version');
  const headers: Record<string, string> = {
    'request-id': requestId,
    'stripe-version': version !== undefined && isApiVersion(version) ? version : API_VERSION,
  };
  for (const name of ['idempotency-key', 'stripe-account']) {
    const value = call.header(name);
    // A value that HTTP does not allow would make the answer fail, not the request.
    if (value !== undefined && /^[\x20-\x7e]*$/.test(value)) headers[name] = value;
  }
  return headers;
}

async function route(api: Api, passage: Passage): Promise<OutgoingAnswer> {
  const { call, requestId, fault } = passage;
  const key = readKey(call.header('authorization'));
  const account = findAccount(api.world, key, accountName(call));
  const version = readApiVersion(call.header('stripe-version') || API_VERSION);
  const match = api.routes.find(call.method, call.path);
  api.world.rateLimiter.take(account.id, operationName(match), match?.operation.rate);
  if (match === undefined) throw unknownRoute(call.method, call.path);
  const { since } = match.operation;
  if (since !== undefined && isOlder(version, since)) throw tooOld(version, since);
  const form = readForm(call);
  const run = match.operation.prepare(form);
  const idempotencyKey = call.method === 'POST' ? call.header('idempotency-key') : undefined;
  const scope: Scope = {
    world: api.world,
    account,
    cause: { id: requestId, idempotency_key: idempotencyKey ?? null },
  };
  const execute = async (): Promise<OutgoingAnswer> => {
    const answer = await run(scope, match.id);
    // The effect stays; the key, if there is one, keeps the error.
    if (fault?.fault === 'error_after') throw errorAfter(fault);
    return toAnswer(answer, { version, isWrite: call.method === 'POST' });
  };
  if (idempotencyKey === undefined || idempotencyKey === '') return execute();
  checkKeyLength(idempotencyKey);
  const claim: Claim = {
    key: `${account.id} ${idempotencyKey}`,
    wish: { target: `${call.method} ${call.path}`, form: formText(call) },
    created: api.world.clock.now(),
    requestId,
  };
  return once(api, { claim, headers: { 'stripe-version': version, ...retryHint(fault) } }, execute);
}

const operationName = (match: Match | undefined): string | undefined =>
  match === undefined ? undefined : `${match.operation.method} ${match.operation.path}`;

const tooOld = (version: string, since: string): Failure =>
  invalidRequest(
    `This method is not available in API version ${version}; it needs ${since} or later.`,
  );

function toAnswer(
  answer: object,
  { version, isWrite }: { readonly version: string; readonly isWrite: boolean },
): OutgoingAnswer {
  if (answer instanceof RawAnswer) {
    return { status: 200, body: answer.body, headers: { 'content-type': answer.contentType } };
  }
  const shown = renderFor(version, answer);
  // What was just written is rarely read before it is written again.
  const body = isWrite ? jsonOnce(shown) : jsonOfAnswer(shown);
  return { status: 200, body, shown, headers: {} };
}

/** A list is put together from the texts of its objects, most of which are known. */
function jsonOfAnswer(answer: object): string {
  if (!('data' in answer) || !Array.isArray(answer.data)) return jsonOf(answer);
  const { data, ...rest } = answer;
  const texts = (data as readonly object[]).map(jsonOf);
  return `${JSON.stringify(rest).slice(0, -1)},"data":[${texts.join(',')}]}`;
}

/** `headers` are those of the answer that are about what it says. */
async function once(
  api: Api,
  { claim, headers }: { claim: Claim; headers: Readonly<Record<string, string>> },
  execute: () => Promise<OutgoingAnswer>,
): Promise<OutgoingAnswer> {
  const stored = api.idempotency.claim(claim);
  if (stored !== undefined) {
    const replayed = { 'idempotent-replayed': 'true', 'original-request': stored.requestId };
    const body = typeof stored.body === 'string' ? stored.body : jsonOnce(stored.body);
    return { status: stored.status, body, headers: { ...stored.headers, ...replayed } };
  }
  const { generation } = api.idempotency;
  const keep = (status: number, body: object | string): void => {
    api.idempotency.finish({ ...claim, status, body, headers }, generation);
    api.world.onChange();
  };
  try {
    const answer = await execute();
    keep(answer.status, answer.shown ?? answer.body);
    return answer;
  } catch (error) {
    const { status } = toFailure(error);
    // A conflict or a lock is about the moment, not about the request.
    if (status === 409 || status === 429) api.idempotency.release(claim.key, generation);
    else keep(status, errorBody(error, claim.requestId));
    throw error;
  }
}

/** The account that a call is about. A context names it by the last part of its path. */
const accountName = (call: IncomingCall): string | undefined =>
  call.header('stripe-account') || call.header('stripe-context')?.split('/').at(-1) || undefined;

const KEY_READERS: ReadonlyMap<string, (credentials: string) => string | undefined> = new Map([
  ['bearer', (credentials) => credentials],
  ['basic', (text) => Buffer.from(text, 'base64').toString('utf8').split(':', 1)[0]],
]);

/** Bearer, or Basic with the key as the user. Any key that begins like a secret one is accepted. */
function readKey(authorization: string | undefined): string {
  const [scheme = '', credentials = ''] = (authorization ?? '').split(' ', 2);
  const key = KEY_READERS.get(scheme.toLowerCase())?.(credentials);
  if (key === undefined || key === '') throw missingKey();
  if (!/^[sr]k_/.test(key)) throw invalidKey(key);
  return key;
}

function findAccount(world: World, key: string, name: string | undefined): Account {
  if (name === undefined) return world.platform;
  const account = world.accounts.get(name);
  if (account === undefined) throw unknownAccount(key, name);
  return account;
}

function readForm(call: IncomingCall): FormMap {
  if (call.method !== 'POST') return parseForm(call.query);
  const type = call.header('content-type') ?? '';
  if (call.body !== '' && !type.startsWith('application/x-www-form-urlencoded')) {
    throw invalidRequest(
      `Invalid request: the content type must be application/x-www-form-urlencoded, not '${type}'.`,
    );
  }
  return parseForm(formText(call));
}

/** A POST may have parameters in its address, too; the body comes last, so that it wins. */
const formText = ({ body, query }: IncomingCall): string =>
  [query, body].filter((part) => part !== '').join('&');
