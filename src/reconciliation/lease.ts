/** Holds a tenant's lease for as long as the work takes, and ends the work when the lease is lost. */
import type { CatchUpStore } from '../ports/catch-up-store.ts';

/** A third of the lease's time, so that two renewals in a row may fail before somebody else can take it. */
const RENEW_EVERY_MS = 20_000;
const FAILED_RENEWALS_MAX = 2;

export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

export interface LeaseWanted {
  readonly tenantId: string;
  /** Nobody else's name: of this process and this run. */
  readonly holder: string;
  readonly signal?: AbortSignal | undefined;
}

/** Undefined while somebody else holds it. `work` rejects, or answers what it has done. */
export async function underLease<T>(
  store: CatchUpStore,
  { tenantId, holder, signal }: LeaseWanted,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  if (!(await store.lease(tenantId, holder))) return undefined;
  const lost = new AbortController();
  let failures = 0;
  const timer = setInterval(() => {
    store.renew(tenantId, holder).then(
      (isHeld) => {
        failures = 0;
        if (!isHeld) lost.abort(new LeaseLostError(`somebody else reads for ${tenantId} now`));
      },
      (cause: unknown) => {
        failures += 1;
        if (failures <= FAILED_RENEWALS_MAX) return;
        lost.abort(new LeaseLostError(`the lease of ${tenantId} could not be renewed`, { cause }));
      },
    );
  }, RENEW_EVERY_MS);
  let isFinished = false;
  try {
    const both = signal === undefined ? lost.signal : AbortSignal.any([lost.signal, signal]);
    const done = await work(both);
    isFinished = true;
    return done;
  } finally {
    clearInterval(timer);
    await store.release(tenantId, holder, isFinished);
  }
}
