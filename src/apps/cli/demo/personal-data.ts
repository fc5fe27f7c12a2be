/** Looks for what must not be there: names, addresses and contacts of the demo's customers. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTemporalClient } from '../../../adapters/temporal/connection.ts';
import type { JourneyEnd } from './journey.ts';
import type { DemoProgram } from './program.ts';

/** Parts of the logs that are ours: Stripe's stand-in knows the customers, as Stripe does. */
const OUR_LOGS = /^(ingress|relay|authorizer|worker|temporal)/;

/** Places where personal data was found, each with what was found; none is what should come back. */
export async function personalDataIn(
  program: DemoProgram,
  ends: readonly JourneyEnd[],
): Promise<readonly string[]> {
  const words = ends.flatMap(({ plan }) => [plan.customer, `customer${plan.number}@demo.example`]);
  words.push('+14155550123', 'Townsend', 'Oyster Point');
  return [...(await inLogs(program, words)), ...(await inHistories(program, ends, words))];
}

async function inLogs(
  { stack }: DemoProgram,
  words: readonly string[],
): Promise<readonly string[]> {
  const names = (await readdir(stack.logs)).filter((name) => OUR_LOGS.test(name));
  const found = await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(stack.logs, name), 'utf8');
      return words.filter((word) => text.includes(word)).map((word) => `${name}: ${word}`);
    }),
  );
  return found.flat();
}

async function inHistories(
  { stack }: DemoProgram,
  ends: readonly JourneyEnd[],
  words: readonly string[],
): Promise<readonly string[]> {
  const { temporal } = stack.urls;
  const connection = createTemporalClient({
    address: temporal,
    namespace: stack.temporalNamespace,
  });
  try {
    const found = await Promise.all(
      ends.map(async ({ workflowId }) => {
        const history = await connection.client.workflow.getHandle(workflowId).fetchHistory();
        const text = JSON.stringify(history, (_key, value: unknown) =>
          value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value,
        );
        return words.filter((word) => text.includes(word)).map((word) => `${workflowId}: ${word}`);
      }),
    );
    return found.flat();
  } finally {
    await connection.close();
  }
}
