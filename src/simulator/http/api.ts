/** The `/v1` side: key, account, route, parameters, idempotency, and only then the operation itself. */
import { API_VERSION } from '../options.ts';
import type { Account } from '../world/account.ts';
import type { Scope } from '../world/kind.ts';
import type { World } from '../world/world.ts';
import {
  Failure,
  invalidKey,
  invalidRequest,
  missingKey,
  toFailure,
  unknownAccount,
  unknownRoute,
} from './failure.ts';
import { type FormMap, parseForm } from './form.ts';
import type { IdempotencyStore } from './idempotency.ts';
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
  readonly headers: Readonly<Record<string, string>>;
  /** The connection is cut instead of an answer. */
  readonly drop?: boolean;
}

export interface Api {
  readonly world: World;
  readonly routes: RouteTable;
  readonly idempotency: IdempotencyStore;
}

/** Answers one call. Never throws. */
export async function answerCall(
  api: Api,
  call: IncomingCall,
  requestId: string,
): Promise<OutgoingAnswer> {
  const common = commonHeaders(call, requestId);
  const mode = takeOutage(api.world);
  if (mode === 'drop') return { status: 0, body: '', headers: {}, drop: true };
  try {
    if (mode === '500' || mode === '429') throw outageFailure(mode);
    const answer = await route(api, call, requestId);
    await api.world.deliverer.beforeAnswer(requestId);
    return { ...answer, headers: { ...common, ...answer.headers }, drop: mode === 'drop_after' };
  } catch (error) {
    const failure = toFailure(error);
    const body = JSON.stringify({ error: failure.body });
    return { status: failure.status, body, headers: { ...common, ...failure.headers } };
  }
}

function takeOutage(world: World): World['outage']['mode'] {
  const { mode, left } = world.outage;
  if (mode === 'none' || left === null) return mode;
  world.outage = left <= 1 ? { mode: 'none', left: null } : { mode, left: left - 1 };
  return mode;
}

const outageFailure = (mode: '429' | '500'): Failure =>
  mode === '500'
    ? new Failure(500, {
        type: 'api_error',
        message: 'An error occurred. (Asked for by the outage control.)',
      })
    : new Failure(
        429,
        {
          type: 'invalid_request_error',
          code: 'rate_limit',
          message: 'Request rate limit exceeded. (Asked for by the outage control.)',
        },
        { 'stripe-rate-limited-reason': 'global-rate' },
      );

function commonHeaders(call: IncomingCall, requestId: string): Record<string, string> {
  const headers: Record<string, string> = {
    'request-id': requestId,
    'stripe-version': call.header('stripe-version') ?? API_VERSION,
  };
  for (const name of ['idempotency-key', 'stripe-account']) {
    const value = call.header(name);
    // A value that HTTP does not allow would make the answer fail, not the request.
    if (value !== undefined && /^[\x20-\x7e]*$/.test(value)) headers[name] = value;
  }
  return headers;
}

async function route(api: Api, call: IncomingCall, requestId: string): Promise<OutgoingAnswer> {
  const key = readKey(call.header('authorization'));
  const account = findAccount(api.world, key, call.header('stripe-account'));
  const match = api.routes.find(call.method, call.path);
  if (match === undefined) throw unknownRoute(call.method, call.path);
  const run = match.operation.prepare(readForm(call));
  const idempotencyKey = call.method === 'POST' ? call.header('idempotency-key') : undefined;
  const scope: Scope = {
    world: api.world,
    account,
    cause: { id: requestId, idempotency_key: idempotencyKey ?? null },
  };
  const execute = async (): Promise<OutgoingAnswer> => toAnswer(await run(scope, match.id));
  if (idempotencyKey === undefined || idempotencyKey === '') return execute();
  return once(api, { call, account, match, key: idempotencyKey, requestId }, execute);
}

const toAnswer = (answer: object): OutgoingAnswer =>
  answer instanceof RawAnswer
    ? { status: 200, body: answer.body, headers: { 'content-type': answer.contentType } }
    : { status: 200, body: JSON.stringify(answer), headers: {} };

interface Claim {
  readonly call: IncomingCall;
  readonly account: Account;
  readonly match: Match;
  readonly key: string;
  readonly requestId: string;
}

async function once(
  api: Api,
  claim: Claim,
  execute: () => Promise<OutgoingAnswer>,
): Promise<OutgoingAnswer> {
  const { call, account, requestId } = claim;
  const key = `${account.id} ${claim.key}`;
  const fingerprint = `${call.method} ${call.path} ${call.body} ${call.query}`;
  const now = api.world.clock.now();
  const stored = api.idempotency.claim(key, fingerprint, now);
  if (stored !== undefined) {
    const headers = { 'idempotent-replayed': 'true', 'original-request': stored.requestId };
    return { status: stored.status, body: stored.body, headers };
  }
  try {
    const answer = await execute();
    api.idempotency.finish({ key, fingerprint, created: now, requestId, ...answer });
    return answer;
  } catch (error) {
    const failure = toFailure(error);
    const body = JSON.stringify({ error: failure.body });
    api.idempotency.finish({
      key,
      fingerprint,
      created: now,
      requestId,
      status: failure.status,
      body,
    });
    throw failure;
  }
}

/** Bearer, or Basic with the key as the user. Any key that begins like a secret one is accepted. */
function readKey(authorization: string | undefined): string {
  const [scheme, credentials] = (authorization ?? '').split(' ', 2);
  const key =
    scheme?.toLowerCase() === 'basic'
      ? Buffer.from(credentials ?? '', 'base64')
          .toString('utf8')
          .split(':', 1)[0]
      : credentials;
  if (key === undefined || key === '') throw missingKey();
  if (!/^[sr]k_/.test(key)) throw invalidKey(key);
  return key;
}

function findAccount(world: World, key: string, name: string | undefined): Account {
  if (name === undefined || name === '') return world.platform;
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
  return parseForm(call.body === '' ? call.query : call.body);
}
