/** `GET /v1/changes` and the client's iterator over it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addTimeline } from '../../src/adapters/postgres/card-timeline.ts';
import { createChangeWaiting } from '../../src/apps/ingress/change-wait.ts';
import { type Change, createIssuingClient, type IssuingClient } from '../../src/client/index.ts';
import type { ChangeFeed } from '../../src/ports/changes.ts';
import { eventually } from '../support/eventually.ts';
import { API_KEY, buildTestApp, ingressUnderTest, portsOver } from './ingress-under-test.ts';
import { cardIn, type TestCard } from './program.ts';

/** Far more than a waiting reader needs to see a change, far less than it was told to wait. */
const SOON_MS = 8_000;

const ingress = ingressUnderTest();
let client: IssuingClient;
let card: TestCard;
beforeAll(async () => {
  const baseUrl = await ingress.app.listen({ host: '127.0.0.1', port: 0 });
  client = createIssuingClient({ baseUrl, apiKey: API_KEY });
  card = await cardIn(ingress, 'active');
});
// A call that was given up leaves a connection without a request, for which the end of the server would wait.
afterAll(() => ingress.app.server.closeAllConnections());

const moveTo = (phase: string): Promise<void> =>
  addTimeline(ingress.sql, { id: card.cardId, tenantId: card.tenantId, phase }, 'phase_changed', {
    from: 'active',
    to: phase,
    cause: 'cancel_requested',
  });
const latest = async (): Promise<string> =>
  (await client.changes.read({ after: 'latest' })).nextCursor;

describe('GET /v1/changes', () => {
  it('answers what has happened, oldest first', async () => {
    const account = await client.accounts.credit(card.accountId, { amountMinor: 500 });
    const changes: Change[] = [];
    await eventually(async () => {
      changes.splice(0, changes.length, ...(await client.changes.read()).data);
      return changes.some(({ kind }) => kind === 'booking');
    });
    expect(changes[0]).toMatchObject({ kind: 'phase', cardId: card.cardId, phase: { from: null } });
    expect(changes).toContainEqual(
      expect.objectContaining({
        kind: 'booking',
        booking: expect.objectContaining({ entryId: account.entryId, entryKind: 'credit' }),
      }),
    );
  });

  it('waits for the next change, and not for longer', async () => {
    const after = await latest();
    const startedAt = performance.now();
    const answer = client.changes.read({ after, wait: 30 });
    await moveTo('winding_down');
    expect((await answer).data).toMatchObject([{ phase: { to: 'winding_down' } }]);
    expect(performance.now() - startedAt).toBeLessThan(SOON_MS);
  });

  it('answers nothing with a cursor when the time is over', async () => {
    const after = await latest();
    const page = await client.changes.read({ after, wait: 1 });
    expect(page.data).toEqual([]);
    expect(page.nextCursor).toMatch(/^1\./);
  });

  it('refuses a cursor that is none, and one of another time', async () => {
    expect((await ingress.get('/v1/changes?after=card_1')).body.error?.code).toBe(
      'VALIDATION_FAILED',
    );
    expect((await ingress.get('/v1/changes?wait=31')).status).toBe(400);
    const ahead = await ingress.get('/v1/changes?after=1.900000000000.0.');
    expect(ahead).toMatchObject({ status: 410, body: { error: { code: 'CHANGES_RESTARTED' } } });
    const outsize = await ingress.get('/v1/changes?after=0.1.0.');
    expect(outsize).toMatchObject({ status: 400, body: { error: { code: 'CURSOR_INVALID' } } });
  });
});

it('has any number of readers wait, with the looks of a few', async () => {
  let looks = 0;
  const waiting = createChangeWaiting({
    latest: async () => '1.1.0.',
    async read() {
      looks += 1;
      return { data: [], nextCursor: '1.1.0.', hasMore: false };
    },
  });
  const readers = 200;
  const isOver = { value: false };
  const signal = new AbortController().signal;
  const answers = Array.from({ length: readers }, async () => {
    await waiting.read({ after: '1.1.0.', limit: 1 }, { seconds: 2, signal });
    return isOver.value;
  });
  setTimeout(() => {
    isOver.value = true;
  }, 1_000);
  expect(await Promise.all(answers)).toEqual(answers.map(() => true));
  // The first, one each second, and the last.
  expect(looks).toBeLessThanOrEqual(readers * 4);
});

describe('the iterator of the client', () => {
  it('follows the changes of a tenant until it is stopped', async () => {
    const stop = new AbortController();
    const seen: Change[] = [];
    const after = await latest();
    const following = (async () => {
      const options = { after, tenantId: card.tenantId, signal: stop.signal };
      for await (const change of client.changes.follow(options)) seen.push(change);
    })();
    await moveTo('winding_down');
    await eventually(async () => seen.length === 1);
    await moveTo('closed');
    await eventually(async () => seen.length === 2);
    stop.abort();
    await following;
    expect(seen.map((change) => change.kind === 'phase' && change.phase.to)).toEqual([
      'winding_down',
      'closed',
    ]);
  });
});

describe('the end of the process', () => {
  it('answers readers that wait, rather than making it wait for them', async () => {
    const ports = portsOver(ingress.sql, ingress.workflows);
    let reads = 0;
    const read: ChangeFeed['read'] = (request) => {
      reads += 1;
      return ports.changes.read(request);
    };
    const app = await buildTestApp({ ...ports, changes: { ...ports.changes, read } });
    const baseUrl = await app.listen({ host: '127.0.0.1', port: 0 });
    const after = await latest();
    const answer = createIssuingClient({ baseUrl, apiKey: API_KEY }).changes.read({
      after,
      wait: 30,
    });
    await eventually(async () => reads > 0);
    const startedAt = performance.now();
    await app.close();
    expect((await answer).data).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(SOON_MS);
  });
});
