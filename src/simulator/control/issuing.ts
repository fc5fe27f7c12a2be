/** What cardholders, carriers, networks and Stripe itself do to cards and authorizations. */
import { choice, flag, list, required, unsettable } from '../http/parameter.ts';
import { CANCELLATION_REASONS, FRAUD_WARNINGS } from '../machines/card.ts';
import type { CardholderRow } from '../machines/cardholder.ts';
import { AUTHORIZATION_PARAMETERS, newAuthorization } from '../resources/authorization-creation.ts';
import { putAuthorization } from '../resources/authorization-store.ts';
import { cancelWithTokens } from '../resources/card-cancellation.ts';
import { settleAuthorization } from '../resources/decision.ts';
import { warnOfFraud } from '../resources/fraud-warning.ts';
import { change, store } from '../world/kind.ts';
import { CARD, CARDHOLDER } from '../world/kinds/issuing.ts';
import { type ControlRoute, controlRoute, locate, locateNamed } from './control-route.ts';

const DISABLED_REASONS = [
  'listed',
  'rejected.listed',
  'requirements.past_due',
  'under_review',
] as const;

const PAST_DUE = [
  'company.tax_id',
  'individual.card_issuing.user_terms_acceptance.date',
  'individual.card_issuing.user_terms_acceptance.ip',
  'individual.dob.day',
  'individual.dob.month',
  'individual.dob.year',
  'individual.first_name',
  'individual.last_name',
  'individual.verification.document',
] as const;

/** Whatever Stripe itself declines for, including what nothing else in the simulator leads to. */
const STRIPE_REASONS = [
  'account_disabled',
  'card_canceled',
  'card_expired',
  'card_inactive',
  'cardholder_blocked',
  'cardholder_inactive',
  'cardholder_verification_required',
  'insecure_authorization_method',
  'insufficient_funds',
  'not_allowed',
  'pin_blocked',
  'spending_controls',
  'stripe_internal_error',
  'suspected_fraud',
  'verification_failed',
] as const;

export const issuingRoutes: readonly ControlRoute[] = [
  controlRoute({
    method: 'POST',
    path: '/_sim/issuing/authorizations/stand_in',
    summary:
      'The network approves (or declines) without asking anybody. Parameters as of the test helper that creates authorizations.',
    params: { ...AUTHORIZATION_PARAMETERS, approved: flag() },
    handle({ world, params }) {
      const { scope } = locate(world, CARD, params.card);
      const { row, ask } = newAuthorization(scope, params);
      putAuthorization(scope, row);
      const approved = params.approved ?? true;
      const decision = { approved, reason: 'network_fallback', message: null } as const;
      return settleAuthorization(scope, row.id, ask.request, {
        decision,
        requestedAt: world.clock.now(),
      });
    },
  }),
  controlRoute({
    method: 'POST',
    path: '/_sim/issuing/cards/{card}/decline_next_after_approval',
    summary:
      'The next authorization of the card is asked for, approved, and then declined by the network.',
    params: {},
    handle(call) {
      const { scope, row } = locateNamed(call, CARD);
      scope.account.declineAfterApproval.add(row.id);
      return { card: row.id };
    },
  }),
  controlRoute({
    method: 'POST',
    path: '/_sim/issuing/cards/{card}/cancel',
    summary: 'Stripe cancels the card.',
    params: { cancellation_reason: choice(CANCELLATION_REASONS) },
    handle(call) {
      const { scope, row } = locateNamed(call, CARD);
      return cancelWithTokens(scope, row, call.params.cancellation_reason ?? null);
    },
  }),
  controlRoute({
    method: 'POST',
    path: '/_sim/issuing/cards/{card}/decline_next',
    summary:
      'Stripe declines the next authorization of the card for this reason, without a request.',
    params: { reason: required(choice(STRIPE_REASONS)) },
    handle(call) {
      const { scope, row } = locateNamed(call, CARD);
      store(scope, CARD, { ...row, sim: { ...row.sim, declineNext: call.params.reason } });
      return { card: row.id, reason: call.params.reason };
    },
  }),
  controlRoute({
    method: 'POST',
    path: '/_sim/issuing/cards/{card}/fraud_warning',
    summary: 'Stripe has reason to believe that the card is misused.',
    params: { type: required(choice(FRAUD_WARNINGS)) },
    handle(call) {
      const { scope, row } = locateNamed(call, CARD);
      return warnOfFraud(scope, row.id, call.params.type);
    },
  }),
  controlRoute({
    method: 'POST',
    path: '/_sim/issuing/cardholders/{cardholder}/requirements',
    summary: 'Stripe asks for something, or (with disabled_reason null) is content.',
    params: {
      disabled_reason: unsettable(choice(DISABLED_REASONS)),
      past_due: list(choice(PAST_DUE)),
    },
    handle(call) {
      const { disabled_reason: reason, past_due: pastDue } = call.params;
      const { scope, row } = locateNamed(call, CARDHOLDER);
      return change(scope, CARDHOLDER, {
        ...row,
        requirements: { disabled_reason: reason ?? null, past_due: pastDue ?? [] },
      });
    },
  }),
  controlRoute({
    method: 'POST',
    path: '/_sim/issuing/cardholders/{cardholder}/block',
    summary: 'Stripe blocks the cardholder; all its cards decline.',
    params: {},
    handle(call) {
      const { scope, row } = locateNamed(call, CARDHOLDER);
      return change<CardholderRow>(scope, CARDHOLDER, { ...row, status: 'blocked' });
    },
  }),
];
