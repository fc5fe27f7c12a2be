/** What the person in front of the camera does, and what the checks find. */
import { addReport, driveSession } from '../resources/verification-session.ts';
import { SESSION } from '../world/kind.ts';
import { type ControlRoute, locate } from './control-route.ts';

const PATH = '/_sim/identity/verification_sessions/{session}';

export const identityRoutes: readonly ControlRoute[] = [
  {
    method: 'POST',
    path: `${PATH}/process`,
    summary: 'The person has submitted; the checks run.',
    handle({ world, path, body }) {
      body.only();
      const { scope, row } = locate(world, SESSION, path[0] ?? '');
      return driveSession(scope, row, { kind: 'process' });
    },
  },
  {
    method: 'POST',
    path: `${PATH}/verify`,
    summary: 'All checks passed.',
    handle({ world, path, body }) {
      body.only();
      const { scope, row } = locate(world, SESSION, path[0] ?? '');
      return driveSession(scope, row, { kind: 'verify', report: addReport(scope, row, null) });
    },
  },
  {
    method: 'POST',
    path: `${PATH}/fail`,
    summary: 'A check failed; the session waits for input again. {code?, reason?}',
    handle({ world, path, body }) {
      body.only('code', 'reason');
      const error = {
        code: body.optionalText('code') ?? 'document_unverified_other',
        reason: body.optionalText('reason') ?? 'The document could not be verified.',
      };
      const { scope, row } = locate(world, SESSION, path[0] ?? '');
      return driveSession(scope, row, {
        kind: 'fail',
        report: addReport(scope, row, error),
        ...error,
      });
    },
  },
];
