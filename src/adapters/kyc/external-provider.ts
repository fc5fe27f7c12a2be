/** A KYC provider of one's own, asked over HTTP with signed requests (docs/kyc.md). */
import { isErrorCode } from '../../domain/error-code.ts';
import { signatureHeaderOf } from '../../platform/signature.ts';
import type { IndividualProfile } from '../../ports/cardholders.ts';
import type { Holder } from '../../ports/holder-store.ts';
import type { FrozenRequest, IssuerTenant } from '../../ports/issuer.ts';
import { type KycProvider, KycUnavailableError } from '../../ports/kyc-provider.ts';
import { type ExternalCheck, isObject, readCheck, UnreadableCheckError } from './check-body.ts';

/** Long enough for a provider that looks things up first, short enough that two calls fit into one activity. */
const CALL_TIMEOUT_MS = 20_000;
const MS_PER_S = 1_000;
/** A hundred checks with the longest texts and links fit into it. */
const ANSWER_BYTES_MAX = 1_048_576;

export interface ExternalProviderOptions {
  /** Base address of its API. */
  readonly url: string;
  /** Signs our requests. */
  readonly secret: string;
}

export function createExternalProvider(options: ExternalProviderOptions): KycProvider {
  return {
    draft: checkRequest,

    async send(tenant, request, idempotencyKey) {
      const answer = await call(options, {
        method: 'POST',
        path: '/checks',
        body: JSON.stringify(request),
        headers: { 'idempotency-key': idempotencyKey },
      });
      if (answer.kind === 'refused') {
        return { kind: 'refused', code: answer.code, param: null };
      }
      // Our record of the key is wrong: what it made is looked for.
      if (answer.kind === 'conflict') return { kind: 'spoiled' };
      const { cardholderId } = request;
      return {
        kind: 'made',
        made: checkIn(answer.body, { path: 'check', tenant, cardholderId }),
      };
    },

    async find(tenant, { cardholderId, attempt }) {
      const query = new URLSearchParams({
        tenantId: tenant.tenantId,
        cardholderId,
        attempt: String(attempt),
      });
      const answer = await call(options, { method: 'GET', path: `/checks?${query.toString()}` });
      const list = answer.kind === 'ok' && isObject(answer.body) ? answer.body['data'] : undefined;
      if (!Array.isArray(list)) throw unusable('the list of checks', answer);
      return list
        .map((item: unknown, index) =>
          checkIn(item, { path: `data.${index}`, tenant, cardholderId }),
        )
        .find(({ status }) => status !== 'canceled');
    },

    async read(tenant, { cardholderId, reference }) {
      const path = `/checks/${encodeURIComponent(reference)}`;
      const answer = await call(options, { method: 'GET', path });
      if (answer.kind === 'refused' && answer.status === HTTP_NOT_FOUND) return undefined;
      if (answer.kind !== 'ok') throw unusable('the check', answer);
      const check = checkIn(answer.body, { path: 'check', tenant, cardholderId });
      if (check.reference !== reference)
        throw new KycUnavailableError('another check was answered');
      return check;
    },
  };
}

/** What the provider compares the documents with. Holds personal data, like the request that makes the cardholder. */
function checkRequest(holder: Holder, attempt: number): FrozenRequest {
  const { cardholderId, tenant, type, profile } = holder;
  const { name, email, phoneNumber, billing, individual, company } = profile;
  return {
    tenantId: tenant.tenantId,
    cardholderId,
    attempt,
    applicant: {
      type,
      name,
      email,
      phoneNumber,
      address: billing,
      ...(individual === undefined ? {} : { individual: personOf(individual) }),
      company,
    },
  };
}

/** Without what only Stripe asks for. */
const personOf = ({ firstName, lastName, dob }: IndividualProfile) => ({
  firstName,
  lastName,
  dob,
});

interface Call {
  readonly method: 'GET' | 'POST';
  /** With the query. */
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Answer =
  | { readonly kind: 'ok'; readonly body: unknown }
  /** The provider looked at the request and said no. */
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }
  /** The key was used for another request. */
  | { readonly kind: 'conflict' };

const HTTP_BAD_REQUEST = 400;
const HTTP_NOT_FOUND = 404;
const HTTP_CONFLICT = 409;
const HTTP_UNPROCESSABLE = 422;
/** A wrong key, missing rights or too many requests are ours to repair, and 5xx is theirs: all may pass. */
const REFUSALS: readonly number[] = [HTTP_BAD_REQUEST, HTTP_NOT_FOUND, HTTP_UNPROCESSABLE];

/** @throws KycUnavailableError for what may pass by itself. Its text names no value: it ends up in Temporal. */
async function call({ url, secret }: ExternalProviderOptions, request: Call): Promise<Answer> {
  const { method, body = '' } = request;
  const target = new URL(`${url.replace(/\/$/, '')}${request.path}`);
  const content = `${method} ${target.pathname}${target.search}\n${body}`;
  const timestampS = Math.floor(Date.now() / MS_PER_S);
  let response: Response;
  let text: string;
  try {
    response = await fetch(target, {
      method,
      headers: {
        ...request.headers,
        'content-type': 'application/json',
        'kyc-signature': signatureHeaderOf(secret, { content, timestampS }),
      },
      ...(method === 'POST' ? { body } : {}),
      // A signature is for one address.
      redirect: 'error',
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    text = await textOf(response);
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown';
    throw new KycUnavailableError(`${method} ${target.pathname}: no answer (${name})`);
  }
  const json = parse(text);
  if (response.ok) return { kind: 'ok', body: json };
  if (response.status === HTTP_CONFLICT) return { kind: 'conflict' };
  if (REFUSALS.includes(response.status)) {
    return { kind: 'refused', status: response.status, code: codeOf(json) };
  }
  throw new KycUnavailableError(`${method} ${target.pathname}: status ${response.status}`);
}

/** @throws when there is more of it: what a check says is short, and memory is shared by all cards. */
async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > ANSWER_BYTES_MAX) throw new RangeError('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function codeOf(json: unknown): string {
  const error = isObject(json) ? json['error'] : undefined;
  const code = isObject(error) ? error['code'] : undefined;
  return typeof code === 'string' && isErrorCode(code) ? code : 'unknown';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Expected {
  readonly path: string;
  readonly tenant: IssuerTenant;
  readonly cardholderId: unknown;
}

/** A check of somebody else would verify the wrong person, whatever has mixed them up. */
function checkIn(value: unknown, { path, tenant, cardholderId }: Expected): ExternalCheck {
  try {
    const check = readCheck(value, path);
    if (check.tenantId !== tenant.tenantId)
      throw new UnreadableCheckError(`${path}.tenantId`, 'the one that was asked about');
    if (check.cardholderId !== cardholderId)
      throw new UnreadableCheckError(`${path}.cardholderId`, 'the one that was asked about');
    return check;
  } catch (error) {
    if (!(error instanceof UnreadableCheckError)) throw error;
    throw new KycUnavailableError(`the answer is not as documented: ${error.message}`);
  }
}

const unusable = (what: string, answer: Answer): KycUnavailableError =>
  new KycUnavailableError(`${what} was not answered: ${answer.kind}`);
