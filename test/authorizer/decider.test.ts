/** From a request to its answer, over a store that does what the test says; lanes, cache and guard are the real ones. */
import { describe, expect, it } from 'vitest';
import { createDecider } from '../../src/apps/authorizer/decider.ts';
import { createGuard } from '../../src/apps/authorizer/guard.ts';
import { createLanes } from '../../src/apps/authorizer/lanes.ts';
import { createProfileCache } from '../../src/apps/authorizer/profile-cache.ts';
import { createProfileLoader } from '../../src/apps/authorizer/profile-loader.ts';
import { watchNothing } from '../../src/apps/authorizer/watch.ts';
import type { AskedRequest } from '../../src/domain/authorization-request.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { DecisionStore, Question, Reply } from '../../src/ports/decision-store.ts';
import { sampleProfile, sampleRequest } from '../support/sample-request.ts';

const DECIDED: Reply = {
  kind: 'decided',
  decisionId: 'dec_1',
  approved: true,
  reason: 'APPROVED',
  approvedMinor: minorUnits(1_000),
};
const UNREADABLE: AskedRequest = {
  kind: 'unreadable',
  requestId: 'evt_1',
  stripeAccount: null,
  authorizationId: null,
  stripeCardId: null,
  requestedS: 1_800_000_000,
  problem: 'data.object is missing',
};

type Store = Pick<DecisionStore, 'decide' | 'loadProfiles'>;

function decider(over: Partial<Store> = {}) {
  const asked: Question[] = [];
  const errors: unknown[] = [];
  let loads = 0;
  const store: Store = {
    decide: (questions) => Promise.resolve(questions.map(() => DECIDED)),
    loadProfiles: (keys) => Promise.resolve(keys.map(() => sampleProfile())),
    ...over,
  };
  const watchedStore: Store = {
    decide(questions) {
      asked.push(...questions);
      return store.decide(questions);
    },
    loadProfiles(keys) {
      loads += 1;
      return store.loadProfiles(keys);
    },
  };
  const clock = systemClock();
  const onError = (error: unknown): void => void errors.push(error);
  const guard = createGuard(() => {});
  const base = { clock, guard, onError };
  const watch = watchNothing;
  const profiles = createProfileCache(createProfileLoader({ ...base, store: watchedStore }), watch);
  const lanes = createLanes({ ...base, store: watchedStore, watch, questionsPerCallMax: 200 });
  const decide = createDecider({ profiles, lanes, clock, watch, onError });
  return {
    asked,
    errors,
    loads: () => loads,
    decide: (request: AskedRequest = sampleRequest()) => {
      const receivedMs = clock.nowMs();
      return decide(request, { receivedMs, verifiedMs: receivedMs });
    },
  };
}

const replying = (...replies: readonly Reply[]): Pick<Store, 'decide'> => {
  let calls = 0;
  return {
    decide: () => Promise.resolve([replies[Math.min(calls++, replies.length - 1)] ?? DECIDED]),
  };
};

describe('a request', () => {
  it('is decided by Postgres, on the rules and the profile', async () => {
    const { decide, asked } = decider();
    expect(await decide()).toEqual({
      approved: true,
      reason: 'APPROVED',
      approvedMinor: 1_000,
      decisionId: 'dec_1',
      profileMs: expect.any(Number),
      databaseMs: expect.any(Number),
    });
    expect(asked).toMatchObject([
      {
        profile: sampleProfile(),
        rule: { kind: 'ask_funds' },
        timings: { receivedAt: expect.stringMatching(/Z$/), verifiedMs: 0 },
      },
    ]);
  });

  it('of a card that was asked for before needs no second look at its profile', async () => {
    const { decide, loads } = decider();
    await decide();
    await decide();
    expect(loads()).toBe(1);
  });

  it('that is unreadable is asked about without a profile, so that its decline is recorded', async () => {
    const { decide, asked, loads } = decider();
    await decide(UNREADABLE);
    expect(loads()).toBe(0);
    expect(asked).toMatchObject([
      { profile: null, rule: { kind: 'decline', reason: 'REQUEST_UNREADABLE' } },
    ]);
  });

  it('of a card that nobody knows is asked about too', async () => {
    const { decide, asked } = decider({ loadProfiles: () => Promise.resolve([null]) });
    await decide();
    expect(asked).toMatchObject([
      { profile: null, rule: { kind: 'decline', reason: 'UNKNOWN_CARD' } },
    ]);
  });

  it('is asked again with the fresh profile when its own is outdated, which later ones have at once', async () => {
    const frozen = sampleProfile({ isFrozen: true });
    const { decide, asked } = decider(replying({ kind: 'stale', profile: frozen }, DECIDED));
    await decide();
    await decide();
    expect(asked.map(({ profile }) => profile?.isFrozen)).toEqual([false, true, true]);
    expect(asked[1]?.rule).toMatchObject({ kind: 'decline', reason: 'CARD_FROZEN' });
  });
});

describe('without an answer of Postgres', () => {
  it.each<[string, Partial<Store>, string]>([
    ['it is silent', { decide: () => new Promise(() => {}) }, 'NO_ANSWER_IN_TIME'],
    ['no profile comes', { loadProfiles: () => new Promise(() => {}) }, 'NO_ANSWER_IN_TIME'],
    ['it refuses', { decide: () => Promise.reject(new Error('away')) }, 'DATABASE_UNAVAILABLE'],
    [
      'it refuses a profile',
      { loadProfiles: () => Promise.reject(new Error('away')) },
      'DATABASE_UNAVAILABLE',
    ],
    ['it is too late', replying({ kind: 'too_late' }), 'NO_ANSWER_IN_TIME'],
    ['the account stays locked', replying({ kind: 'busy' }), 'NO_ANSWER_IN_TIME'],
    [
      'the card changes faster than it can be read',
      replying({ kind: 'stale', profile: sampleProfile() }),
      'NO_ANSWER_IN_TIME',
    ],
    ['no tenant asks', replying({ kind: 'unknown_tenant' }), 'UNKNOWN_TENANT'],
    ['it fails', replying({ kind: 'failed', error: 'division by zero' }), 'INTERNAL_ERROR'],
  ])('because %s, the answer is a decline that says so', async (_why, over, reason) => {
    const { decide } = decider(over);
    expect(await decide()).toMatchObject({
      approved: false,
      reason,
      approvedMinor: 0,
      decisionId: null,
      databaseMs: null,
    });
  });

  it('because of a bug, the answer is a decline, and the bug is told', async () => {
    const { decide, errors } = decider({
      loadProfiles: () => Promise.resolve([{ ...sampleProfile(), controls: null } as never]),
    });
    expect(await decide()).toMatchObject({ approved: false, reason: 'INTERNAL_ERROR' });
    expect(errors).toHaveLength(1);
  });
});
