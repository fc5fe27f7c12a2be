/** The real process, with Postgres up and nothing where Temporal should be. */
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createIssuingClient } from '../../src/client/index.ts';
import { createTestDatabase } from '../support/database.ts';
import { startProcess } from '../support/real-process.ts';
import { newCardholder } from './program.ts';

const SHUTDOWN_MS = 3_000;
const API_KEY = 'process-test-key';

async function startOnDatabase() {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const { child, address } = startProcess('ingress', {
    DATABASE_URL: database.appUrl,
    API_KEYS: API_KEY,
    STRIPE_WEBHOOK_SECRETS: 'whsec_1',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    INGRESS_PORT: '0',
  });
  const baseUrl = await address();
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
    const { child, output } = startProcess('ingress', { INGRESS_PORT: 'http' });
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(1);
    for (const name of ['DATABASE_URL', 'STRIPE_WEBHOOK_SECRETS', 'INGRESS_PORT']) {
      expect(output.text).toContain(name);
    }
  });
});
