/**
 * A report run and the file that it makes, as they are stored. Pure.
 *
 *   pending ──some seconds──► succeeded (with a file)
 *      └──────────────────────► failed (with an error)
 */
import { SECONDS_PER_DAY } from './duration.ts';

export const REPORT_DATA_MODES = ['complete_days', 'live'] as const;
/** Up to when there is data: the last midnight in UTC, as at Stripe, or (for impatient tests) the next one. */
export type ReportDataMode = (typeof REPORT_DATA_MODES)[number];

export interface ReportParameters {
  readonly columns?: readonly string[];
  readonly currency?: string;
  /** Unix seconds; what happened at this moment is not part of the report. */
  readonly interval_end: number;
  /** Unix seconds; what happened at this moment is part of the report. */
  readonly interval_start: number;
  readonly reporting_category?: string;
  readonly timezone?: string;
}

export interface ReportRunRow {
  readonly id: string;
  readonly created: number;
  readonly error: string | null;
  readonly parameters: ReportParameters;
  readonly report_type: string;
  /** Id of the file. */
  readonly result: string | null;
  readonly status: 'failed' | 'pending' | 'succeeded';
  readonly succeeded_at: number | null;
}

export interface FileRow {
  readonly id: string;
  readonly created: number;
  readonly contents: string;
  readonly filename: string;
  readonly title: string;
}

/** Undefined when the run is over already. */
export const succeedRun = (
  run: ReportRunRow,
  result: { readonly file: string; readonly now: number },
): ReportRunRow | undefined =>
  run.status === 'pending'
    ? { ...run, status: 'succeeded', result: result.file, succeeded_at: result.now }
    : undefined;

/** Undefined when the run is over already. */
export const failRun = (run: ReportRunRow, error: string): ReportRunRow | undefined =>
  run.status === 'pending' ? { ...run, status: 'failed', error } : undefined;

/** No account of a simulator has data from before: 2020-01-01T00:00:00Z. */
const DATA_START = 1_577_836_800;

/** From when and up to when there is data, in Unix seconds, both midnights in UTC. */
export function dataAvailable(
  now: number,
  mode: ReportDataMode,
): { readonly start: number; readonly end: number } {
  const days = Math.floor(now / SECONDS_PER_DAY) + (mode === 'live' ? 1 : 0);
  return { start: DATA_START, end: days * SECONDS_PER_DAY };
}
