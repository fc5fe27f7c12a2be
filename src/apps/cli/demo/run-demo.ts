/** `npm run demo`: brings the whole system up, lets cards live in it, and proves the books at the end. */
import { writeFile } from 'node:fs/promises';
import type { DemoArguments } from '../command-line.ts';
import type { Stack } from '../local/stack.ts';
import { withStack } from '../local/stack-session.ts';
import { type JourneyEnd, liveCard } from './journey.ts';
import { collect } from './outcome.ts';
import { type CardPlan, planDemo } from './plan.ts';
import { openProgram } from './program.ts';
import { startProgress } from './progress.ts';
import { type DemoReport, summaryOf } from './report.ts';

/** Cards that live side by side; more would only wait for one another on two cores. */
const CARDS_AT_ONCE = 8;

/** @returns the exit code: 0 only if every invariant holds. */
export async function runDemo(argv: DemoArguments): Promise<number> {
  const startedMs = performance.now();
  const seconds = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1)} s.`;
  const cards = argv.cards === 1 ? '1 card' : `${argv.cards} cards`;
  console.log(`Demo with ${cards}, seed ${argv.seed}. Bringing the system up:`);
  return withStack(
    {
      mode: 'throwaway',
      seed: argv.seed,
      keepFolder: argv.keep,
      onPart: (line) => console.log(line),
      onInterrupt: () => console.log('\nStopping …'),
    },
    async (stack, signal) => {
      const ui = stack.urls.temporalUi ?? stack.urls.temporal;
      console.log(`\nWatch the cards in the Temporal UI while the demo runs: ${ui}\n`);
      try {
        const report = await Promise.race([play(stack, argv, signal), failWhenCrashed(stack)]);
        console.log(summaryOf(report));
        if (argv.keep || !report.ok) sayLogs(stack);
        console.log(
          `${report.ok ? 'All invariants hold.' : 'An invariant is broken.'} ${seconds()}`,
        );
        await writeReport(argv, report);
        return report.ok ? 0 : 1;
      } catch (error) {
        if (signal.aborted) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        console.error(`\nThe demo failed: ${reason}`);
        sayLogs(stack);
        await writeReport(argv, { ok: false, seed: argv.seed, error: reason });
        return 1;
      }
    },
  );
}

function sayLogs(stack: Stack): void {
  stack.keepLogs();
  console.log(`Logs of every part are kept in ${stack.logs}`);
}

async function writeReport({ report }: DemoArguments, content: object): Promise<void> {
  if (report !== undefined) await writeFile(report, `${JSON.stringify(content, null, 2)}\n`);
}

async function failWhenCrashed(stack: Stack): Promise<never> {
  throw new Error(await stack.crashed);
}

/** Everything between the start of the stack and its end; also what the tests drive. */
export async function play(
  stack: Stack,
  argv: Pick<DemoArguments, 'cards' | 'seed'>,
  signal: AbortSignal,
): Promise<DemoReport> {
  const program = await openProgram(stack);
  const progress = startProgress(program, process.stdout);
  const waiting = [...planDemo(argv.cards, argv.seed)];
  const ends: JourneyEnd[] = [];
  const context = {
    program,
    signal,
    onCard: (plan: CardPlan, cardId: string) => progress.add(plan, cardId),
  };
  const lane = async (): Promise<void> => {
    for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
      ends.push(await liveCard(plan, context));
    }
  };
  try {
    await Promise.all(Array.from({ length: CARDS_AT_ONCE }, lane));
    const report = await collect(
      program,
      ends.toSorted((a, b) => a.plan.number - b.plan.number),
      { seed: argv.seed, signal },
    );
    return report;
  } finally {
    await progress.stop();
  }
}
