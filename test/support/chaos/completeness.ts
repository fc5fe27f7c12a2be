/** The proof that nothing was missed: the report of the product itself, and its command that fills what it finds. */
import type { DemoProgram } from '../../../src/apps/cli/demo/program.ts';
import { runCommand } from '../run-command.ts';

const NOT_FOUND = 404;
const DATE_LENGTH = 'YYYY-MM-DD'.length;

const dayOf = (moment: Date): string => moment.toISOString().slice(0, DATE_LENGTH);

export async function isCatchUpBuilt({ stack }: DemoProgram): Promise<boolean> {
  const url = `${stack.urls.ingress}/v1/completeness?day=${dayOf(new Date())}`;
  const { status } = await fetch(url, { headers: { authorization: `Bearer ${stack.apiKey}` } });
  return status !== NOT_FOUND;
}

/** Stores what Stripe lists for today and the inbox lacks; throws with the report while a gap is open. */
export async function fillGaps(program: DemoProgram): Promise<void> {
  const { stack } = program;
  if (!(await isCatchUpBuilt(program))) return;
  const { code, output } = await runCommand(['completeness', '--day', dayOf(new Date())], {
    DATABASE_URL: stack.databaseUrl,
    STRIPE_SECRET_KEY: stack.stripeKey,
    STRIPE_API_BASE: stack.urls.simulator,
  });
  if (code !== 0) throw new Error(`completeness ended with ${code}: ${output}`);
}
