/** Identity sessions and reports, as the API shows them. */
import type { ReportRow, SessionRow } from '../../machines/verification-session.ts';
import type { Kind } from '../kind.ts';

export const SESSION: Kind<SessionRow> = {
  name: 'identity.verification_session',
  label: 'identity verification session',
  idPrefix: 'vs',
  eventPrefix: 'identity.verification_session',
  table: (account) => account.sessions,
  render: (_account, row) => ({ ...row, object: 'identity.verification_session', livemode: false }),
};

export const REPORT: Kind<ReportRow> = {
  name: 'identity.verification_report',
  label: 'identity verification report',
  idPrefix: 'vr',
  eventPrefix: 'identity.verification_report',
  table: (account) => account.reports,
  render(_account, { error, ...shown }) {
    return {
      ...shown,
      object: 'identity.verification_report',
      livemode: false,
      options: {},
      document: {
        address: null,
        error,
        files: null,
        first_name: error === null ? 'Jenny' : null,
        issued_date: null,
        issuing_country: error === null ? 'US' : null,
        last_name: error === null ? 'Rosen' : null,
        status: error === null ? 'verified' : 'unverified',
        type: error === null ? 'driving_license' : null,
      },
    };
  },
};
