/**
 * Histories of earlier code, replayed against today's: a change that a running card could not survive fails here.
 * A new history is recorded, never an old one again: RECORD_HISTORIES=1 npx vitest run
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

beforeAll(() => {
  const filter = makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' });
  const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
  Runtime.install({ logger: quiet, telemetryOptions: { logging: { filter, forward: {} } } });
});
afterAll(() => Runtime.instance().shutdown());

const directory = join(import.meta.dirname, 'histories');
const names = (await readdir(directory)).filter((name) => name.endsWith('.json'));

const read = (name: string): Promise<string> => readFile(join(directory, name), 'utf8');

const replay = (text: string): Promise<void> =>
  Worker.runReplayHistory(
    { workflowBundle: { codePath: inject('workflowBundlePath') } },
    historyFromJSON(JSON.parse(text)),
    'card/card_replayed',
  );

test('there are histories of a virtual card, of a physical card, and of a run that continued', () => {
  expect(names.map((name) => name.replace(/^\d{4}-/, ''))).toEqual(
    expect.arrayContaining(['virtual.json', 'reissued.json', 'continued.json']),
  );
});

test.each(names)('%s replays', async (name) => {
  await expect(replay(await read(name))).resolves.toBeUndefined();
});

test.each(names)('%s is refused when one of its activities is another one', async (name) => {
  const changed = (await read(name)).replaceAll('"saveCard"', '"someOtherActivity"');
  const error = await replay(changed).catch((reason: unknown) => reason);
  expect(error instanceof Error && error.name).toBe('DeterminismViolationError');
});

test.each(names)('%s holds nothing personal', async (name) => {
  const payloads = [...(await read(name)).matchAll(/"data":\s*"([^"]*)"/g)];
  const texts = payloads.map(([, data]) => Buffer.from(data ?? '', 'base64').toString());
  expect(texts.filter((text) => /@|line1|birth|"name"/.test(text))).toEqual([]);
});
