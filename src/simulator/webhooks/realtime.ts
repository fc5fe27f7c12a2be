/**
 * The real-time request: one signed POST to the account's synchronous endpoint, a true limit of two seconds, and
 * whatever comes back read as a decision.
 */
import {
  type AuthorizationRow,
  type Decision,
  type PendingRequest,
} from '../machines/authorization.ts';
import { type Reply, readDecision } from '../machines/decision-answer.ts';
import { grantMax } from '../machines/fuel-pump.ts';
import type { RealtimeEndpoint } from '../world/account.ts';
import { type Scope } from '../world/kind.ts';
import { AUTHORIZATION } from '../world/kinds/issuing.ts';
import { outcomeOf } from './audit.ts';
import { activeSecrets, realSeconds, signatureHeader } from './signature.ts';

/** Stripe's limit, in real time. */
const ANSWER_LIMIT_MS = 2_000;

/** Asks the endpoint about an authorization and returns what it decided, or what its silence means. */
export async function askEndpoint(
  scope: Scope,
  endpoint: RealtimeEndpoint,
  row: AuthorizationRow,
  request: PendingRequest,
): Promise<Decision> {
  const { world, account, cause } = scope;
  const shown = AUTHORIZATION.render(account, row);
  const event = world.emit(account, {
    type: 'issuing_authorization.request',
    object: { ...shown, approved: false, pending_request: request },
    previous: undefined,
    cause,
  });
  const body = world.eventJson(account, { ...event, webhooks: 1 }, endpoint.api_version);
  world.realtimeAudit.count(account.id, event.type, 'sent');
  const askedMs = performance.now();
  const outcome = await world.poster.post({
    url: endpoint.url,
    body,
    headers: {
      'stripe-signature': signatureHeader(
        body,
        activeSecrets(endpoint, world.clock.now()),
        realSeconds(),
      ),
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    },
    timeoutMs: ANSWER_LIMIT_MS,
  });
  world.realtimeAudit.ended(account.id, event.type, outcomeOf(outcome));
  world.answerTimes.record(performance.now() - askedMs);
  return readDecision(toReply(outcome), {
    request,
    grantMax: grantMax(row, request),
    apiVersion: endpoint.api_version,
    policies: account.settings,
  });
}

function toReply(outcome: Awaited<ReturnType<Scope['world']['poster']['post']>>): Reply {
  if (outcome.kind !== 'answered') return outcome;
  const version = outcome.headers['stripe-version'];
  return {
    kind: 'answered',
    status: outcome.status,
    stripeVersion: Array.isArray(version) ? version[0] : version,
    contentType: outcome.headers['content-type'],
    body: outcome.body,
  };
}
