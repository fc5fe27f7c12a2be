/** Identity sessions and reports, as the API shows them. */
import { outcomesOf } from '../../machines/verification-check.ts';
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
  render(_account, row) {
    const { checked, error: _inside, redacted: _hidden, ...shown } = row;
    const options = checked.type === 'id_number' ? { id_number: {} } : (checked.options ?? {});
    return {
      ...shown,
      object: 'identity.verification_report',
      livemode: false,
      options,
      ...outcomesOf(row),
      ...(checked.verification_flow === undefined
        ? {}
        : { verification_flow: checked.verification_flow }),
    };
  },
};
