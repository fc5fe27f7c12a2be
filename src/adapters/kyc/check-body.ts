/** The check of an external provider as it writes it, in answers and callbacks alike (docs/kyc.md). */
import { isErrorCode } from '../../domain/error-code.ts';
import {
  type KycReference,
  parseCardholderId,
  parseKycReference,
  parseTenantId,
  type TenantId,
} from '../../domain/ids.ts';
import type { CheckError, CheckStatus } from '../../domain/kyc.ts';
import type { PolledCheck } from '../../ports/kyc-provider.ts';

type Json = Readonly<Record<string, unknown>>;

/** Names what is wrong, and never repeats a value: it may be personal. */
export class UnreadableCheckError extends Error {
  override readonly name = 'UnreadableCheckError';
  readonly path: string;
  readonly wanted: string;
  constructor(path: string, wanted: string) {
    super(`${path} is not ${wanted}`);
    this.path = path;
    this.wanted = wanted;
  }
}

export interface ExternalCheck extends PolledCheck {
  readonly tenantId: TenantId;
}

const STATUSES: readonly CheckStatus[] = [
  'requires_input',
  'processing',
  'verified',
  'failed',
  'rejected',
  'canceled',
];
/** For the customer to read. */
const REASON_LENGTH_MAX = 500;
const URL_LENGTH_MAX = 2_000;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws UnreadableCheckError when a field is missing or not as documented; `path` is where the check lies. */
export function readCheck(value: unknown, path: string): ExternalCheck {
  if (!isObject(value)) throw new UnreadableCheckError(path, 'an object');
  const at = (name: string): string => `${path}.${name}`;
  const status = STATUSES.find((known) => known === value['status']);
  if (status === undefined) {
    throw new UnreadableCheckError(at('status'), `one of ${STATUSES.join(', ')}`);
  }
  const updated = value['updated'];
  if (!Number.isSafeInteger(updated) || Number(updated) <= 0) {
    throw new UnreadableCheckError(at('updated'), 'a time in seconds');
  }
  parsed(parseCardholderId, value['cardholderId'], at('cardholderId'));
  return {
    reference: parsed<KycReference>(parseKycReference, value['id'], at('id')),
    tenantId: parsed<TenantId>(parseTenantId, value['tenantId'], at('tenantId')),
    status,
    url: readUrl(value['url'], at('url')),
    error: readError(value['error'], at('error'), Number(updated)),
    atS: Number(updated),
  };
}

function parsed<T>(parse: (text: string) => T, value: unknown, path: string): T {
  try {
    return parse(String(value));
  } catch {
    throw new UnreadableCheckError(path, 'an id');
  }
}

/** It is shown to customers as a link, so it must be an address of the web. */
function readUrl(value: unknown, path: string): string | null {
  if (value === undefined || value === null) return null;
  const isWeb =
    typeof value === 'string' &&
    value.length <= URL_LENGTH_MAX &&
    URL.canParse(value) &&
    ['https:', 'http:'].includes(new URL(value).protocol);
  if (!isWeb) throw new UnreadableCheckError(path, 'an https address');
  return value;
}

/** The time of the change tells one failure of a check from the next. */
function readError(value: unknown, path: string, updatedS: number): CheckError | null {
  if (value === undefined || value === null) return null;
  if (!isObject(value)) throw new UnreadableCheckError(path, 'an object');
  const { code, reason = null } = value;
  if (typeof code !== 'string' || !isErrorCode(code)) {
    throw new UnreadableCheckError(`${path}.code`, 'a code of lower-case letters, digits and _');
  }
  if (reason !== null && (typeof reason !== 'string' || reason.length > REASON_LENGTH_MAX)) {
    throw new UnreadableCheckError(`${path}.reason`, `a text of at most ${REASON_LENGTH_MAX}`);
  }
  return { code, reason, failureId: String(updatedS) };
}
