/** The simulator itself: clock, and what it holds. */
import { number, required } from '../http/parameter.ts';
import { SECONDS_PER_DAY } from '../machines/duration.ts';
import type { Account } from '../world/account.ts';
import type { Kind } from '../world/kind.ts';
import { AUTHORIZATION, CARD, CARDHOLDER, TRANSACTION } from '../world/kinds/issuing.ts';
import type { Row } from '../world/table.ts';
import { type ControlRoute, controlRoute } from './control-route.ts';

/** Ten years. A leap beyond the validity of every card shows nothing more. */
const ADVANCE_SECONDS_MAX = 10 * 366 * SECONDS_PER_DAY;

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
];

const render = <R extends Row>(account: Account, kind: Kind<R>): readonly object[] =>
  kind
    .table(account)
    .all()
    .map((row) => kind.render(account, row));
