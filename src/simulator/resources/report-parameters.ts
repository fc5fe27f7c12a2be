/** The parameters of report runs: which there are, and which make sense for a type of report. */
import { invalidRequest, missingParameter } from '../http/failure.ts';
import { choice, integer, list, object, refined, text, type Values } from '../http/parameter.ts';
import { dataAvailable, type ReportParameters } from '../machines/report-run.ts';
import type { ReportType } from '../machines/report-type.ts';
import { REPORTING_CATEGORIES } from '../machines/reporting-category.ts';
import type { Scope } from '../world/kind.ts';
import { readCurrency } from './purchase-amount.ts';

/** Numbers such as `+01:00` are not names of time zones. */
const timezone = refined(text(), (name) =>
  /^[A-Za-z]/.test(name) && isTimezone(name)
    ? undefined
    : { message: `Invalid timezone: ${name}; must be a name of the time zone database` },
);

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const PARAMETERS = {
  columns: list(text()),
  connected_account: text(),
  currency: text(),
  interval_end: integer(),
  interval_start: integer(),
  payout: text(),
  reporting_category: choice(REPORTING_CATEGORIES),
  timezone,
};

export const reportParameters = object(PARAMETERS);

type Given = Partial<Values<typeof PARAMETERS>>;

/** Checks the parameters of a run against its type and the data there is. Throws a 400. */
export function readParameters(
  scope: Scope,
  type: ReportType,
  given: Given = {},
): ReportParameters {
  refuseUnsupported(type, given);
  const { interval_start: start, interval_end: end, columns } = given;
  if (start === undefined) throw missingParameter('parameters[interval_start]');
  if (end === undefined) throw missingParameter('parameters[interval_end]');
  checkInterval(scope, start, end);
  const known = [...type.defaultColumns, ...type.moreColumns];
  const unknown = columns?.find((column) => !known.includes(column));
  if (unknown !== undefined) {
    throw invalidRequest(`Invalid column for ${type.id}: ${unknown}`, {
      param: 'parameters[columns]',
    });
  }
  const currency = readCurrency(given.currency, 'parameters[currency]');
  const { reporting_category: category } = given;
  return {
    ...(columns === undefined || columns.length === 0 ? {} : { columns }),
    ...(currency === undefined ? {} : { currency }),
    interval_end: end,
    interval_start: start,
    ...(category === undefined ? {} : { reporting_category: category }),
    ...(given.timezone === undefined ? {} : { timezone: given.timezone }),
  };
}

const COMMON = ['columns', 'interval_end', 'interval_start'];

function refuseUnsupported(type: ReportType, given: Given): void {
  const options: readonly string[] = [...COMMON, ...type.options];
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || options.includes(name)) continue;
    throw invalidRequest(`The report type ${type.id} does not take the parameter ${name}.`, {
      param: `parameters[${name}]`,
    });
  }
}

/** Both ends must lie where there is data; only then the order counts. */
function checkInterval({ world, account }: Scope, start: number, end: number): void {
  const available = dataAvailable(world.clock.now(), account.settings.reportData);
  for (const [name, moment] of [
    ['interval_start', start],
    ['interval_end', end],
  ] as const) {
    if (moment >= available.start && moment <= available.end) continue;
    throw invalidRequest(
      `Invalid ${name}: ${moment}; data is available from ${available.start} to ${available.end}`,
      { param: `parameters[${name}]` },
    );
  }
  if (start < end) return;
  throw invalidRequest('interval_start must be before interval_end.', {
    param: 'parameters[interval_start]',
  });
}
