/** A server that takes connections and says nothing: every call to Temporal ends all the same. */
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCardWorkflows } from '../../src/adapters/temporal/card-workflows.ts';
import {
  createTemporalClient,
  type TemporalClient,
} from '../../src/adapters/temporal/connection.ts';
import {
  checkNamespace,
  isCardRunning,
  isWorkerPolling,
  NamespaceUnusableError,
} from '../../src/adapters/temporal/namespace-look.ts';
import { parseCardId } from '../../src/domain/ids.ts';
import { WorkflowsUnavailableError } from '../../src/ports/card-workflows.ts';

/** The longest of them, for a slow machine. */
const LONGEST_CALL_MS = 8_000;
const cardId = parseCardId('card_silent');
const sockets = new Set<Socket>();
const server = createServer((socket) => void sockets.add(socket));
let temporal: TemporalClient;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  temporal = createTemporalClient({ address: `127.0.0.1:${port}`, namespace: 'default' });
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await temporal.close();
});

test('starts, commands, signals and looks end within their deadlines, and say so', async () => {
  const workflows = createCardWorkflows(temporal.client);
  const begunMs = performance.now();
  const calls = await Promise.allSettled([
    workflows.start(cardId),
    workflows.command(cardId, 'retryKyc', {}, 'x'),
    workflows.sendFacts(cardId, [{ factId: '1', fact: { kind: 'identity_verified' } }]),
    isCardRunning(temporal, cardId),
    checkNamespace(temporal),
    isWorkerPolling(temporal),
  ]);
  expect(performance.now() - begunMs).toBeLessThan(LONGEST_CALL_MS);
  const reasons = calls.map((call) => (call.status === 'rejected' ? call.reason : call.value));
  for (const reason of reasons.slice(0, 4)) {
    expect(reason).toBeInstanceOf(WorkflowsUnavailableError);
  }
  for (const reason of reasons.slice(4)) expect(reason).toBeInstanceOf(NamespaceUnusableError);
});
