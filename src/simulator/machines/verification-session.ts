/**
 * An identity verification session as it is stored, and its state machine. Pure.
 *
 *   requires_input ──submit──► processing ──► verified
 *        │  ▲                      │
 *        │  └──── a check failed ──┘
 *        └──► canceled
 *
 * There is no failed state: a failed check leads back to `requires_input` with `last_error`. A session that waits for
 * too long stays as it is, but nobody gets in any more: first its secret ends, then its address.
 */
import { SECONDS_PER_DAY } from './duration.ts';
import type { VerificationErrorCode } from './verification-error.ts';

interface VerificationError {
  readonly code: VerificationErrorCode;
  readonly reason: string;
}

type SessionStatus = 'canceled' | 'processing' | 'requires_input' | 'verified';

export interface SessionRow {
  readonly id: string;
  readonly client_reference_id: string | null;
  readonly client_secret: string | null;
  readonly created: number;
  readonly last_error: VerificationError | null;
  readonly last_verification_report: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly options: {
    readonly document?: {
      readonly allowed_types?: readonly string[] | undefined;
      readonly require_id_number?: boolean | undefined;
      readonly require_live_capture?: boolean | undefined;
      readonly require_matching_selfie?: boolean | undefined;
    };
  } | null;
  readonly provided_details: { readonly email?: string; readonly phone?: string } | null;
  readonly redaction: { readonly status: 'processing' | 'redacted' | 'validated' } | null;
  readonly related_customer: string | null;
  readonly related_customer_account: string | null;
  readonly related_person?: { readonly account: string; readonly person: string };
  readonly status: SessionStatus;
  readonly type: 'document' | 'id_number' | 'verification_flow';
  readonly url: string | null;
  readonly verification_flow?: string;
}

export type SessionStep =
  | { readonly kind: 'process' }
  | { readonly kind: 'verify'; readonly report: string }
  | {
      readonly kind: 'fail';
      /** Null when no check has run. */
      readonly report: string | null;
      readonly error: VerificationError;
    }
  | { readonly kind: 'cancel' };

const FROM: Readonly<Record<SessionStep['kind'], readonly SessionStatus[]>> = {
  process: ['requires_input'],
  verify: ['requires_input', 'processing'],
  fail: ['requires_input', 'processing'],
  cancel: ['requires_input'],
};

export const canMove = (session: SessionRow, kind: SessionStep['kind']): boolean =>
  FROM[kind].includes(session.status);

/** The session after a step, or undefined when the step is not possible in its state. */
export function moveSession(session: SessionRow, step: SessionStep): SessionRow | undefined {
  if (!canMove(session, step.kind)) return undefined;
  switch (step.kind) {
    case 'process':
      return { ...session, status: 'processing', last_error: null };
    case 'verify':
      return {
        ...session,
        status: 'verified',
        client_secret: null,
        url: null,
        last_error: null,
        last_verification_report: step.report,
      };
    case 'fail':
      return {
        ...session,
        status: 'requires_input',
        last_error: step.error,
        last_verification_report: step.report ?? session.last_verification_report,
      };
    case 'cancel':
      return { ...session, status: 'canceled', client_secret: null, url: null };
  }
}

const SECRET_SECONDS = SECONDS_PER_DAY;
const URL_SECONDS = 2 * SECONDS_PER_DAY;

/** The next moment at which a way into the session ends, in Unix seconds; undefined when there is none. */
export function nextEnd({ created, client_secret: secret, url }: SessionRow): number | undefined {
  if (secret !== null) return created + SECRET_SECONDS;
  return url === null ? undefined : created + URL_SECONDS;
}

/** The session without the ways in that have ended by now. */
export const withoutEnded = (session: SessionRow, now: number): SessionRow => ({
  ...session,
  client_secret: now < session.created + SECRET_SECONDS ? session.client_secret : null,
  url: now < session.created + URL_SECONDS ? session.url : null,
});

/** Nothing that the person gave or the caller noted stays. */
export const redacted = (session: SessionRow): SessionRow => ({
  ...session,
  metadata: {},
  provided_details: null,
  redaction: { status: 'redacted' },
});

/** A session can be redacted once nothing is under way; one that waits for input is cancelled as well. */
export const canRedact = (session: SessionRow): boolean =>
  session.redaction === null && session.status !== 'processing';

export interface ReportRow {
  readonly id: string;
  readonly created: number;
  readonly client_reference_id: string | null;
  /** What the session asked for when the checks ran. */
  readonly checked: Pick<SessionRow, 'options' | 'provided_details' | 'type' | 'verification_flow'>;
  readonly error: VerificationError | null;
  readonly redacted: boolean;
  readonly type: SessionRow['type'];
  readonly verification_session: string;
}
