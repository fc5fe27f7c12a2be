/** What the person in front of the camera does, and what the checks find. */
import { invalidRequest } from '../http/failure.ts';
import { choice, text } from '../http/parameter.ts';
import { checkOf, checksOf } from '../machines/verification-check.ts';
import { VERIFICATION_ERRORS } from '../machines/verification-error.ts';
import { concludeSession, driveSession } from '../resources/verification-session.ts';
import { SESSION } from '../world/kinds/identity.ts';
import { type ControlRoute, controlRoute, locateNamed } from './control-route.ts';

const PATH = '/_sim/identity/verification_sessions/{session}';

const DEFAULT_ERRORS = {
  document: 'document_unverified_other',
  id_number: 'id_number_unverified_other',
  verification_flow: 'document_unverified_other',
} as const;

export const identityRoutes: readonly ControlRoute[] = [
  controlRoute({
    method: 'POST',
    path: `${PATH}/process`,
    summary: 'The person has submitted; the checks run.',
    params: {},
    handle(call) {
      const { scope, row } = locateNamed(call, SESSION);
      return driveSession(scope, row, { kind: 'process' });
    },
  }),
  controlRoute({
    method: 'POST',
    path: `${PATH}/verify`,
    summary: 'All checks passed.',
    params: {},
    handle(call) {
      const { scope, row } = locateNamed(call, SESSION);
      return concludeSession(scope, row, null);
    },
  }),
  controlRoute({
    method: 'POST',
    path: `${PATH}/fail`,
    summary: 'A check failed; the session waits for input again.',
    params: { code: choice(VERIFICATION_ERRORS), reason: text() },
    handle(call) {
      const { scope, row } = locateNamed(call, SESSION);
      const checks = checksOf(row);
      const code = call.params.code ?? DEFAULT_ERRORS[row.type];
      const check = checkOf(code);
      if (check !== undefined && !checks.includes(check)) {
        throw invalidRequest(`This session checks ${checks.join(', ')}, but no ${check}.`, {
          param: 'code',
        });
      }
      const reason = call.params.reason ?? 'The check could not be completed.';
      return concludeSession(scope, row, { code, reason });
    },
  }),
];
