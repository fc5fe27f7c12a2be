/** The real process, with Postgres up and nothing where Temporal should be. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { createIssuingClient } from '../../src/client/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { newCardholder } from './program.ts';

const MAIN = fileURLToPath(new URL('../../src/apps/ingress/main.ts', import.meta.url));
const START_MS = 20_000;
const SHUTDOWN_MS = 3_000;
const API_KEY = 'process-test-key';

const running: ChildProcess[] = [];
const databases: TestDatabase[] = [];
afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  for (const database of databases.splice(0)) await database.drop();
});

function start(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN], {
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output.text += chunk.toString()));
  }
  return { child, output };
}

async function startOnDatabase() {
  const database = await createTestDatabase();
  databases.push(database);
  const { child, output } = start({
    DATABASE_URL: database.appUrl,
    API_KEYS: API_KEY,
    STRIPE_WEBHOOK_SECRETS: 'whsec_1',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    INGRESS_PORT: '0',
  });
  const baseUrl = await eventually(() => /"address":"(http:[^"]+)"/.exec(output.text)?.[1], {
    timeoutMs: START_MS,
  });
  return { child, client: createIssuingClient({ baseUrl, apiKey: API_KEY, attempts: 1 }), baseUrl };
}

describe('the ingress process', () => {
  it('serves without Temporal, and ends in order', async () => {
    const { child, client, baseUrl } = await startOnDatabase();
    expect((await fetch(`${baseUrl}/readyz`)).status).toBe(200);
    await client.tenants.create({ name: 'Platform' });
    const account = await client.accounts.create({ customerRef: 'c', currency: 'usd' });
    const cardholder = await client.cardholders.create({
      ...newCardholder('c'),
      type: 'individual',
    });
    const card = await client.cards.request({
      accountId: account.id,
      cardholderId: cardholder.id,
      type: 'virtual',
    });
    expect(card).toMatchObject({ phase: 'kyc', workflowStarted: false });
    expect(await client.cards.freeze(card.id, {})).toMatchObject({ frozen: true });
    const asked = performance.now();
    await expect(client.cards.retryKyc(card.id)).rejects.toMatchObject({
      status: 503,
      code: 'WORKFLOWS_UNAVAILABLE',
    });
    expect(performance.now() - asked).toBeLessThan(3_000);

    const ended = once(child, 'exit');
    const asksToEnd = performance.now();
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(performance.now() - asksToEnd).toBeLessThan(SHUTDOWN_MS);
  });

  it('names every variable that is missing, and exits with 1', async () => {
    const { child, output } = start({ INGRESS_PORT: 'http' });
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(1);
    for (const name of ['DATABASE_URL', 'API_KEYS', 'STRIPE_WEBHOOK_SECRETS', 'INGRESS_PORT']) {
      expect(output.text).toContain(name);
    }
  });
});
