/** The proof that nothing was missed: the report of the product itself, and its command that fills what it finds. */
import type { DemoProgram } from '../../../src/apps/cli/demo/program.ts';
import { runCommand } from '../run-command.ts';

const DATE_LENGTH = 'YYYY-MM-DD'.length;
const DAY_MS = 86_400_000;

const dayOf = (moment: Date): string => moment.toISOString().slice(0, DATE_LENGTH);

/** Both ends included. */
export function daysBetween(from: Date, to: Date): readonly string[] {
  const days: string[] = [];
  for (let atMs = from.getTime(); dayOf(new Date(atMs)) <= dayOf(to); atMs += DAY_MS) {
    days.push(dayOf(new Date(atMs)));
  }
  return days;
}

const ask = ({ stack }: DemoProgram, day: string): Promise<Response> =>
  fetch(`${stack.urls.ingress}/v1/completeness?day=${day}`, {
    headers: { authorization: `Bearer ${stack.apiKey}` },
  });

/** What the report says of a day, for each tenant that had begun by then. */
export async function dayStates(program: DemoProgram, day: string): Promise<readonly string[]> {
  const answer = await ask(program, day);
  if (!answer.ok) throw new Error(`the report answered ${answer.status}: ${await answer.text()}`);
  const { data } = (await answer.json()) as { data: readonly { readonly state: string }[] };
  return data.map(({ state }) => state);
}

/** Stores what Stripe lists for the day and the inbox lacks; throws with the report while a gap is open. */
export const fillGaps = (program: DemoProgram, moment = new Date()): Promise<void> =>
  completeness(program, ['--day', dayOf(moment)]);

/** The same for every day that is over and not proven yet. */
export const proveDays = (program: DemoProgram): Promise<void> => completeness(program, []);

async function completeness({ stack }: DemoProgram, args: readonly string[]): Promise<void> {
  const { code, output } = await runCommand(['completeness', ...args], {
    DATABASE_URL: stack.databaseUrl,
    STRIPE_SECRET_KEY: stack.stripeKey,
    STRIPE_API_BASE: stack.urls.simulator,
    // The simulator has no limit, and a month has many pages.
    CATCH_UP_CALLS_PER_S: '100',
  });
  if (code !== 0) throw new Error(`completeness ended with ${code}: ${output}`);
}
