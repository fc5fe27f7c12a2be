/**
 * Histories of earlier code, replayed against today's: a change that a running card could not survive fails here.
 * Such a change needs a patch, as docs/lifecycle.md tells; a recording is never made again.
 */
import { readFile } from 'node:fs/promises';
import { Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { recordingNames, recordingText } from './history-files.ts';
import { installReplayRuntime, replayed } from './replays.ts';

const names = await recordingNames();
const texts = new Map<string, string>();
let problems: ReadonlyMap<string, Error | null>;
let problemsOfChanged: ReadonlyMap<string, Error | null>;

beforeAll(async () => {
  installReplayRuntime();
  for (const name of names) texts.set(name, await recordingText(name));
  const code = await readFile(inject('workflowBundlePath'), 'utf8');
  problems = await replayed(code, texts);
  const changed = [...texts].map(([name, text]) => [name, withAnotherActivity(text)] as const);
  problemsOfChanged = await replayed(code, new Map(changed));
}, 60_000);
afterAll(() => Runtime.instance().shutdown());

const ADVICE =
  'A card that runs since before this change could not go on. Guard the change with patched(), as "Changing the code" in docs/lifecycle.md shows, and keep the recording as it is.';

/** Every run begins with loading its card; under another name it is the run of other code. */
const withAnotherActivity = (text: string): string =>
  text.replaceAll(/"data":"([^"]*)"/g, (whole, data: string) => {
    const before = Buffer.from(data, 'base64').toString();
    const after = before.replace('"activity_type":"loadCard"', '"activity_type":"otherActivity"');
    return after === before ? whole : `"data":"${Buffer.from(after).toString('base64')}"`;
  });

test.each(names)('%s replays', (name) => {
  const problem = problems.get(name);
  expect(problem === null ? 'replayed' : `${ADVICE}\n\n${problem?.name}: ${problem?.message}`).toBe(
    'replayed',
  );
});

test.each(names)('%s is refused when something else was done in it', (name) => {
  expect(problemsOfChanged.get(name)?.name).toBe('DeterminismViolationError');
});

test.each(names)('%s holds nothing personal', (name) => {
  const payloads = [...(texts.get(name) ?? '').matchAll(/"data":\s*"([^"]*)"/g)];
  const decoded = payloads.map(([, data]) => Buffer.from(data ?? '', 'base64').toString());
  expect(decoded.filter((text) => /@|line1|birth|"name"/.test(text))).toEqual([]);
});
