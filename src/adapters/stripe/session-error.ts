/** Why a check of Stripe Identity failed, alike in events and in answers. */
import type { CheckError } from '../../domain/kyc.ts';

/** The shape of Stripe's codes; nothing else of a session may go into facts. */
const CODE = /^[a-z0-9_]{1,64}$/;

/** Null when the session shows no failure. Checks that ran have a report of their own, which tells them apart. */
export function sessionError(last: {
  readonly code: string | null;
  readonly reason: string | null;
  readonly report: string | null;
}): CheckError | null {
  const { code, reason, report } = last;
  if (code === null) return null;
  return {
    code: CODE.test(code) ? code : 'unknown',
    reason,
    failureId: `${report ?? 'no_report'}/${code}`,
  };
}
