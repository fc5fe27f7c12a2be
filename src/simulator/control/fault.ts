/** What goes wrong between a caller and the API: faults, and the limits of its rates. */
import { FAULTS, RATE_LIMIT_REASONS } from '../http/fault.ts';
import { choice, flag, integer, list, number, object, required, text } from '../http/parameter.ts';
import { RATE_LIMIT_MODES } from '../http/rate-limit.ts';
import type { World } from '../world/world.ts';
import { type ControlRoute, controlRoute } from './control-route.ts';

/** Longer than the timeout of any client. */
const LATENCY_MS_MAX = 600_000;

const RULE = object({
  method: choice(['DELETE', 'GET', 'POST']),
  path: text(),
  account: text(),
  share: number({ min: 0, max: 1 }),
  count: integer({ min: 1 }),
  fault: required(choice(FAULTS)),
  reason: choice(RATE_LIMIT_REASONS),
  should_retry: flag(),
  latency_ms: integer({ min: 0, max: LATENCY_MS_MAX }),
  jitter_ms: integer({ min: 0, max: LATENCY_MS_MAX }),
});

const shown = (world: World): object => ({ rules: world.faults.rules });

export const faultRoutes: readonly ControlRoute[] = [
  controlRoute({
    method: 'GET',
    path: '/_sim/faults',
    summary: 'The rules of faults of calls, with what is left of each.',
    params: {},
    handle: ({ world }) => shown(world),
  }),
  controlRoute({
    method: 'PUT',
    path: '/_sim/faults',
    summary:
      'Makes /v1 calls fail. Each rule strikes the calls that match its method, path (* is any text) and account, a share of them, all or the next `count`. An empty list ends it.',
    params: { rules: required(list(RULE)) },
    handle({ world, params }) {
      const rules = params.rules.map((rule) => ({
        method: rule.method ?? null,
        path: rule.path ?? null,
        account: accountOf(world, rule.account),
        share: rule.share ?? 1,
        left: rule.count ?? null,
        fault: rule.fault,
        reason: rule.reason ?? 'global-rate',
        should_retry: rule.should_retry ?? null,
        latency_ms: rule.latency_ms ?? 0,
        jitter_ms: rule.jitter_ms ?? 0,
      }));
      world.faults.replace(rules);
      return shown(world);
    },
  }),
  controlRoute({
    method: 'PUT',
    path: '/_sim/rate_limits',
    summary: "Begins or ends Stripe's rate limits, of a sandbox or of live mode.",
    params: { mode: required(choice(RATE_LIMIT_MODES)) },
    handle({ world, params }) {
      world.rateLimiter.set(params.mode);
      return { mode: world.rateLimiter.mode };
    },
  }),
];

/** An account may be named before it exists. */
const accountOf = (world: World, name: string | undefined): string | null =>
  name === undefined ? null : (world.account(name)?.id ?? name);
