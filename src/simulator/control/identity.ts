/** What the person in front of the camera does, and what the checks find. */
import { text } from '../http/parameter.ts';
import { addReport, driveSession } from '../resources/verification-session.ts';
import { SESSION } from '../world/kinds/identity.ts';
import { type ControlRoute, controlRoute, locateNamed } from './control-route.ts';

const PATH = '/_sim/identity/verification_sessions/{session}';

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
      return driveSession(scope, row, { kind: 'verify', report: addReport(scope, row, null) });
    },
  }),
  controlRoute({
    method: 'POST',
    path: `${PATH}/fail`,
    summary: 'A check failed; the session waits for input again.',
    params: { code: text(), reason: text() },
    handle(call) {
      const error = {
        code: call.params.code ?? 'document_unverified_other',
        reason: call.params.reason ?? 'The document could not be verified.',
      };
      const { scope, row } = locateNamed(call, SESSION);
      return driveSession(scope, row, {
        kind: 'fail',
        report: addReport(scope, row, error),
        ...error,
      });
    },
  }),
];
