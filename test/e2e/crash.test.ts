/**
 * The whole system on real parts: PostgreSQL, Temporal server, simulator and our four processes. Cards live while
 * the worker, and later the relay, are killed in the middle and started again: nothing may be lost.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTemporalClient } from '../../src/adapters/temporal/connection.ts';
import type { DemoReport } from '../../src/apps/cli/demo/report.ts';
import { play } from '../../src/apps/cli/demo/run-demo.ts';
import { type Stack, startStack } from '../../src/apps/cli/local/stack.ts';
import { createIssuingClient } from '../../src/client/index.ts';
import { eventually } from '../support/eventually.ts';

const STACK_START_MS = 120_000;
const DEMO_MS = 120_000;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ mode: 'throwaway', ports: 'random', seed: 5, durable: false });
}, STACK_START_MS);
afterAll(() => stack.stop());

async function killAndRestart(name: 'worker' | 'relay'): Promise<void> {
  const part = stack.part(name);
  await part.kill('SIGKILL');
  await part.start();
}

describe('cards that live while processes are killed', () => {
  let report: DemoReport;

  it(
    'reach their phases with all invariants true, with nothing lost',
    async () => {
      const api = createIssuingClient({ baseUrl: stack.urls.ingress, apiKey: stack.apiKey });
      const received = (count: number) =>
        eventually(async () => (await api.inbox.summary()).received >= count, {
          timeoutMs: DEMO_MS,
          everyMs: 25,
        });
      const playing = play(stack, { cards: 6, seed: 5 }, new AbortController().signal);
      await received(8);
      await killAndRestart('worker');
      await received(35);
      await killAndRestart('relay');
      report = await playing;
      expect(report.invariants).toEqual(
        Object.fromEntries(Object.keys(report.invariants).map((name) => [name, true])),
      );
      expect(report.ok).toBe(true);
    },
    DEMO_MS,
  );

  it('show their phase as a search attribute and a readable page, read back through the server', async () => {
    const temporal = createTemporalClient({
      address: stack.urls.temporal,
      namespace: stack.temporalNamespace,
    });
    try {
      const active = report.cards.filter((card) => card.phase === 'active');
      const listed = await eventually(
        async () => {
          const ids: string[] = [];
          for await (const execution of temporal.client.workflow.list({
            query: 'CardPhase = "active"',
          }))
            ids.push(execution.workflowId);
          return ids.length === active.length ? ids : undefined;
        },
        { timeoutMs: 10_000, everyMs: 100 },
      );
      expect([...listed].toSorted()).toEqual(active.map((card) => card.workflowId).toSorted());
      const [card] = active;
      if (card === undefined) throw new Error('an active card is there');
      const metadata = await temporal.client.workflow
        .getHandle(card.workflowId)
        .query<{ currentDetails: string }>('__temporal_workflow_metadata');
      expect(metadata.currentDetails).toMatch(/active/);
      expect(metadata.currentDetails).toContain('ic_');
      expect(metadata.currentDetails).not.toContain('Demo Customer');
    } finally {
      await temporal.close();
    }
  });

  it(
    'go on where they stood after Temporal has lost everything',
    async () => {
      // The server keeps its state in memory here, so a restart forgets every workflow.
      await stack.part('temporal').kill('SIGKILL');
      await stack.part('temporal').start();
      await killAndRestart('worker');
      await killAndRestart('relay');
      const temporal = createTemporalClient({
        address: stack.urls.temporal,
        namespace: stack.temporalNamespace,
      });
      try {
        for (const card of report.cards) {
          const phase = await eventually(
            async () =>
              (
                await temporal.client.workflow
                  .getHandle(card.workflowId)
                  .query<{ phase: string }>('state')
              ).phase,
            { timeoutMs: 30_000, everyMs: 200 },
          );
          expect(phase).toBe(card.phase);
        }
      } finally {
        await temporal.close();
      }
    },
    DEMO_MS,
  );
});
