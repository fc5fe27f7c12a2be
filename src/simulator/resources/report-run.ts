/** Report runs and their files: `/v1/reporting/report_runs`, `/v1/files/{file}/contents`. */
import { invalidRequest } from '../http/failure.ts';
import {
  find,
  isWithin,
  listOperation,
  type Operation,
  operation,
  retrieveOperation,
} from '../http/operation.ts';
import { required, text, timeRange, type Values } from '../http/parameter.ts';
import { FILE_RATE } from '../http/rate-limit.ts';
import { RawAnswer } from '../http/raw-answer.ts';
import { toCsv } from '../machines/csv.ts';
import type { ReportSource } from '../machines/report-lines.ts';
import { failRun, type ReportRunRow, succeedRun } from '../machines/report-run.ts';
import { findReportType } from '../machines/report-type.ts';
import type { Account } from '../world/account.ts';
import { emit, type Scope, store } from '../world/kind.ts';
import { fileKind, reportRunKind } from '../world/kinds/reporting.ts';
import type { World } from '../world/world.ts';
import { readParameters, reportParameters } from './report-parameters.ts';

const PATH = '/v1/reporting/report_runs';

/** How long a run takes, in simulator time: long enough that nobody can rely on an answer at once. */
const RUN_SECONDS = 5;

const CREATE = { parameters: reportParameters, report_type: required(text()) };

export function reportRunOperations(world: World): readonly Operation[] {
  const kind = reportRunKind(world);
  return [
    listOperation({
      path: PATH,
      kind,
      filters: { created: timeRange() },
      matches: (row, wanted) => isWithin(row.created, wanted.created),
    }),
    operation({
      method: 'POST',
      path: PATH,
      params: CREATE,
      handle: (call) => createRun(call, call.params),
    }),
    retrieveOperation(`${PATH}/{report_run}`, kind),
    operation({
      method: 'GET',
      path: '/v1/files/{file}/contents',
      rate: FILE_RATE,
      params: {},
      handle: (call) => new RawAnswer('text/csv', find(call, fileKind(world), call.id).contents),
    }),
  ];
}

function createRun(scope: Scope, params: Values<typeof CREATE>): object {
  const { world } = scope;
  const type = findReportType(params.report_type);
  if (type === undefined) {
    throw invalidRequest(`Invalid report_type: ${params.report_type}`, { param: 'report_type' });
  }
  const kind = reportRunKind(world);
  const run: ReportRunRow = {
    id: world.sequence.id(kind.idPrefix),
    created: world.clock.now(),
    error: null,
    parameters: readParameters(scope, type, params.parameters),
    report_type: type.id,
    result: null,
    status: 'pending',
    succeeded_at: null,
  };
  scheduleRun(scope, run);
  return store(scope, kind, run);
}

/** Notes when a run is done. */
export function scheduleRun({ world, account }: Scope, run: ReportRunRow): void {
  const at = (run.created + RUN_SECONDS) * 1000;
  world.agenda.add({ at, task: 'finish_report_run', account: account.id, id: run.id });
}

/** Writes the file of a run, unless the run is over already. */
export function finishRun(scope: Scope, id: string): void {
  const { world, account } = scope;
  const run = account.reportRuns.get(id);
  const type = run === undefined ? undefined : findReportType(run.report_type);
  if (run === undefined || type === undefined || run.status !== 'pending') return;
  const now = world.clock.now();
  const files = fileKind(world);
  const file = world.sequence.id(files.idPrefix);
  const columns = run.parameters.columns ?? type.defaultColumns;
  const contents = toCsv(columns, type.lines(sourceOf(account), run.parameters));
  store(scope, files, {
    id: file,
    created: now,
    contents,
    filename: `${run.id}.csv`,
    title: `FinanceReportRun ${run.id}`,
  });
  announce(scope, succeedRun(run, { file, now }));
}

/** Ends a run without a file. Throws a 400 when it is over already. */
export function abandonRun(scope: Scope, run: ReportRunRow, error: string): object {
  const shown = announce(scope, failRun(run, error));
  if (shown !== undefined) return shown;
  throw invalidRequest(
    `Report run ${run.id} has the status ${run.status}; it cannot fail any more.`,
  );
}

/** Stores a run that is over and sends the event named after its status. */
function announce(scope: Scope, run: ReportRunRow | undefined): object | undefined {
  if (run === undefined) return undefined;
  const kind = reportRunKind(scope.world);
  const shown = store(scope, kind, run);
  emit(scope, `${kind.eventPrefix}.${run.status}`, shown);
  return shown;
}

const sourceOf = (account: Account): ReportSource => ({
  balanceTransactions: account.balanceTransactions.all(),
  opening: account.balance.opening,
  transactions: account.transactions.all(),
  authorizations: account.authorizations.all(),
  cardholderName: (id) => account.cardholders.get(id)?.name ?? '',
  last4: (card) => account.cards.get(card)?.last4 ?? '',
});
