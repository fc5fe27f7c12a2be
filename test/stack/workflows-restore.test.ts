/** `npm run workflows:restore` as a process, against a real Postgres and a real Temporal server. */
import { msToTs } from '@temporalio/common/lib/time.js';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertFact } from '../../src/adapters/postgres/fact-store.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { newState, writeState } from '../../src/apps/cli/local/stack-state.ts';
import { localTemporal } from '../../src/apps/cli/workflows-restore/local-temporal.ts';
import { restoreCards } from '../../src/apps/cli/workflows-restore/restore-cards.ts';
import { outcomeText } from '../../src/apps/cli/workflows-restore/restore-text.ts';
import { cardWorkflowId } from '../../src/domain/card-contract.ts';
import { type CardId, parseCardId } from '../../src/domain/ids.ts';
import { WorkflowsUnavailableError } from '../../src/ports/card-workflows.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createRealServer } from '../support/real-temporal.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let database: TestDatabase;
let sql: Sql;
let server: TestWorkflowEnvironment;
/** In the order of their ids. */
let open: readonly CardProgram[];
let closed: CardProgram;

beforeAll(async () => {
  [database, server] = await Promise.all([createTestDatabase(), createRealServer()]);
  sql = createSql({ url: database.appUrl, poolSize: 1, name: 'test-restore' });
  const made = [];
  for (let n = 0; n < 5; n += 1) made.push(await createCardProgram(sql));
  open = made.toSorted((a, b) => (a.cardId < b.cardId ? -1 : 1));
  closed = await createCardProgram(sql, { phase: 'closed' });
}, 60_000);
afterAll(async () => {
  await server.teardown();
  await sql.end();
  await database.drop();
});

const restore = (args: readonly string[], env: Record<string, string> = {}) =>
  runCommand(['workflows-restore', ...args], {
    DATABASE_URL: database.appUrl,
    TEMPORAL_ADDRESS: server.address,
    ...env,
  });

async function running(): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { cardId } of [...open, closed]) {
    const handle = server.client.workflow.getHandle(cardWorkflowId(cardId));
    const status = await handle.describe().then(
      (description) => description.status.name,
      () => 'MISSING',
    );
    if (status === 'RUNNING') found.push(cardId);
  }
  return found;
}
const idsOf = (programs: readonly CardProgram[]) => programs.map(({ cardId }) => cardId);

describe('workflows:restore', () => {
  it('says what it would do, and does nothing, on a dry run', async () => {
    const { code, output } = await restore(['--dry-run']);
    expect(output).toContain('Looking for missing workflows of postgres://');
    expect(output).toContain(`on Temporal ${server.address}, namespace "default" …`);
    expect(output).toMatch(
      /\n5 open cards: 5 would be started, 0 already running, 0 failed; \d+\.\d s\.\n$/,
    );
    expect(code).toBe(0);
    expect(await running()).toEqual([]);
  });

  it('goes on after a card', async () => {
    const { code, output } = await restore(['--after', open[2]?.cardId ?? '']);
    expect(output).toContain('2 open cards: 2 started, 0 already running, 0 failed;');
    expect(output).toContain('No worker has asked for work in this namespace yet');
    expect(code).toBe(0);
    expect(await running()).toEqual(idsOf(open.slice(3)));
  });

  it('starts the open cards that have no workflow, and has all told what was not worked off', async () => {
    const [first, , , later] = open;
    if (first === undefined || later === undefined) throw new Error('five cards are there');
    for (const card of [first, later]) {
      await insertFact(sql, card, { kind: 'purchase_seen' }, 'one');
    }
    await sql`update facts set signalled_at = now()`;
    const { code, output } = await restore([]);
    expect(output).toContain('5 open cards: 3 started, 2 already running, 0 failed;');
    expect(output).toContain('2 facts had not been worked off;');
    expect(code).toBe(0);
    expect(await running()).toEqual(idsOf(open));
    const waiting = await sql<{ card_id: string }[]>`
      select card_id from facts where signalled_at is null`;
    expect(waiting.map(({ card_id }) => card_id).toSorted()).toEqual(
      [first.cardId, later.cardId].toSorted(),
    );
  });

  it('leaves everything alone the second time', async () => {
    const { code, output } = await restore([]);
    expect(output).toContain('5 open cards: 0 started, 5 already running, 0 failed;');
    expect(code).toBe(0);
  });

  it('says so when there is nothing to start', async () => {
    const { code, output } = await restore(['--after', 'card_zzzzzzzzzz']);
    expect(output).toMatch(/\nNo open cards, so nothing to start; \d+\.\d s\.\n$/);
    expect(code).toBe(0);
  });
});

describe('what cannot be used', () => {
  it('is told by the settings that name it, with exit code 2', async () => {
    const away = await restore([], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect(away.output).toContain(
      'TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE: 127.0.0.1:1, "default" cannot be used:',
    );
    const nowhere = await restore([], { TEMPORAL_NAMESPACE: 'nobody-made-it' });
    expect(nowhere.output).toContain('"nobody-made-it" cannot be used: Namespace nobody-made-it');
    const noDatabase = await restore([], {
      DATABASE_URL: 'postgres://issuing_app:hush@127.0.0.1:1/x',
    });
    expect(noDatabase.output).toContain(
      'DATABASE_URL: postgres://issuing_app@127.0.0.1:1/x cannot be used',
    );
    expect([away.code, nowhere.code, noDatabase.code]).toEqual([2, 2, 2]);
    const half = await runCommand(['workflows-restore'], { DATABASE_URL: database.appUrl });
    expect(half.output).toContain(
      'DATABASE_URL is set alone; set both of DATABASE_URL and TEMPORAL_ADDRESS, or neither',
    );
    expect(half.code).toBe(2);
  });

  it('is a namespace without the search attributes, with the command that makes them', async () => {
    await server.connection.workflowService.registerNamespace({
      namespace: 'bare',
      workflowExecutionRetentionPeriod: msToTs('24h'),
    });
    await expect
      .poll(async () => (await restore([], { TEMPORAL_NAMESPACE: 'bare' })).output, {
        timeout: 20_000,
      })
      .toContain('temporal operator search-attribute create --namespace bare --name CardPhase');
  });

  it('is a local stack that does not run, or has no Temporal of its own', async () => {
    const folder = await temporaryFolder();
    await expect(localTemporal(folder)).rejects.toThrow('No Temporal to start workflows on');
    const state = newState({ postgres: true, temporal: true, simulator: true });
    await writeState(folder, { ...state, isEstablished: true, temporalAddress: '127.0.0.1:7999' });
    expect(await localTemporal(folder)).toEqual({
      address: '127.0.0.1:7999',
      namespace: 'default',
    });
  });
});

describe('cards that cannot be given their workflow', () => {
  const page = ['card_a', 'card_b', 'card_c'].map(parseCardId);
  const steps = (start: (cardId: CardId) => Promise<'started' | 'running'>) => ({
    openCards: async ({ after }: { readonly after: string }) =>
      page.filter((cardId) => cardId > after),
    start,
    onReached: async () => {},
    onPage: () => {},
  });
  const told = { isDryRun: false, toldAgain: 0, isWorkerPolling: true };

  it('are named with their reason, and a passing failure is tried again', async () => {
    let tries = 0;
    const outcome = await restoreCards(
      '',
      steps(async (cardId) => {
        if (cardId === 'card_b') throw new Error('refused');
        if (cardId === 'card_c' && (tries += 1) < 3) throw new WorkflowsUnavailableError('late');
        return 'started';
      }),
    );
    expect(outcomeText({ ...outcome, ...told, seconds: 1 })).toBe(
      'card_b failed: refused\n' +
        'Run it again once that is settled: cards whose workflow runs are left alone.\n' +
        '3 open cards: 2 started, 0 already running, 1 failed; 1.0 s.',
    );
  });

  it('are counted when they are a whole page, because somebody answered', async () => {
    const outcome = await restoreCards(
      'card_b',
      steps(() => Promise.reject(new Error('refused'))),
    );
    expect(outcomeText({ ...outcome, ...told, seconds: 1 })).toBe(
      'card_c failed: refused\n' +
        'Run it again once that is settled: cards whose workflow runs are left alone.\n' +
        '1 open card: 0 started, 0 already running, 1 failed; 1.0 s.',
    );
  });

  it('end the run when they are all that there are, with the command that goes on', async () => {
    const outcome = await restoreCards(
      'card_a',
      steps(() => Promise.reject(new WorkflowsUnavailableError('no answer'))),
    );
    expect(outcomeText({ ...outcome, ...told, seconds: 1 })).toBe(
      'Gave up, because no card could be reached: no answer\n' +
        'Go on with: npm run workflows:restore -- --after card_a\n' +
        '0 open cards: 0 started, 0 already running, 0 failed; 1.0 s.',
    );
  });
});
