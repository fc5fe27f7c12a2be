/** Report types: `/v1/reporting/report_types`. */
import { unknownObject } from '../http/failure.ts';
import { type Operation, operation } from '../http/operation.ts';
import { dataAvailable } from '../machines/report-run.ts';
import { findReportType, REPORT_TYPES, type ReportType } from '../machines/report-type.ts';
import type { Scope } from '../world/kind.ts';

const PATH = '/v1/reporting/report_types';

function render({ world, account }: Scope, type: ReportType): object {
  const { start, end } = dataAvailable(world.clock.now(), account.settings.reportData);
  return {
    id: type.id,
    object: 'reporting.report_type',
    data_available_end: end,
    data_available_start: start,
    default_columns: type.defaultColumns,
    livemode: false,
    name: type.name,
    updated: end,
    version: type.version,
  };
}

export const reportTypeOperations: readonly Operation[] = [
  operation({
    method: 'GET',
    path: PATH,
    params: {},
    handle: (call) => ({
      object: 'list',
      data: REPORT_TYPES.map((type) => render(call, type)),
      has_more: false,
      url: PATH,
    }),
  }),
  operation({
    method: 'GET',
    path: `${PATH}/{report_type}`,
    params: {},
    handle(call) {
      const type = findReportType(call.id);
      if (type === undefined) throw unknownObject('report type', call.id);
      return render(call, type);
    },
  }),
];
