/**
 * One request to one answer, always in time: profile, rules, then funds and limits in Postgres. Without an answer
 * from Postgres within its budget the answer is a decline that says so; a hold committed after that is freed by
 * convergence, because Stripe's own state shows what was answered.
 */
import type { AskedRequest } from '../../domain/authorization-request.ts';
import type { CardProfile } from '../../domain/card-profile.ts';
import { evaluate } from '../../domain/decision.ts';
import type { DecisionReason, FallbackReason } from '../../domain/decision-reasons.ts';
import { type MinorUnits, ZERO } from '../../domain/money.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Question } from '../../ports/decision-store.ts';
import { ANSWER_BUDGET_MS, POSTGRES_BUDGET_MS, STALE_RETRIES_MAX } from './budget.ts';
import type { LaneReply, Lanes } from './lanes.ts';
import type { ProfileCache } from './profile-cache.ts';
import type { Watch } from './watch.ts';

export interface DecisionAnswer {
  readonly approved: boolean;
  readonly reason: DecisionReason;
  readonly approvedMinor: MinorUnits;
  /** Null when Postgres had no part in the answer. */
  readonly decisionId: string | null;
  /** When the profile was there, and when Postgres had answered: milliseconds since the request was received. */
  readonly profileMs: number | null;
  /** Null when Postgres did not answer. */
  readonly databaseMs: number | null;
}

/** When a request came in, and when its signature had been checked: milliseconds of our clock. */
export interface Arrival {
  readonly receivedMs: number;
  readonly verifiedMs: number;
}

export interface DeciderDependencies {
  readonly profiles: ProfileCache;
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly watch: Watch;
  readonly onError: (error: unknown) => void;
}

/** Never rejects, and answers within the budget of `arrival.receivedMs`. */
export type Decider = (request: AskedRequest, arrival: Arrival) => Promise<DecisionAnswer>;

const fallback = (reason: FallbackReason): DecisionAnswer => ({
  approved: false,
  reason,
  approvedMinor: ZERO,
  decisionId: null,
  profileMs: null,
  databaseMs: null,
});

export function createDecider(dependencies: DeciderDependencies): Decider {
  const { clock, onError } = dependencies;
  return async (request, arrival) => {
    let timer: NodeJS.Timeout | undefined;
    const outOfTime = new Promise<DecisionAnswer>((resolve) => {
      const leftMs = arrival.receivedMs + ANSWER_BUDGET_MS - clock.nowMs();
      timer = setTimeout(() => resolve(fallback('NO_ANSWER_IN_TIME')), Math.max(0, leftMs));
    });
    const decided = decide(dependencies, request, arrival).catch((error: unknown) => {
      onError(error);
      return fallback('INTERNAL_ERROR');
    });
    const answer = await Promise.race([decided, outOfTime]);
    clearTimeout(timer);
    return answer;
  };
}

async function decide(
  { profiles, lanes, clock, watch, onError }: DeciderDependencies,
  request: AskedRequest,
  { receivedMs, verifiedMs }: Arrival,
): Promise<DecisionAnswer> {
  const deadlineMs = receivedMs + POSTGRES_BUDGET_MS;
  const since = (ms: number): number => Math.round((ms - receivedMs) * 1_000) / 1_000;
  const ask = (profile: CardProfile | null): Promise<LaneReply> => {
    const question: Question = {
      request,
      profile,
      rule: evaluate(request, profile),
      timings: {
        receivedAt: new Date(receivedMs).toISOString(),
        verifiedMs: since(verifiedMs),
        profileMs: since(clock.nowMs()),
      },
      deadlineMs,
    };
    return lanes.ask(question);
  };
  const loaded =
    request.kind === 'readable'
      ? await profiles.get(request, deadlineMs)
      : ({ kind: 'loaded', profile: null } as const);
  if (loaded.kind !== 'loaded') {
    count(watch, loaded);
    return toAnswer(loaded);
  }
  const profileMs = since(clock.nowMs());
  let reply = await ask(loaded.profile);
  for (let retry = 0; reply.kind === 'stale' && retry < STALE_RETRIES_MAX; retry += 1) {
    watch.stale();
    if (request.kind === 'readable') profiles.put(request, reply.profile);
    reply = await ask(reply.profile);
  }
  count(watch, reply);
  if (reply.kind === 'failed')
    onError(new Error(`the decision failed in Postgres: ${reply.error}`));
  return {
    ...toAnswer(reply),
    profileMs,
    databaseMs: reply.kind === 'decided' ? since(clock.nowMs()) : null,
  };
}

/** Whether it was the profile or the decision that was not to be had in time. */
function count(watch: Watch, { kind }: LaneReply): void {
  if (kind === 'shed') watch.shed();
  if (kind === 'too_late' || kind === 'busy') watch.late();
}

function toAnswer(reply: LaneReply): DecisionAnswer {
  switch (reply.kind) {
    case 'decided': {
      const { approved, reason, approvedMinor, decisionId } = reply;
      return { approved, reason, approvedMinor, decisionId, profileMs: null, databaseMs: null };
    }
    case 'shed':
      return fallback('OVERLOADED');
    case 'busy':
    case 'stale':
    case 'too_late':
      return fallback('NO_ANSWER_IN_TIME');
    case 'unavailable':
      return fallback('DATABASE_UNAVAILABLE');
    case 'unknown_tenant':
      return fallback('UNKNOWN_TENANT');
    case 'failed':
      return fallback('INTERNAL_ERROR');
  }
}
