/** What `npm run workflows:restore` says at its end. */
import type { Restoration } from './restore-cards.ts';

/** Enough to see what kind of thing goes wrong; the rest is counted. */
const FAILURES_SHOWN = 10;

export interface RestoreOutcome extends Restoration {
  readonly isDryRun: boolean;
  /** Facts that are sent again. */
  readonly toldAgain: number;
  readonly isWorkerPolling: boolean;
  readonly seconds: number;
}

export function outcomeText(outcome: RestoreOutcome): string {
  return [...failureLines(outcome), ...noteLines(outcome), lastLine(outcome)].join('\n');
}

function failureLines({ failed, gaveUp, after }: RestoreOutcome): readonly string[] {
  const shown = failed
    .slice(0, FAILURES_SHOWN)
    .map(({ cardId, reason }) => `${cardId} failed: ${reason}`);
  const more = failed.length - shown.length;
  if (more > 0) shown.push(`… and ${grouped(more)} more`);
  if (failed.length > 0) {
    shown.push('Run it again once that is settled: cards whose workflow runs are left alone.');
  }
  if (gaveUp !== null) {
    const from = after === '' ? '' : ` -- --after ${after}`;
    shown.push(
      `Gave up, because no card could be reached: ${gaveUp}`,
      `Go on with: npm run workflows:restore${from}`,
    );
  }
  return shown;
}

function noteLines(outcome: RestoreOutcome): readonly string[] {
  const notes = [];
  if (outcome.toldAgain > 0) {
    const told = counted(outcome.toldAgain, 'fact');
    notes.push(`${told} had not been worked off; the relay sends them again.`);
  }
  if (!outcome.isWorkerPolling && outcome.started > 0 && !outcome.isDryRun) {
    notes.push('No worker has asked for work in this namespace yet; the cards wait for one.');
  }
  return notes;
}

function lastLine(outcome: RestoreOutcome): string {
  const { cards, started, running, failed, isDryRun, seconds } = outcome;
  const took = `${seconds.toFixed(1)} s`;
  if (cards === 0 && outcome.gaveUp === null) return `No open cards, so nothing to start; ${took}.`;
  const verb = isDryRun ? 'would be started' : 'started';
  const counts = `${grouped(started)} ${verb}, ${grouped(running)} already running, ${grouped(failed.length)} failed`;
  return `${counted(cards, 'open card')}: ${counts}; ${took}.`;
}

const counted = (count: number, what: string): string =>
  `${grouped(count)} ${what}${count === 1 ? '' : 's'}`;

export const grouped = (count: number): string => count.toLocaleString('en-US');
