/** The check of an external provider as it writes it, in answers and callbacks alike (docs/kyc.md). */
import { isErrorCode } from '../../domain/error-code.ts';
import {
  type CardholderId,
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
  readonly cardholderId: CardholderId;
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
/**
 * A provider's clock may be ahead of ours by so much. A time beyond it is in another unit, and would outrank everything
 * that the provider says for thousands of years.
 */
const CLOCK_AHEAD_MAX_S = 24 * 3_600;
const MS_PER_S = 1_000;
/** There a provider under development runs; nothing leaves the machine. */
const LOOPBACK: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

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
  const latestS = Math.floor(Date.now() / MS_PER_S) + CLOCK_AHEAD_MAX_S;
  if (!Number.isSafeInteger(updated) || Number(updated) <= 0 || Number(updated) > latestS) {
    throw new UnreadableCheckError(at('updated'), 'a time in seconds');
  }
  return {
    reference: parsed<KycReference>(parseKycReference, value['id'], at('id')),
    tenantId: parsed<TenantId>(parseTenantId, value['tenantId'], at('tenantId')),
    cardholderId: parsed<CardholderId>(
      parseCardholderId,
      value['cardholderId'],
      at('cardholderId'),
    ),
    status,
    url: readUrl(value['url'], at('url')),
    // A provider may reach the customer without a page of its own; one that has given up says so in the status.
    isOpen: true,
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

/** It is shown to customers as a link, so it must be an address of the web that nobody reads along. */
function readUrl(value: unknown, path: string): string | null {
  if (value === undefined || value === null) return null;
  const isWeb =
    typeof value === 'string' &&
    value.length <= URL_LENGTH_MAX &&
    URL.canParse(value) &&
    isSafe(new URL(value));
  if (!isWeb) throw new UnreadableCheckError(path, 'an https address');
  return value;
}

const isSafe = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && LOOPBACK.includes(hostname));

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
