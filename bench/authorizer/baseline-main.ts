/**
 * The baselines' process: the authorizer's own HTTP application with another decider. `signature` approves at once,
 * `hold` makes the least that could be called a decision, one call of Postgres a request.
 *
 * Arguments: the decider, the port, the signing secret, the database's address, the size of the pool.
 */
import { createSql } from '../../src/adapters/postgres/pool.ts';
import { buildApp } from '../../src/apps/authorizer/app.ts';
import { createAuthorizerMetrics } from '../../src/apps/authorizer/authorizer-metrics.ts';
import type { Decider, DecisionAnswer } from '../../src/apps/authorizer/decider.ts';
import type { AskedRequest, AuthorizationRequest } from '../../src/domain/authorization-request.ts';
import { ZERO } from '../../src/domain/money.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { STRIPE_ACCOUNT } from '../ledger/program.ts';
import { holdAccountOf } from './hold-baseline.ts';

const [kind = 'signature', port = '0', secret = '', url = '', poolSize = '1'] =
  process.argv.slice(2);
const logger = createLogger({ name: 'baseline', level: 'info' });
const registry = createMetrics('baseline');
const sql = createSql({ url, poolSize: Number(poolSize), name: 'bench-baseline' });

const answer = (request: AuthorizationRequest, isApproved: boolean): DecisionAnswer => ({
  approved: isApproved,
  reason: isApproved ? 'APPROVED' : 'INSUFFICIENT_FUNDS',
  approvedMinor: isApproved ? request.askedMinor : ZERO,
  decisionId: null,
  profileMs: null,
  databaseMs: null,
});

function readable(request: AskedRequest): AuthorizationRequest {
  if (request.kind === 'unreadable') throw new Error(request.problem);
  return request;
}
const approveAtOnce: Decider = (asked) => Promise.resolve(answer(readable(asked), true));
const hold: Decider = async (asked) => {
  const request = readable(asked);
  const account = holdAccountOf(request.stripeCardId);
  const [row] = await sql<{ held: boolean }[]>`
    select baseline.hold(${request.requestId}, ${account}, ${request.askedMinor}) as held`;
  return answer(request, row?.held === true);
};

const app = buildApp({
  decide: kind === 'hold' ? hold : approveAtOnce,
  signingSecrets: [{ account: STRIPE_ACCOUNT, secret }],
  metrics: createAuthorizerMetrics(registry),
  registry,
  logger,
  clock: systemClock(0),
  answers: { add() {} },
  tracing: null,
  probe: () => Promise.resolve(),
});
await app.listen({ host: '127.0.0.1', port: Number(port) });
process.once('SIGTERM', () => process.exit(0));
