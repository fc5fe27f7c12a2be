/**
 * Looks up approvals that no view of Stripe has shown for ten minutes: their events were lost, or Stripe was told
 * something else than what we hold for. Each list call asks for many of them; those that a list lacked are asked for by
 * their id, one at a time. What is found goes into the inbox, where the books follow it. Nothing is released here: an
 * authorization that Stripe does not show, or a call that fails, changes no hold.
 */
import type { Sql } from '../../adapters/postgres/pool.ts';
import {
  claimHolds,
  forgetSettled,
  type LookTurn,
  nextTurn,
} from '../../adapters/postgres/unconfirmed-store.ts';
import { createBackoff } from './backoff.ts';
import { createLookCalls, type LookCallOptions, type StripeLooks } from './unconfirmed-calls.ts';
import { beginListing, type Listing } from './unconfirmed-listing.ts';

/** Calls a step, for all tenants; steps come a second apart. Stripe allows 25 a second, and others call it too. */
const CALLS_PER_STEP_MAX = 4;
/** Approvals that one look asks for: ten pages of Stripe's lists. */
const HOLDS_PER_LOOK_MAX = 1_000;
/** What becomes due within this after a list of the tenant waits for the next one, so that few lists find many. */
const LIST_PAUSE_MS = 10_000;
/** A look that is not over by then belonged to a relay that has ended. */
const GIVEN_UP_AFTER_S = 300;

export interface HoldLooker {
  /** Makes the calls of one step; false, because what they found is for the apply loop to work off. */
  look(): Promise<boolean>;
}

export interface HoldLookerOptions extends LookCallOptions {
  readonly isStopping?: () => boolean;
}

/** A call that can be made now, and for whom. Answers whether Stripe answered. */
interface Call {
  readonly tenantId: string;
  readonly make: () => Promise<boolean>;
}

export function createHoldLooker(
  sql: Sql,
  stripe: StripeLooks,
  options: HoldLookerOptions,
): HoldLooker {
  const nowMs = (): number => options.clock.nowMs();
  const calls = createLookCalls(sql, stripe, options);
  const backoff = createBackoff(nowMs);
  /** Lists that go on with the next call, those that waited longest first. */
  const underWay: Listing[] = [];
  /** Until when a tenant's due approvals wait for company. */
  const pausedUntilMs = new Map<string, number>();

  const list = (listing: Listing): Call => ({
    tenantId: listing.tenantId,
    async make() {
      const { isAnswered, next, isDone } = await calls.list(listing);
      if (next !== null) underWay.push(next);
      if (isDone) pausedUntilMs.set(listing.tenantId, nowMs() + LIST_PAUSE_MS);
      return isAnswered;
    },
  });

  const claim = (turn: LookTurn) =>
    claimHolds(sql, turn, {
      nowS: Math.floor(nowMs() / 1000),
      limit: turn.byId ? 1 : HOLDS_PER_LOOK_MAX,
      givenUpAfterS: GIVEN_UP_AFTER_S,
    });

  /** The next call of a tenant that has had none in this step; null when none is due. */
  async function begin(served: ReadonlySet<string>): Promise<Call | null> {
    for (const [tenantId, untilMs] of pausedUntilMs) {
      if (untilMs <= nowMs()) pausedUntilMs.delete(tenantId);
    }
    const turn = await nextTurn(sql, {
      nowS: Math.floor(nowMs() / 1000),
      except: [...backoff.waiting(), ...served],
      exceptLists: [...underWay.map(({ tenantId }) => tenantId), ...pausedUntilMs.keys()],
    });
    if (turn === null) return null;
    const holds = await claim(turn);
    const [first] = holds;
    // Another relay was faster.
    if (first === undefined) return null;
    if (!turn.byId) return list(beginListing(holds, first));
    return { tenantId: turn.tenantId, make: () => calls.byId(first) };
  }

  function goOn(): Call | null {
    const listing = underWay.shift();
    return listing === undefined ? null : list(listing);
  }

  return {
    async look() {
      await forgetSettled(sql);
      const served = new Set<string>();
      for (let made = 0; made < CALLS_PER_STEP_MAX; made += 1) {
        if (options.isStopping?.() === true) return false;
        // In turn, so that neither long lists nor many tenants keep the others waiting.
        const call =
          made % 2 === 0 ? (goOn() ?? (await begin(served))) : ((await begin(served)) ?? goOn());
        if (call === null) return false;
        served.add(call.tenantId);
        if (await call.make()) backoff.succeeded(call.tenantId);
        else backoff.failed(call.tenantId);
      }
      return false;
    },
  };
}
