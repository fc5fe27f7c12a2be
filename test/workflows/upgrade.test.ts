/** After a deployment: the command of docs/lifecycle.md moves every card to a new run, on a real server. */
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cardWorkflowId } from '../../src/domain/card-contract.ts';
import { eventually } from '../support/eventually.ts';
import { projectText } from '../support/project-files.ts';
import { stackEnvironment } from '../support/stack-environment.ts';
import { temporalCliPath } from '../support/temporal-programs.ts';
import { type CardEnvironment, createRealEnvironment } from './card-environment.ts';
import type { CardWorld } from './card-world.ts';

const command = /temporal workflow signal --name upgrade(?:.*\\\n)*.*/.exec(
  projectText('docs/lifecycle.md') ?? '',
)?.[0];

let cards: CardEnvironment;

beforeAll(async () => {
  cards = await createRealEnvironment();
}, 60_000);
afterAll(() => cards.close());

/** Runs a command line as an operator does, with our program for the name `temporal`. */
function run(line: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const env = {
    ...stackEnvironment(),
    TEMPORAL_PROGRAM: temporalCliPath(),
    TEMPORAL_ADDRESS: cards.env.address,
    TEMPORAL_NAMESPACE: cards.env.namespace ?? 'default',
  };
  const script = `temporal() { "$TEMPORAL_PROGRAM" "$@"; }\n${line}`;
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', script], { env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString('utf8');
      });
    }
    child.once('close', (code) => resolve({ code, output }));
  });
}

const describeRun = ({ cardId }: CardWorld) =>
  cards.env.client.workflow.getHandle(cardWorkflowId(cardId)).describe();

test('every running card goes on in a new run, and a closed one is left alone', async () => {
  const waiting = await cards.inKyc('physical');
  const active = await cards.inKyc('virtual');
  await cards.tell(active.cardId, { kind: 'identity_verified' });
  await active.inPhase('active');
  const closed = await cards.inKyc('virtual');
  await cards.tell(closed.cardId, { kind: 'kyc_decided', approved: false });
  await cards.ended(closed.cardId);
  const running = async (): Promise<number> =>
    (await cards.env.client.workflow.count('ExecutionStatus = "Running"')).count;
  // The server's index is behind by a moment.
  await eventually(async () => (await running()) === 2);
  const worlds = [waiting, active, closed];
  const before = await Promise.all(worlds.map(describeRun));

  const deployedAt = new Date(Date.now() + 60_000).toISOString();
  const { code, output } = await run(
    (command ?? 'false').replace(/"2026-[^"]*"/, `"${deployedAt}"`),
  );
  expect(output).toContain('Started batch');
  expect(code).toBe(0);

  await eventually(
    async () => {
      const after = await Promise.all(worlds.map(describeRun));
      return after.every(({ runId }, index) => (runId === before[index]?.runId) === (index === 2));
    },
    { timeoutMs: 20_000 },
  );
  expect((await cards.shows(active, ({ phase }) => phase === 'active')).phase).toBe('active');
  expect((await cards.shows(waiting, ({ phase }) => phase === 'kyc')).phase).toBe('kyc');
});
