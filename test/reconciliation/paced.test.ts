import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPace } from '../../src/platform/pace.ts';
import { IssuerUnavailableError, TooManyCallsError } from '../../src/ports/issuer.ts';
import { paced } from '../../src/reconciliation/paced.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** When the call of somebody else was made, in milliseconds, after one call of ours has failed. */
async function othersWaitAfter(error: Error): Promise<number> {
  const pacing = { pace: createPace(1_000) };
  const begun = performance.now();
  let failures = 0;
  const ours = paced(pacing, async () => {
    failures += 1;
    if (failures === 1) throw error;
  });
  await vi.advanceTimersByTimeAsync(10);
  const others = paced(pacing, async () => performance.now() - begun);
  await vi.runAllTimersAsync();
  await ours;
  expect(failures).toBe(2);
  return others;
}

test('an account that refuses us is waited for by its own tenant alone', async () => {
  expect(await othersWaitAfter(new IssuerUnavailableError('status 403'))).toBeLessThan(100);
});

test('too many calls are waited for by everybody', async () => {
  expect(await othersWaitAfter(new TooManyCallsError('status 429'))).toBeGreaterThanOrEqual(1_000);
});

test('a call is given up after its tries, or when whoever asked is stopped', async () => {
  let calls = 0;
  const failing = async (): Promise<never> => {
    calls += 1;
    throw new IssuerUnavailableError('no answer');
  };
  const pacing = { pace: createPace(1_000), triesMax: 3 };
  const given = paced(pacing, failing);
  given.catch(() => {});
  await vi.runAllTimersAsync();
  await expect(given).rejects.toThrow('no answer');
  expect(calls).toBe(3);
  const stopping = new AbortController();
  const stopped = paced(pacing, failing, stopping.signal);
  stopped.catch(() => {});
  await vi.advanceTimersByTimeAsync(10);
  stopping.abort(new Error('the end'));
  await expect(stopped).rejects.toThrow('the end');
  expect(calls).toBe(4);
});
