/**
 * Every change that is guarded with patched() is recorded twice: by the code before it, and with it. Without the guard the
 * first recording could not be replayed, and without the change the second.
 */
import { readFile } from 'node:fs/promises';
import { Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { projectFiles, projectText } from '../support/project-files.ts';
import { parseHistory, recordingNames, recordingText } from './history-files.ts';
import { guardsIn, withAnswer } from './patch-guards.ts';
import { readRun } from './recorded-run.ts';
import { installReplayRuntime, replayed } from './replays.ts';

const code = await readFile(inject('workflowBundlePath'), 'utf8');
const guards = guardsIn(code);
const histories = new Map<string, string>();
for (const name of await recordingNames()) histories.set(name, await recordingText(name));

beforeAll(installReplayRuntime);
afterAll(() => Runtime.instance().shutdown());

const has = (guard: string, text: string): boolean =>
  readRun(parseHistory(text)).patches.includes(guard);

/** Recordings that the changed code cannot go on with. */
async function failing(changed: string): Promise<readonly string[]> {
  const problems = [...(await replayed(changed, histories))].filter(([, error]) => error !== null);
  expect(new Set(problems.map(([, error]) => error?.name))).toEqual(
    new Set(['DeterminismViolationError']),
  );
  return problems.map(([name]) => name);
}

test('every guard of the source is found in the bundle', () => {
  const written = projectFiles()
    .filter(({ path }) => path.startsWith('workflows/'))
    .flatMap(({ text }) => [...text.matchAll(/\bpatched\('([^']+)'\)/g)].map(([, name]) => name));
  expect(new Set(guards)).toEqual(new Set(written));
});

test('the example of docs/lifecycle.md is the code', () => {
  const block = /^( *)```ts\n([\s\S]*?)\n *```$/m.exec(projectText('docs/lifecycle.md') ?? '');
  const lines = (block?.[2] ?? 'no example').split('\n');
  const example = lines.map((line) => line.slice(block?.[1]?.length)).join('\n');
  expect(projectText('workflows/card-work.ts')).toContain(example);
});

test.each(guards)('without the guard %s, recordings of the code before it fail', async (guard) => {
  const names = await failing(withAnswer(code, guard, true));
  expect(names.filter((name) => !has(guard, histories.get(name) ?? ''))).not.toEqual([]);
});

test.each(guards)('without the change behind %s, recordings of it fail', async (guard) => {
  const names = await failing(withAnswer(code, guard, false));
  const withIt = [...histories].filter(([, text]) => has(guard, text)).map(([name]) => name);
  expect(withIt).not.toEqual([]);
  expect(names).toEqual(withIt);
});
