/** The simulator itself: clock, outages, deliveries, and what it holds. */
import { missingParameter, unknownObject } from '../http/failure.ts';
import { passTime } from '../resources/expiry.ts';
import type { Account } from '../world/account.ts';
import { AUTHORIZATION, CARD, CARDHOLDER, type Kind, TRANSACTION } from '../world/kind.ts';
import type { Row } from '../world/table.ts';
import { OUTAGE_MODES } from '../world/world.ts';
import type { ControlRoute } from './control-route.ts';

const DELAY_MS_MAX = 600_000;

export const simulatorRoutes: readonly ControlRoute[] = [
  {
    method: 'GET',
    path: '/_sim/health',
    summary: 'Whether it is up, and its time.',
    handle: ({ world }) => ({
      status: 'ok',
      now: world.clock.now(),
      platform_account: world.platform.id,
    }),
  },
  {
    method: 'GET',
    path: '/_sim/objects',
    summary: 'All cardholders, cards, authorizations and transactions, by account, oldest first.',
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
  },
  {
    method: 'POST',
    path: '/_sim/clock/advance',
    summary: 'Moves simulator time ahead; what expires meanwhile expires in order. {seconds}',
    handle({ world, body }) {
      const seconds = body.only('seconds').number('seconds', 0);
      passTime(world, world.clock.now() + Math.floor(seconds));
      return { now: world.clock.now() };
    },
  },
  {
    method: 'PUT',
    path: '/_sim/outage',
    summary: `Makes /v1 calls fail, all of them or the next ones. {mode: ${OUTAGE_MODES.join('|')}, count?}`,
    handle({ world, body }) {
      const mode = body.only('mode', 'count').optionalChoice('mode', OUTAGE_MODES);
      if (mode === undefined) throw missingParameter('mode');
      world.outage = { mode, left: body.optionalNumber('count', 1) ?? null };
      return world.outage;
    },
  },
  {
    method: 'GET',
    path: '/_sim/webhooks',
    summary:
      'How many events there are, how their deliveries went, and how fast real-time requests were answered.',
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
  },
  {
    method: 'PUT',
    path: '/_sim/webhooks/faults',
    summary:
      'Disturbs deliveries from now on, seeded. {duplicateRate? (0 to 1), delayMs?, jitterMs? (lets events overtake each other)}',
    handle({ world, body }) {
      body.only('duplicateRate', 'delayMs', 'jitterMs');
      world.deliverer.faults = {
        duplicateRate: body.optionalNumber('duplicateRate', 0, 1) ?? 0,
        delayMs: body.optionalNumber('delayMs', 0, DELAY_MS_MAX) ?? 0,
        jitterMs: body.optionalNumber('jitterMs', 0, DELAY_MS_MAX) ?? 0,
      };
      return world.deliverer.faults;
    },
  },
  {
    method: 'POST',
    path: '/_sim/webhooks/{event}/resend',
    summary: 'Delivers an event once more to all its endpoints.',
    handle({ world, path, body }) {
      body.only();
      const id = path[0] ?? '';
      for (const account of world.accounts.values()) {
        const event = account.events.get(id);
        if (event !== undefined) return { event: id, endpoints: world.resend(account, event) };
      }
      throw unknownObject('event', id);
    },
  },
];

const render = <R extends Row>(account: Account, kind: Kind<R>): readonly object[] =>
  kind
    .table(account)
    .all()
    .map((row) => kind.render(account, row));
