/**
 * One request to one answer, always in time: profile, rules, then funds and limits in Postgres. Without an answer
 * from Postgres within its budget the answer is a decline that says so; a hold committed after that is freed by
 * convergence, because Stripe's own state shows what was answered.
 */
import {
  type AuthorizationRequest,
  type CardProfile,
  evaluate,
  type FallbackReason,
} from '../../domain/decision.ts';
import { type MinorUnits, ZERO } from '../../domain/money.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Decided, DecisionStore, Question } from '../../ports/decision-store.ts';
import { ANSWER_BUDGET_MS, POSTGRES_BUDGET_MS } from './budget.ts';
import type { LaneReply, Lanes } from './lanes.ts';
import type { ProfileCache } from './profile-cache.ts';

export interface DecisionAnswer {
  readonly approved: boolean;
  readonly reason: string;
  readonly approvedMinor: MinorUnits;
  /** Null when Postgres had no part in the answer. */
  readonly decisionId: string | null;
}

export interface DeciderDependencies {
  readonly store: DecisionStore;
  readonly profiles: ProfileCache;
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

export type Decider = (
  request: AuthorizationRequest,
  receivedMs: number,
) => Promise<DecisionAnswer>;

const fallback = (reason: FallbackReason): DecisionAnswer => ({
  approved: false,
  reason,
  approvedMinor: ZERO,
  decisionId: null,
});

export function createDecider(dependencies: DeciderDependencies): Decider {
  const { clock, onError } = dependencies;
  return async (request, receivedMs) => {
    let timer: NodeJS.Timeout | undefined;
    const outOfTime = new Promise<DecisionAnswer>((resolve) => {
      const leftMs = receivedMs + ANSWER_BUDGET_MS - clock.nowMs();
      timer = setTimeout(() => resolve(fallback('NO_ANSWER_IN_TIME')), Math.max(0, leftMs));
    });
    const decided = decide(dependencies, request, receivedMs).catch((error: unknown) => {
      onError(error);
      return fallback('INTERNAL_ERROR');
    });
    const answer = await Promise.race([decided, outOfTime]);
    clearTimeout(timer);
    return answer;
  };
}

async function decide(
  { profiles, lanes, clock }: DeciderDependencies,
  request: AuthorizationRequest,
  receivedMs: number,
): Promise<DecisionAnswer> {
  const { stripeAccount, stripeCardId } = request;
  const ask = (profile: CardProfile | null): Promise<LaneReply> => {
    const question: Question = {
      request,
      profile,
      rule: evaluate(request, profile),
      timings: { askedMs: clock.nowMs() - receivedMs },
      deadlineMs: receivedMs + POSTGRES_BUDGET_MS,
    };
    return lanes.ask(question);
  };
  const reply = await ask(await profiles.get(stripeAccount, stripeCardId));
  if (reply.kind !== 'stale') return toAnswer(reply);
  profiles.put(stripeAccount, stripeCardId, reply.profile);
  // One more try with the fresh profile; if that is outdated too, the card is changing faster than we can read.
  return toAnswer(await ask(reply.profile));
}

function toAnswer(reply: LaneReply): DecisionAnswer {
  switch (reply.kind) {
    case 'decided':
      return fromDecided(reply);
    case 'shed':
      return fallback('OVERLOADED');
    case 'busy':
    case 'stale':
    case 'too_late':
      return fallback('NO_ANSWER_IN_TIME');
    case 'failed':
      throw new Error(`the decision failed in Postgres: ${reply.error}`);
  }
}

const fromDecided = ({ approved, reason, approvedMinor, decisionId }: Decided): DecisionAnswer => ({
  approved,
  reason,
  approvedMinor,
  decisionId,
});
