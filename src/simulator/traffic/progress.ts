/** Shows how far a run is: a bar on a terminal, a line every few seconds elsewhere. */

const BAR_INTERVAL_MS = 100;
const LINE_INTERVAL_MS = 5_000;
const BAR_WIDTH = 30;
const ERASE_LINE = '\r\u001b[K';

export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

export interface Progress {
  readonly purchases: number;
  readonly purchasesPlanned: number;
  /** Steps that are over, of all. */
  readonly steps: number;
  readonly stepsPlanned: number;
  readonly programDays: number;
}

/** Shows what `read` says until the function it returns is called. */
export function showProgress(stream: ProgressStream, read: () => Progress): () => void {
  const bar = stream.isTTY === true;
  const timer = setInterval(
    () => stream.write(bar ? `${ERASE_LINE}${progressBar(read())}` : `${progressText(read())}\n`),
    bar ? BAR_INTERVAL_MS : LINE_INTERVAL_MS,
  );
  timer.unref();
  return () => {
    clearInterval(timer);
    if (bar) stream.write(`${ERASE_LINE}${progressBar(read())}\n`);
  };
}

const progressText = (progress: Progress): string =>
  `${progress.purchases} of ${progress.purchasesPlanned} purchases, day ${progress.programDays.toFixed(1)}`;

/** E.g. `[#####-----] 50 % 30 of 60 purchases, day 3.5`. */
export function progressBar(progress: Progress): string {
  const share = Math.min(1, progress.steps / Math.max(1, progress.stepsPlanned));
  const filled = Math.round(share * BAR_WIDTH);
  const bar = '#'.repeat(filled) + '-'.repeat(BAR_WIDTH - filled);
  return `[${bar}] ${Math.floor(share * 100)} % ${progressText(progress)}`;
}
