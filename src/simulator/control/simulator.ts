/** The simulator itself: clock, deliveries, and what it holds. */
import { unknownObject } from '../http/failure.ts';
import { integer, nonNegative, number, required } from '../http/parameter.ts';
import type { Account } from '../world/account.ts';
import type { Kind } from '../world/kind.ts';
import { AUTHORIZATION, CARD, CARDHOLDER, TRANSACTION } from '../world/kinds/issuing.ts';
import type { Row } from '../world/table.ts';
import { type ControlRoute, controlRoute } from './control-route.ts';

const DELAY_MS_MAX = 600_000;
/** Ten years. A leap beyond the validity of every card shows nothing more. */
const ADVANCE_SECONDS_MAX = 10 * 366 * 86_400;

export const simulatorRoutes: readonly ControlRoute[] = [
  controlRoute({
    method: 'GET',
    path: '/_sim/health',
    summary: 'Whether it is up, and its time.',
    params: {},
    handle: ({ world }) => ({
      status: 'ok',
      now: world.clock.now(),
      platform_account: world.platform.id,
    }),
  }),
  controlRoute({
    method: 'GET',
    path: '/_sim/objects',
    summary: 'All cardholders, cards, authorizations and transactions, by account, oldest first.',
    params: {},
    handle: ({ world }) => ({
      accounts: [...world.accounts.values()].map((account) => ({
        id: account.id,
        platform: account.isPlatform,
        cardholders: render(account, CARDHOLDER),
        cards: render(account, CARD),
        authorizations: render(account, AUTHORIZATION),
        transactions: render(account, TRANSACTION),
      })),
    }),
  }),
  controlRoute({
    method: 'POST',
    path: '/_sim/clock/advance',
    summary: 'Moves simulator time ahead; what is due meanwhile happens in order.',
    params: { seconds: required(number({ min: 0, max: ADVANCE_SECONDS_MAX })) },
    async handle({ world, params }) {
      await world.time.passTo(world.clock.nowMs() + Math.floor(params.seconds) * 1000);
      return { now: world.clock.now() };
    },
  }),
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
        deliveries: world.deliverer.statistics,
        pending: world.deliverer.pendingCount,
        answerTimes: world.answerTimes.summary(),
        faults: world.deliverer.faults,
      };
    },
  }),
  controlRoute({
    method: 'PUT',
    path: '/_sim/webhooks/faults',
    summary:
      'Disturbs deliveries from now on, seeded; jitterMs lets events overtake each other. An empty body ends it.',
    params: {
      duplicateRate: number({ min: 0, max: 1 }),
      delayMs: nonNegative(),
      jitterMs: integer({ min: 0, max: DELAY_MS_MAX }),
    },
    handle({ world, params }) {
      world.deliverer.faults = {
        duplicateRate: params.duplicateRate ?? 0,
        delayMs: params.delayMs ?? 0,
        jitterMs: params.jitterMs ?? 0,
      };
      return world.deliverer.faults;
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
];

const render = <R extends Row>(account: Account, kind: Kind<R>): readonly object[] =>
  kind
    .table(account)
    .all()
    .map((row) => kind.render(account, row));
