/** What goes wrong with reports. */
import { text } from '../http/parameter.ts';
import { abandonRun } from '../resources/report-run.ts';
import { reportRunKind } from '../world/kinds/reporting.ts';
import { type ControlRoute, controlRoute, locateNamed } from './control-route.ts';

export const reportingRoutes: readonly ControlRoute[] = [
  controlRoute({
    method: 'POST',
    path: '/_sim/reporting/report_runs/{report_run}/fail',
    summary: 'A pending report run fails.',
    params: { error: text() },
    handle(call) {
      const { scope, row } = locateNamed(call, reportRunKind(call.world));
      return abandonRun(scope, row, call.params.error ?? 'An error occurred. Please try again.');
    },
  }),
];
