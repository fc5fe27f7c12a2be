/** What cardholders, carriers, networks and Stripe itself do to cards and authorizations. */

import { invalidRequest } from '../http/failure.ts';
import type { FormNode } from '../http/form.ts';
import { parseShape } from '../http/parameter.ts';
import { CANCELLATION_REASONS, cancelCard } from '../machines/card.ts';
import type { CardholderRow } from '../machines/cardholder.ts';
import { AUTHORIZATION_PARAMETERS, newAuthorization } from '../resources/authorization-creation.ts';
import { putAuthorization, settleAuthorization } from '../resources/decision.ts';
import { CARD, CARDHOLDER, change } from '../world/kind.ts';
import { type ControlRoute, locate } from './control-route.ts';

const DISABLED_REASONS = [
  'listed',
  'rejected.listed',
  'requirements.past_due',
  'under_review',
] as const;

export const issuingRoutes: readonly ControlRoute[] = [
  {
    method: 'POST',
    path: '/_sim/issuing/authorizations/stand_in',
    summary:
      'The network approves without asking anybody. {card, amount, ...} as in the test helper that creates authorizations',
    handle({ world, body }) {
      const { scope } = locate(world, CARD, body.text('card'));
      const form = toForm(Object.fromEntries(body.entries()));
      if (typeof form === 'string') throw invalidRequest('The body must be a JSON object.');
      const { row, ask } = newAuthorization(scope, parseShape(AUTHORIZATION_PARAMETERS, form));
      putAuthorization(scope, row);
      const decision = { approved: true, reason: 'network_fallback', message: null } as const;
      return settleAuthorization(scope, row.id, ask.request, {
        decision,
        requestedAt: world.clock.now(),
      });
    },
  },
  {
    method: 'POST',
    path: '/_sim/issuing/cards/{card}/decline_next_after_approval',
    summary:
      'The next authorization of the card is asked for, approved, and then declined by the network.',
    handle({ world, path, body }) {
      body.only();
      const { scope, row } = locate(world, CARD, path[0] ?? '');
      scope.account.declineAfterApproval.add(row.id);
      return { card: row.id };
    },
  },
  {
    method: 'POST',
    path: '/_sim/issuing/cards/{card}/cancel',
    summary: 'Stripe cancels the card. {cancellation_reason?}',
    handle({ world, path, body }) {
      const reason = body
        .only('cancellation_reason')
        .optionalChoice('cancellation_reason', CANCELLATION_REASONS);
      const { scope, row } = locate(world, CARD, path[0] ?? '');
      return change(scope, CARD, cancelCard(row, reason ?? null));
    },
  },
  {
    method: 'POST',
    path: '/_sim/issuing/cardholders/{cardholder}/requirements',
    summary:
      'Stripe asks for something, or (with disabled_reason null) is content. {disabled_reason, past_due?}',
    handle({ world, path, body }) {
      body.only('disabled_reason', 'past_due');
      const reason = body.optionalChoice('disabled_reason', DISABLED_REASONS) ?? null;
      const { scope, row } = locate(world, CARDHOLDER, path[0] ?? '');
      const pastDue = body.optionalTexts('past_due') ?? [];
      return change(scope, CARDHOLDER, {
        ...row,
        requirements: { disabled_reason: reason, past_due: pastDue },
      });
    },
  },
  {
    method: 'POST',
    path: '/_sim/issuing/cardholders/{cardholder}/block',
    summary: 'Stripe blocks the cardholder; all its cards decline.',
    handle({ world, path, body }) {
      body.only();
      const { scope, row } = locate(world, CARDHOLDER, path[0] ?? '');
      return change<CardholderRow>(scope, CARDHOLDER, { ...row, status: 'blocked' });
    },
  },
];

/** JSON as the tree that form bodies become, so that one schema reads both. */
function toForm(value: unknown): FormNode {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null) return '';
  return new Map(Object.entries(value).map(([key, entry]) => [key, toForm(entry)]));
}
