/** Test helpers that play merchant and network: `/v1/test_helpers/issuing/authorizations`. */
import { invalidRequest } from '../http/failure.ts';
import { find, type Operation, operation } from '../http/operation.ts';
import { amount, flag, nonNegative, required } from '../http/parameter.ts';
import {
  type AuthorizationRow,
  canIncrement,
  capture,
  defaultCapture,
  expire,
  finalizeAmount,
  isOpen,
  isUndecided,
  type PendingRequest,
  reverse,
} from '../machines/authorization.ts';
import { type Scope } from '../world/kind.ts';
import { AUTHORIZATION } from '../world/kinds/issuing.ts';
import { AUTHORIZATION_PARAMETERS } from './authorization-creation.ts';
import { changeAuthorization } from './authorization-store.ts';
import { decideAddition } from './decision.ts';
import { illegalStep } from './illegal-step.ts';
import {
  fleet,
  fuel,
  purchaseDetails,
  readFleet,
  readFuel,
  readPurchaseDetails,
} from './purchase.ts';
import { authorize } from './purchase-attempt.ts';
import { newCapture, postLinked } from './transaction.ts';

const PATH = '/v1/test_helpers/issuing/authorizations';
const ONE = `${PATH}/{authorization}`;

export const authorizationHelperOperations: readonly Operation[] = [
  operation({
    method: 'POST',
    path: PATH,
    params: AUTHORIZATION_PARAMETERS,
    handle: (call) => authorize(call, call.params),
  }),
  operation({
    method: 'POST',
    path: `${ONE}/capture`,
    params: {
      capture_amount: amount(),
      close_authorization: flag(),
      purchase_details: purchaseDetails,
    },
    handle(call) {
      const { params, world, account } = call;
      const row = find(call, AUTHORIZATION, call.id);
      // A merchant cannot clear before it has its answer.
      if (isUndecided(row))
        throw illegalStep(call, `You cannot capture authorization ${row.id} before it is decided.`);
      const wanted = params.capture_amount ?? defaultCapture(row);
      if (wanted <= 0) {
        throw invalidRequest('Nothing is left to capture; name a capture_amount.', {
          param: 'capture_amount',
        });
      }
      const details = readPurchaseDetails(params.purchase_details);
      const isEstimate = params.capture_amount === undefined;
      const transaction = newCapture(call, row, { amount: wanted, isEstimate, details });
      const taken = {
        transaction: transaction.id,
        amount: -transaction.amount,
        close: params.close_authorization ?? true,
      };
      const shownAmounts = {
        partly: world.options.capturedAmount,
        closed: account.settings.closedAmount,
      };
      return postLinked(call, transaction, capture(row, taken, shownAmounts));
    },
  }),
  operation({
    method: 'POST',
    path: `${ONE}/expire`,
    params: {},
    handle: (call) => changeAuthorization(call, expire(findOpen(call, call.id, 'expire'))),
  }),
  operation({
    method: 'POST',
    path: `${ONE}/reverse`,
    params: { reverse_amount: amount() },
    handle(call) {
      const row = findOpen(call, call.id, 'reverse');
      const reversed = call.params.reverse_amount ?? row.sim.remaining;
      if (reversed > row.sim.remaining) {
        throw invalidRequest(
          `The reverse_amount (${reversed}) exceeds what is left of the authorization (${row.sim.remaining}).`,
          { param: 'reverse_amount' },
        );
      }
      return changeAuthorization(call, reverse(row, reversed));
    },
  }),
  operation({
    method: 'POST',
    path: `${ONE}/increment`,
    params: { increment_amount: required(amount()), is_amount_controllable: flag() },
    handle(call) {
      const row = find(call, AUTHORIZATION, call.id);
      const isAsked = call.account.questions.has(row.id);
      if (isAsked || !canIncrement(row, call.world.clock.now()))
        throw illegal(call, 'increment', row);
      const request = additionalRequest(row, call.params.increment_amount, {
        controllable: call.params.is_amount_controllable ?? false,
      });
      return decideAddition(call, row, { request, fraudRiskLevel: null });
    },
  }),
  operation({
    method: 'POST',
    path: `${ONE}/finalize_amount`,
    params: { final_amount: required(nonNegative()), fleet, fuel },
    handle(call) {
      const row = findOpen(call, call.id, 'finalize the amount of');
      const { params, world } = call;
      const described: AuthorizationRow = {
        ...row,
        fleet: readFleet(params.fleet) ?? row.fleet,
        fuel: readFuel(params.fuel) ?? row.fuel,
      };
      return changeAuthorization(
        call,
        finalizeAmount(described, params.final_amount, world.options.capturedAmount),
      );
    },
  }),
];

function additionalRequest(
  row: AuthorizationRow,
  added: number,
  options: { controllable: boolean },
): PendingRequest {
  return {
    amount: added,
    amount_details: null,
    currency: row.currency,
    is_amount_controllable: options.controllable,
    merchant_amount: Math.round(added * row.sim.merchantRate),
    merchant_currency: row.merchant_currency,
    network_risk_score: null,
  };
}

function findOpen(scope: Scope, id: string, verb: string): AuthorizationRow {
  const row = find(scope, AUTHORIZATION, id);
  if (!isOpen(row)) throw illegal(scope, verb, row);
  return row;
}

const illegal = (scope: Scope, verb: string, row: AuthorizationRow): Error =>
  illegalStep(scope, `You cannot ${verb} an authorization with status ${row.status}.`);
