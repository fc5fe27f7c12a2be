/** What the card network, its terminals and merchants do that Stripe has no test helper for. */
import { choice, integer, required } from '../http/parameter.ts';
import type { CardRow } from '../machines/card.ts';
import { isPinBlocked } from '../machines/card.ts';
import { readReceipt, receipt } from '../resources/purchase.ts';
import { NO_CAUSE } from '../world/account.ts';
import { emit, store } from '../world/kind.ts';
import { CARD, TRANSACTION } from '../world/kinds/issuing.ts';
import { NETWORK_MODES } from '../world/network.ts';
import { type ControlRoute, controlRoute, locateNamed } from './control-route.ts';

const WRONG_PINS_MAX = 100;

export const networkRoutes: readonly ControlRoute[] = [
  controlRoute({
    method: 'PUT',
    path: '/_sim/network',
    summary:
      'An outage window: the network decides in the place of Stripe, without requests. Events follow when it is normal again.',
    params: { mode: required(choice(NETWORK_MODES)) },
    handle({ world, params }) {
      const told = world.network.enter(params.mode);
      for (const { account: id, type, object, previous } of told) {
        const account = world.accounts.get(id);
        if (account !== undefined)
          emit({ world, account, cause: NO_CAUSE }, type, object, previous);
      }
      return { mode: world.network.mode, events: told.length };
    },
  }),
  controlRoute({
    method: 'POST',
    path: '/_sim/issuing/cards/{card}/wrong_pin',
    summary:
      'Somebody types a wrong PIN, once or several times. The third in a row blocks purchases at terminals; a new PIN lifts it.',
    params: { times: integer({ min: 1, max: WRONG_PINS_MAX }) },
    handle(call) {
      const { scope, row } = locateNamed(call, CARD);
      const wrongPins = (row.sim.wrongPins ?? 0) + (call.params.times ?? 1);
      const tried: CardRow = { ...row, sim: { ...row.sim, wrongPins } };
      store(scope, CARD, tried);
      return { card: row.id, wrong_pins: wrongPins, blocked: isPinBlocked(tried) };
    },
  }),
  controlRoute({
    method: 'POST',
    path: '/_sim/issuing/transactions/{transaction}/receipt',
    summary: 'The merchant sends the lines of its receipt after the transaction.',
    params: { receipt: required(receipt) },
    handle(call) {
      const { scope, row } = locateNamed(call, TRANSACTION);
      const nothing = { fleet: null, flight: null, fuel: null, lodging: null, reference: null };
      const details = {
        ...(row.purchase_details ?? nothing),
        receipt: readReceipt(call.params.receipt),
      };
      const shown = store(scope, TRANSACTION, { ...row, purchase_details: details });
      emit(scope, `${TRANSACTION.eventPrefix}.purchase_details_receipt_updated`, shown);
      return shown;
    },
  }),
];
