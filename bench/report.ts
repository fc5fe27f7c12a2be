/** The one shape of every benchmark's report, and the table that says the same to a person. */
import { cpus, totalmem } from 'node:os';

export interface Bar {
  readonly name: string;
  /** What was asked, in words, e.g. `<= 500 ms`. */
  readonly goal: string;
  /** What was measured, in the goal's unit. */
  readonly got: string;
  readonly ok: boolean;
}

export type Figures = Readonly<Record<string, number | string>>;

export interface BenchReport {
  readonly name: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly node: string;
  };
  /** Measured in the same run, so that results can be read as ratios. */
  readonly baselines: Readonly<Record<string, Figures>>;
  readonly results: Readonly<Record<string, Figures>>;
  readonly bars: readonly Bar[];
}

export interface BenchOptions {
  /** A smaller run that shows that everything works; its figures mean little. */
  readonly quick: boolean;
  /** How many postings are loaded, where a benchmark loads any. */
  readonly postings?: number | undefined;
  /** Names of the parts to run, where a benchmark has several. */
  readonly only?: readonly string[] | undefined;
}

/** A part was named that the benchmark does not have. */
export class UnknownPartError extends Error {
  override readonly name = 'UnknownPartError';
}

export type Bench = (options: BenchOptions) => Promise<Omit<BenchReport, 'machine'>>;

export const machine = (): BenchReport['machine'] => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
});

export function table(report: BenchReport): string {
  const { cpu, cores, memoryGiB, node } = report.machine;
  const section = (title: string, rows: Readonly<Record<string, Figures>>): string[] => [
    '',
    title,
    ...Object.entries(rows).map(([name, figures]) => {
      const shown = Object.entries(figures).map(([key, value]) => `${key} ${String(value)}`);
      return `  ${name.padEnd(44)} ${shown.join('   ')}`;
    }),
  ];
  return [
    `${report.name} on ${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}`,
    ...section('baselines', report.baselines),
    ...section('results', report.results),
    '',
    'bars',
    ...report.bars.map(
      (bar) => `  ${bar.ok ? '✓' : '✗'} ${bar.name.padEnd(44)} goal ${bar.goal}   got ${bar.got}`,
    ),
    '',
  ].join('\n');
}
