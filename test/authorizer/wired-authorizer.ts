/** An authorizer as main.ts wires it, without a process of its own: requests are injected, Postgres is real. */
import { pino } from 'pino';
import { isOfReplica } from '../../src/adapters/postgres/database-outage.ts';
import { createDecisionStore } from '../../src/adapters/postgres/decision-store.ts';
import { createSql } from '../../src/adapters/postgres/pool.ts';
import { createAnswerRecorder } from '../../src/apps/authorizer/answer-recorder.ts';
import { buildApp } from '../../src/apps/authorizer/app.ts';
import { createAuthorizerMetrics } from '../../src/apps/authorizer/authorizer-metrics.ts';
import { POSTGRES_BUDGET_MS, RECONNECT_AFTER_MS } from '../../src/apps/authorizer/budget.ts';
import { createDecider } from '../../src/apps/authorizer/decider.ts';
import { createGuard } from '../../src/apps/authorizer/guard.ts';
import { createLanes } from '../../src/apps/authorizer/lanes.ts';
import { createProbe } from '../../src/apps/authorizer/probe.ts';
import { createProfileCache } from '../../src/apps/authorizer/profile-cache.ts';
import { createProfileLoader } from '../../src/apps/authorizer/profile-loader.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import type { CardProgram } from '../support/card-program.ts';
import { post, requestEvent, SECRET } from './authorizer-under-test.ts';

/** A purchase that is asked for; the same `requestId` is the same event. */
export interface Swipe {
  readonly requestId: string;
  readonly card: CardProgram;
  readonly amount: number;
}

/** What left as the answer. */
export interface Answer {
  readonly requestId: string;
  readonly approved: boolean;
  /** Null for a fallback: then nobody has decided, or too late. */
  readonly decisionId: string | null;
}

export interface WiredAuthorizer {
  ask(swipe: Swipe): Promise<Answer>;
  close(): Promise<void>;
}

const POOL_SIZE = 4;
const QUESTIONS_PER_CALL_MAX = 200;

export function wireAuthorizer(url: string, name: string): WiredAuthorizer {
  const clock = systemClock();
  const store = createDecisionStore(
    () =>
      createSql({
        url,
        poolSize: POOL_SIZE,
        name,
        statementTimeoutMs: POSTGRES_BUDGET_MS,
        reconnectAfterMs: RECONNECT_AFTER_MS,
      }),
    clock,
  );
  const registry = createMetrics('authorizer');
  const metrics = createAuthorizerMetrics(registry);
  const { watch } = metrics;
  const guard = createGuard(() => store.reconnect(), isOfReplica);
  // What went wrong in Postgres shows in the answers.
  const parts = { store, clock, guard, onError: () => {} };
  const profiles = createProfileCache(createProfileLoader(parts), watch);
  store.onProfileChange((change) => profiles.forget(change));
  const questionsPerCallMax = QUESTIONS_PER_CALL_MAX;
  const lanes = createLanes({ ...parts, watch, questionsPerCallMax });
  const answers = createAnswerRecorder(store, watch, guard);
  const app = buildApp({
    decide: createDecider({ ...parts, profiles, lanes, watch }),
    signingSecrets: [{ account: 'platform', secret: SECRET }],
    metrics,
    registry,
    logger: pino({ level: 'silent' }),
    clock,
    answers,
    probe: createProbe(store, guard),
    tracing: null,
  });
  return {
    async ask(swipe) {
      const { statusCode, body } = await post(app, eventOf(swipe));
      return readAnswer(swipe.requestId, statusCode, JSON.parse(body));
    },
    async close() {
      await app.close();
      await answers.close();
      await store.close();
    },
  };
}

const eventOf = ({ requestId, card, amount }: Swipe) => ({
  ...requestEvent({
    id: authorizationOf(requestId),
    card: { id: card.stripeCardId },
    pending_request: {
      amount,
      currency: 'usd',
      merchant_amount: amount,
      merchant_currency: 'usd',
      is_amount_controllable: false,
      amount_details: null,
    },
  }),
  id: requestId,
});

/** Each request of these tests is about a purchase of its own. */
export const authorizationOf = (requestId: string): string => requestId.replace('evt_', 'iauth_');

function readAnswer(requestId: string, statusCode: number, body: unknown): Answer {
  const { approved, metadata } = body as { approved: unknown; metadata?: Record<string, string> };
  if (statusCode !== 200 || typeof approved !== 'boolean')
    throw new Error(`${requestId} was answered ${statusCode}`);
  const decisionId = /\bdec_\w+/.exec(JSON.stringify(metadata ?? {}))?.[0] ?? null;
  return { requestId, approved, decisionId };
}

/** So many at a time, as so many connections would; each takes the next as soon as it has its answer. */
export async function swarm<T, A>(
  connections: number,
  items: IterableIterator<T>,
  ask: (item: T) => Promise<A>,
): Promise<readonly A[]> {
  const answers: A[] = [];
  const connection = async (): Promise<void> => {
    for (const item of items) answers.push(await ask(item));
  };
  await Promise.all(Array.from({ length: connections }, connection));
  return answers;
}
