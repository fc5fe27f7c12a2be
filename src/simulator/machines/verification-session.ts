/**
 * An identity verification session as it is stored, and its state machine. Pure.
 *
 *   requires_input ──submit──► processing ──► verified
 *        │  ▲                      │
 *        │  └──── a check failed ──┘
 *        └──► canceled
 *
 * There is no failed state: a failed check leads back to `requires_input` with `last_error`.
 */
type SessionStatus = 'canceled' | 'processing' | 'requires_input' | 'verified';

export interface SessionRow {
  readonly id: string;
  readonly client_reference_id: string | null;
  readonly client_secret: string | null;
  readonly created: number;
  readonly last_error: { readonly code: string; readonly reason: string } | null;
  readonly last_verification_report: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>> | null;
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
      readonly report: string;
      readonly code: string;
      readonly reason: string;
    }
  | { readonly kind: 'cancel' };

const FROM: Readonly<Record<SessionStep['kind'], readonly SessionStatus[]>> = {
  process: ['requires_input'],
  verify: ['requires_input', 'processing'],
  fail: ['requires_input', 'processing'],
  cancel: ['requires_input'],
};

/** The session after a step, or undefined when the step is not possible in its state. */
export function moveSession(session: SessionRow, step: SessionStep): SessionRow | undefined {
  if (!FROM[step.kind].includes(session.status)) return undefined;
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
        last_error: { code: step.code, reason: step.reason },
        last_verification_report: step.report,
      };
    case 'cancel':
      return { ...session, status: 'canceled', client_secret: null, url: null };
  }
}

/** A session can be redacted once nothing is under way; one that waits for input is cancelled as well. */
export const canRedact = (session: SessionRow): boolean =>
  session.redaction === null && session.status !== 'processing';

export interface ReportRow {
  readonly id: string;
  readonly created: number;
  readonly client_reference_id: string | null;
  readonly error: { readonly code: string; readonly reason: string } | null;
  readonly type: SessionRow['type'];
  readonly verification_session: string;
}
