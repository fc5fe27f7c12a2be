/** Why a check of Stripe Identity failed, alike in events and in answers. */
import { isErrorCode } from '../../domain/error-code.ts';
import type { CheckError } from '../../domain/kyc.ts';

/** Null when the session shows no failure. Checks that ran have a report of their own, which tells them apart. */
export function sessionError(last: {
  readonly code: string | null;
  readonly reason: string | null;
  readonly report: string | null;
}): CheckError | null {
  const { code, reason, report } = last;
  if (code === null) return null;
  return {
    code: isErrorCode(code) ? code : 'unknown',
    reason,
    failureId: `${report ?? 'no_report'}/${code}`,
  };
}
