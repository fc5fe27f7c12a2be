/** Report runs and files, as the API shows them. The address of a file depends on where the simulator listens. */
import type { FileRow, ReportRunRow } from '../../machines/report-run.ts';
import type { Kind } from '../kind.ts';
import type { World } from '../world.ts';

export const fileKind = (world: World): Kind<FileRow> => ({
  name: 'file',
  label: 'file upload',
  idPrefix: 'file',
  eventPrefix: 'file',
  table: (account) => account.files,
  render: (_account, { contents, ...shown }) => ({
    ...shown,
    object: 'file',
    expires_at: null,
    links: { object: 'list', data: [], has_more: false, url: `/v1/file_links?file=${shown.id}` },
    purpose: 'finance_report_run',
    size: Buffer.byteLength(contents),
    type: 'csv',
    url: `${world.baseUrl}/v1/files/${shown.id}/contents`,
  }),
});

export const reportRunKind = (world: World): Kind<ReportRunRow> => ({
  name: 'reporting.report_run',
  label: 'report run',
  idPrefix: 'frr',
  eventPrefix: 'reporting.report_run',
  table: (account) => account.reportRuns,
  render(account, row) {
    const files = fileKind(world);
    const file = row.result === null ? undefined : files.table(account).get(row.result);
    return {
      ...row,
      object: 'reporting.report_run',
      livemode: false,
      result: file === undefined ? null : files.render(account, file),
    };
  },
});
