/** The calls that look unconfirmed approvals up, and what is written about how each ended. */
import { storeFetched } from '../../adapters/postgres/fetched-authorizations.ts';
import type { Sql } from '../../adapters/postgres/pool.ts';
import {
  endLooks,
  type LookResult,
  releaseHolds,
  type UnconfirmedHold,
} from '../../adapters/postgres/unconfirmed-store.ts';
import type {
  AuthorizationFetcher,
  AuthorizationLister,
  AuthorizationPage,
  FetchedAuthorization,
} from '../../ports/authorization-fetcher.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Listing, takePage } from './unconfirmed-listing.ts';

/** The second look comes after this, each further one after twice as long. */
const LOOK_AGAIN_FIRST_S = 60;
/** An authorization that stays open without our approval may do so for weeks; an hour is soon enough. */
const LOOK_AGAIN_MAX_S = 3_600;

export interface StripeLooks {
  readonly fetcher: AuthorizationFetcher;
  readonly lister: AuthorizationLister;
}

export interface LookCallOptions {
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** Told of each call to Stripe. */
  readonly onCall: () => void;
  /** Told of approvals whose look has ended. */
  readonly onEnd: (result: LookResult, count: number) => void;
}

interface ListEnd {
  /** False when the call failed. */
  readonly isAnswered: boolean;
  /** The page that is left to be asked for. */
  readonly next: Listing | null;
  /** Every approval of the pass has been looked for. */
  readonly isDone: boolean;
}

export function createLookCalls(sql: Sql, stripe: StripeLooks, options: LookCallOptions) {
  const nowS = (): number => Math.floor(options.clock.nowMs() / 1000);

  async function end(holds: readonly UnconfirmedHold[], result: LookResult): Promise<void> {
    if (holds.length === 0) return;
    const at = nowS();
    const ends = holds.map(({ authorizationId, looks }) => ({
      authorizationId,
      result,
      nextLookS: at + waitAfter(looks),
    }));
    await endLooks(sql, ends, at);
    options.onEnd(result, holds.length);
  }

  /** What the call answers; undefined after a failure, which is told and written down. */
  async function answerOf<T>(
    holds: readonly UnconfirmedHold[],
    call: () => Promise<T>,
  ): Promise<T | undefined> {
    options.onCall();
    try {
      return await call();
    } catch (error) {
      options.onError(error);
      await end(holds, 'failed');
      return undefined;
    }
  }

  return {
    /** Asks for one approval's authorization by its id; false when the call failed. */
    async byId(hold: UnconfirmedHold): Promise<boolean> {
      const { stripeAccount, authorizationId } = hold;
      const fetched = await answerOf<FetchedAuthorization | null>([hold], () =>
        stripe.fetcher.fetch(stripeAccount, authorizationId),
      );
      if (fetched === undefined) return false;
      if (fetched !== null) await storeFetched(sql, [{ ...hold, fetched }]);
      await end([hold], fetched === null ? 'unknown' : 'found');
      return true;
    },

    /** Asks for the next page of a pass. */
    async list(listing: Listing): Promise<ListEnd> {
      const page = await answerOf<AuthorizationPage>(listing.wanted, () =>
        stripe.lister.list(listing.stripeAccount, listing.query),
      );
      if (page === undefined) return { isAnswered: false, next: null, isDone: false };
      const { found, notListed, unseen, next } = takePage(listing, page);
      await storeFetched(sql, found);
      await end(found, 'found');
      await end(notListed, 'not_listed');
      const unseenIds = unseen.map((hold) => hold.authorizationId);
      await releaseHolds(sql, unseenIds, nowS());
      return { isAnswered: true, next, isDone: next === null && unseen.length === 0 };
    },
  };
}

const waitAfter = (looks: number): number =>
  Math.min(LOOK_AGAIN_MAX_S, LOOK_AGAIN_FIRST_S * 2 ** Math.min(looks - 1, 20));
