import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPace } from '../../src/platform/pace.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** When each of so many turns was given, in milliseconds since now. */
async function givenAt(count: number, turn: () => Promise<void>): Promise<readonly number[]> {
  const begun = performance.now();
  const given: number[] = [];
  const all = Array.from({ length: count }, async () => {
    await turn();
    given.push(Math.round(performance.now() - begun));
  });
  await vi.runAllTimersAsync();
  await Promise.all(all);
  return given;
}

test('Turns come evenly, the first at once', async () => {
  const pace = createPace(10);
  expect(await givenAt(4, () => pace.turn())).toEqual([0, 100, 200, 300]);
});

test('A server that asks for more time gets it', async () => {
  const pace = createPace(10);
  pace.holdMs(2_000);
  expect(await givenAt(2, () => pace.turn())).toEqual([2_000, 2_100]);
});

test('Whoever is aborted while it waits is told at once, and the next one has its turn', async () => {
  const pace = createPace(1);
  await pace.turn();
  const aborting = new AbortController();
  const given = pace.turn(aborting.signal);
  const after = pace.turn();
  aborting.abort(new Error('the process stops'));
  await expect(given).rejects.toThrow('the process stops');
  await vi.advanceTimersByTimeAsync(1_000);
  await expect(after).resolves.toBeUndefined();
});
