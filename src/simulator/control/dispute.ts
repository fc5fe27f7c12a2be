/** What networks do about disputes. */
import { choice } from '../http/parameter.ts';
import { type DisputeStep, LOSS_REASONS } from '../machines/dispute.ts';
import { stepDispute } from '../resources/dispute-store.ts';
import { DISPUTE } from '../world/kinds/dispute.ts';
import { type ControlCall, type ControlRoute, controlRoute, locateNamed } from './control-route.ts';

const ONE = '/_sim/issuing/disputes/{dispute}';

function step(call: ControlCall, taken: DisputeStep): object {
  const { scope, row } = locateNamed(call, DISPUTE);
  return DISPUTE.render(scope.account, stepDispute(scope, row, taken));
}

export const disputeRoutes: readonly ControlRoute[] = [
  controlRoute({
    method: 'POST',
    path: `${ONE}/win`,
    summary: 'A submitted dispute is won; the money comes back if it has not already.',
    params: {},
    handle: (call) => step(call, { kind: 'win' }),
  }),
  controlRoute({
    method: 'POST',
    path: `${ONE}/lose`,
    summary:
      'A submitted dispute is lost (loss_reason other, if none is named); money that came back goes again.',
    params: { loss_reason: choice(LOSS_REASONS) },
    handle: (call) => step(call, { kind: 'lose', reason: call.params.loss_reason ?? 'other' }),
  }),
  controlRoute({
    method: 'POST',
    path: `${ONE}/reinstate_funds`,
    summary: 'The money of a submitted dispute comes back before the outcome is known.',
    params: {},
    handle: (call) => step(call, { kind: 'reinstate' }),
  }),
  controlRoute({
    method: 'POST',
    path: `${ONE}/rescind_funds`,
    summary: 'Money that came back is taken again, while the outcome is still open.',
    params: {},
    handle: (call) => step(call, { kind: 'rescind' }),
  }),
];
