/**
 * One signed request to one answer in Stripe's form. Once the signature has been checked there is an answer whatever
 * happens: an error would be taken for a failed endpoint, and that account's policy might approve.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { apiVersionOf } from '../../adapters/stripe/api-version.ts';
import { eventIdOf, REQUEST_TYPE, readAskedRequest } from '../../adapters/stripe/read-request.ts';
import { verifySignature } from '../../adapters/stripe/signature.ts';
import type { Json } from '../../adapters/stripe/wire.ts';
import type { AskedRequest } from '../../domain/authorization-request.ts';
import { ZERO } from '../../domain/money.ts';
import type { BoundSecret } from '../../platform/config.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AuthorizerMetrics } from './authorizer-metrics.ts';
import type { Arrival, Decider, DecisionAnswer } from './decider.ts';
import type { DecisionRecord } from './decision-record.ts';
import type { ErrorAnswers } from './error-answer.ts';
import { plainDecline, stripeAnswer } from './stripe-answer.ts';

/** Name under which a signing secret is bound to the platform's own account. */
const PLATFORM = 'platform';

export interface RequestAnswerDependencies {
  readonly decide: Decider;
  readonly signingSecrets: readonly BoundSecret[];
  readonly record: DecisionRecord;
  readonly errors: ErrorAnswers;
  readonly metrics: AuthorizerMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

type Answer = (http: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

export function createRequestAnswer(deps: RequestAnswerDependencies): Answer {
  const { clock, errors, signingSecrets } = deps;
  const secrets = [...new Set(signingSecrets.map((bound) => bound.secret))];
  const accountsOf = secrets.map(
    (secret) => new Set(signingSecrets.filter((b) => b.secret === secret).map((b) => b.account)),
  );

  return async (http, reply) => {
    const receivedMs = clock.nowMs();
    const verified = verifySignature({
      rawBody: Buffer.isBuffer(http.body) ? http.body : Buffer.alloc(0),
      signatureHeader: http.headers['stripe-signature'],
      secrets,
    });
    if (verified.kind === 'refused') return errors.refuse(reply, verified.reason);
    const { event, secretIndex } = verified;
    // A secret that leaked from one tenant must not decide for another.
    const account = accountOf(event);
    if (account === null || accountsOf[secretIndex]?.has(account) !== true) {
      return errors.refuse(reply, 'wrong_account');
    }
    if (event['type'] !== REQUEST_TYPE) return errors.refuse(reply, 'wrong_endpoint');
    try {
      return await answerEvent(deps, event, { http, reply, receivedMs });
    } catch (error) {
      deps.logger.error({ err: error }, 'a request could not be decided');
      if (reply.sent) return reply;
      return reply.send(plainDecline(eventIdOf(event), 'INTERNAL_ERROR'));
    }
  };
}

/** The account that a secret has to be bound to; null when the event names one that is none. */
function accountOf(event: Json): string | null {
  const account = event['account'] ?? null;
  if (account === null) return PLATFORM;
  return typeof account === 'string' && account !== PLATFORM ? account : null;
}

interface Exchange {
  readonly http: FastifyRequest;
  readonly reply: FastifyReply;
  readonly receivedMs: number;
}

async function answerEvent(
  deps: RequestAnswerDependencies,
  event: Json,
  { http, reply, receivedMs }: Exchange,
): Promise<FastifyReply> {
  const { clock, metrics, logger, record } = deps;
  reply.status(200).header('stripe-version', apiVersionOf(event));
  const request = readAskedRequest(event, Math.floor(receivedMs / 1000));
  if (request === null) {
    metrics.refused.inc({ cause: 'no_id' });
    logger.warn({ cause: 'no_id' }, 'authorization request declined');
    return reply.send(plainDecline(null, 'REQUEST_UNREADABLE'));
  }
  const arrival = { receivedMs, verifiedMs: clock.nowMs() };
  const answer = await decideSafely(deps, request, arrival);
  reply.send(stripeAnswer(request, answer));
  const { traceparent } = http.headers;
  record({ request, answer, arrival, answeredMs: clock.nowMs(), traceparent });
  return reply;
}

async function decideSafely(
  { decide, logger }: RequestAnswerDependencies,
  request: AskedRequest,
  arrival: Arrival,
): Promise<DecisionAnswer> {
  try {
    return await decide(request, arrival);
  } catch (error) {
    logger.error({ err: error, requestId: request.requestId }, 'a decision failed');
    const nothing = { decisionId: null, approvedMinor: ZERO, profileMs: null, databaseMs: null };
    return { approved: false, reason: 'INTERNAL_ERROR', ...nothing };
  }
}
