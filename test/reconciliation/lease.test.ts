/** The lease of a tenant while its list is read: what a failed renewal means, and what a lost lease. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { underLease } from '../../src/reconciliation/lease.ts';

const RENEWAL_MS = 20_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

type Store = Parameters<typeof underLease>[0];

/** Works for as many renewals as there are answers, and says whether the work was ended. */
async function afterRenewals(answers: readonly (boolean | Error)[]) {
  const released: boolean[] = [];
  const left = [...answers];
  const store = {
    lease: async () => true,
    async renew() {
      const answer = left.shift() ?? true;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    release: async (_tenantId: string, _holder: string, isFinished: boolean) =>
      void released.push(isFinished),
  } as unknown as Store;
  const done = underLease(store, { tenantId: 'ten_leased', holder: 'one' }, async (signal) => {
    await vi.advanceTimersByTimeAsync(RENEWAL_MS * answers.length);
    signal.throwIfAborted();
    return 'done';
  }).catch((error: unknown) => String(error));
  return [await done, ...released];
}

const AWAY = new Error('Postgres is away');

test('Two renewals in a row may fail, because the lease holds for three', async () => {
  expect(await afterRenewals([AWAY, AWAY, true, AWAY, AWAY])).toEqual(['done', true]);
});

test('A third failure ends the work before somebody else can begin it', async () => {
  expect(await afterRenewals([AWAY, AWAY, AWAY])).toEqual([
    'LeaseLostError: the lease of ten_leased could not be renewed',
    false,
  ]);
});

test('A lease that somebody else has ends the work at once', async () => {
  expect(await afterRenewals([true, false])).toEqual([
    'LeaseLostError: somebody else reads for ten_leased now',
    false,
  ]);
});
