/** Webhook deliveries: how they went, how they are disturbed, and secrets that are rolled. */
import { invalidRequest, unknownObject } from '../http/failure.ts';
import {
  choice,
  integer,
  list,
  number,
  object,
  required,
  text,
  type Values,
} from '../http/parameter.ts';
import { SECONDS_PER_DAY } from '../machines/duration.ts';
import { newSecret } from '../resources/webhook-endpoint.ts';
import { type DeliveryFaultRule, FAULTS } from '../webhooks/faults.ts';
import { rollSecret, type SigningSecrets } from '../webhooks/signature.ts';
import { store } from '../world/kind.ts';
import { ENDPOINT } from '../world/kinds/webhook-endpoint.ts';
import type { World } from '../world/world.ts';
import { deliveryFigures, readAudit } from './audit.ts';
import {
  type ControlCall,
  type ControlRoute,
  controlRoute,
  locateNamed,
  namedAccount,
} from './control-route.ts';

const DELAY_MS_MAX = 600_000;
/** An event that is to arrive out of order waits so long for another one to pass it. */
const REORDER_HOLD_MS = 3_000;
/** An API call waits so long for its events, so that a receiver that calls back does not hang. */
const BEFORE_ANSWER_MS = 3_000;
const LIMITS: Readonly<Partial<Record<DeliveryFaultRule['fault'], number>>> = {
  reorder: REORDER_HOLD_MS,
  before_answer: BEFORE_ANSWER_MS,
};
/** Stripe lets an old secret live for a day at most. */
const OVERLAP_SECONDS_MAX = SECONDS_PER_DAY;

const RULE = {
  fault: required(choice(FAULTS)),
  endpoint: text(),
  type: text(),
  share: number({ min: 0, max: 1 }),
  count: integer({ min: 1 }),
  delay_ms: integer({ min: 0, max: DELAY_MS_MAX }),
  jitter_ms: integer({ min: 0, max: DELAY_MS_MAX }),
  limit_ms: integer({ min: 1, max: DELAY_MS_MAX }),
};

const OVERLAP = { expires_in_seconds: integer({ min: 0, max: OVERLAP_SECONDS_MAX }) };

export const webhookRoutes: readonly ControlRoute[] = [
  controlRoute({
    method: 'GET',
    path: '/_sim/webhooks',
    summary:
      'How many events there are, how their deliveries went, and how fast real-time requests were answered.',
    params: {},
    handle({ world }) {
      let events = 0;
      for (const account of world.accounts.values()) events += account.events.size;
      return {
        events,
        deliveries: deliveryFigures(world),
        pending: world.deliverer.pendingCount,
        answerTimes: world.answerTimes.summary(),
        faults: shownRules(world),
      };
    },
  }),
  controlRoute({
    method: 'GET',
    path: '/_sim/webhooks/faults',
    summary: 'The rules of faults of deliveries, with what is left of each.',
    params: {},
    handle: ({ world }) => ({ rules: shownRules(world) }),
  }),
  controlRoute({
    method: 'PUT',
    path: '/_sim/webhooks/faults',
    summary:
      'Disturbs deliveries from now on, seeded. Each rule strikes a `share` (1) of the deliveries to an `endpoint` (all) of events of a `type` (all; * at its end is a wildcard), `count` times (no end). Replaces the rules before; an empty list ends it.',
    params: { rules: required(list(object(RULE))) },
    handle({ world, params }) {
      const rules = params.rules.map((rule, at) => readRule(world, rule, at));
      world.deliverer.faults.replace(rules);
      return { rules: shownRules(world) };
    },
  }),
  controlRoute({
    method: 'POST',
    path: '/_sim/webhooks/{event}/resend',
    summary: 'Delivers an event once more to all its endpoints.',
    params: {},
    handle({ world, path }) {
      const id = path[0] ?? '';
      for (const account of world.accounts.values()) {
        const event = account.events.get(id);
        if (event !== undefined) return { event: id, endpoints: world.resend(account, event) };
      }
      throw unknownObject('event', id);
    },
  }),
  controlRoute({
    method: 'GET',
    path: '/_sim/audit',
    summary:
      'What was sent since the start and what became of it, by endpoint and event type; real-time endpoints apart.',
    params: {},
    handle: ({ world }) => readAudit(world),
  }),
  controlRoute({
    method: 'POST',
    path: '/_sim/webhook_endpoints/{id}/roll_secret',
    summary: `Gives the endpoint a new secret; the old one signs too for expires_in_seconds (0 to ${OVERLAP_SECONDS_MAX}, by default all of them).`,
    params: OVERLAP,
    handle(call) {
      const { scope, row } = locateNamed(call, ENDPOINT);
      const rolled = roll(call, row);
      store(scope, ENDPOINT, { ...row, ...rolled });
      return { secret: rolled.secret };
    },
  }),
  controlRoute({
    method: 'POST',
    path: '/_sim/accounts/{account}/realtime_endpoint/roll_secret',
    summary: "The same for the account's real-time endpoint.",
    params: OVERLAP,
    handle(call) {
      const account = namedAccount(call);
      if (account.realtime === undefined) throw unknownObject('real-time endpoint of', account.id);
      account.realtime = { ...account.realtime, ...roll(call, account.realtime) };
      return { secret: account.realtime.secret };
    },
  }),
];

function roll(
  { world, params }: ControlCall<Values<typeof OVERLAP>>,
  secrets: SigningSecrets,
): SigningSecrets {
  const overlapSeconds = params.expires_in_seconds ?? OVERLAP_SECONDS_MAX;
  const moment = { now: world.clock.now(), overlapSeconds };
  return rollSecret(secrets, newSecret(world.sequence), moment);
}

function readRule(world: World, given: Values<typeof RULE>, position: number): DeliveryFaultRule {
  const path = `rules[${position}]`;
  const { fault, endpoint = null, delay_ms: delayMs = 0, jitter_ms: jitterMs = 0 } = given;
  const known = [...world.accounts.values()].some(({ endpoints }) => endpoints.get(endpoint ?? ''));
  if (endpoint !== null && !known) {
    throw invalidRequest(`No such webhook endpoint: '${endpoint}'`, { param: `${path}[endpoint]` });
  }
  if ((fault === 'delay') !== delayMs + jitterMs > 0) {
    throw invalidRequest(
      'delay_ms and jitter_ms go with the fault delay, which needs one of them.',
      {
        param: `${path}[delay_ms]`,
      },
    );
  }
  const limitMs = LIMITS[fault] ?? 0;
  if (limitMs === 0 && given.limit_ms !== undefined) {
    throw invalidRequest('limit_ms goes with the faults reorder and before_answer.', {
      param: `${path}[limit_ms]`,
    });
  }
  const { type = '*', share = 1, count: left = null } = given;
  return {
    fault,
    endpoint,
    type,
    share,
    left,
    delayMs,
    jitterMs,
    limitMs: given.limit_ms ?? limitMs,
  };
}

const shownRules = (world: World): readonly object[] =>
  world.deliverer.faults.rules.map(({ delayMs, jitterMs, limitMs, ...rule }) => ({
    ...rule,
    ...(rule.fault === 'delay' ? { delay_ms: delayMs, jitter_ms: jitterMs } : {}),
    ...(limitMs > 0 ? { limit_ms: limitMs } : {}),
  }));
