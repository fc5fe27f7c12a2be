/** How an authorization or an increment is decided: Stripe's own checks, then the real-time endpoint, then the network. */
import {
  type AuthorizationRow,
  type Decision,
  type DecisionFacts,
  expire,
  isOpen,
  isUndecided,
  type PendingRequest,
  reverse,
} from '../machines/authorization.ts';
import { decideFirst, decideIncrement } from '../machines/authorization-decision.ts';
import type { CardRow } from '../machines/card.ts';
import type { CardholderRow } from '../machines/cardholder.ts';
import { unaskedHold } from '../machines/fuel-pump.ts';
import { type Refusal, screen } from '../machines/screening.ts';
import type { SpendingWindow } from '../machines/spending-counter.ts';
import type { Account } from '../world/account.ts';
import type { Scope } from '../world/kind.ts';
import { CARD, CARDHOLDER } from '../world/kinds/issuing.ts';
import {
  announceAuthorization,
  changeAuthorization,
  changeUnheard,
  putAuthorization,
} from './authorization-store.ts';
import { cancelWithTokens } from './card-cancellation.ts';
import { challengeCardholder, takeConfirmation } from './fraud-challenge.ts';
import { availableBalance } from './issuing-balance.ts';
import { askAbout } from './question.ts';

/** What only the caller of the test helper knows about the purchase. */
export interface Ask {
  readonly request: PendingRequest;
  readonly fraudRiskLevel: string | null;
}

/** Decides a stored, undecided authorization and tells everybody. Returns it as the API shows it. */
export function decideAuthorization(
  scope: Scope,
  row: AuthorizationRow,
  ask: Ask,
): object | Promise<object> {
  const requestedAt = scope.world.clock.now();
  return decide(scope, row, ask, (decision) => {
    const verdict = networkVerdict(scope, row, decision);
    return settleAuthorization(scope, row.id, ask.request, { decision: verdict, requestedAt });
  });
}

/** Stores the first decision on an authorization and sends `issuing_authorization.created`. */
export function settleAuthorization(
  scope: Scope,
  id: string,
  request: PendingRequest,
  outcome: { decision: Decision; requestedAt: number },
): object {
  const undecided = currentRow(scope, id);
  const decision = withPumpHold(scope, undecided, request, outcome.decision);
  const row = decideFirst(undecided, request, decision, facts(scope, outcome.requestedAt));
  putAuthorization(scope, decision.challenge === true ? challengeCardholder(scope, row) : row);
  // Advices of what the network decided itself do not count.
  const counts = decision.approved && request.amount > 0 && decision.reason !== 'network_fallback';
  if (counts) countPayment(scope, row.card);
  const shown = announceAuthorization(scope, id);
  const { networkDecline } = scope.account.settings;
  if (isOverdue(scope, row)) return changeAuthorization(scope, expire(row));
  const reversible = counts && networkDecline === 'created_then_reversed';
  if (!reversible || !takeNetworkDecline(scope, row)) return shown;
  return changeAuthorization(scope, reverse(row, row.sim.remaining));
}

/** An approval that no endpoint gave holds what is usual at a fuel pump. */
function withPumpHold(
  { account }: Scope,
  row: AuthorizationRow,
  request: PendingRequest,
  decision: Decision,
): Decision {
  const isNamed = decision.amount !== undefined || decision.reason === 'webhook_approved';
  if (!decision.approved || isNamed) return decision;
  const amount = unaskedHold(row, request, account.settings.fuelPumpHold);
  return amount === request.amount ? decision : { ...decision, amount };
}

/** An approval that came so late that its validity was over by then. */
const isOverdue = ({ world }: Scope, row: AuthorizationRow): boolean =>
  isOpen(row) && row.sim.expiresAt <= world.clock.now();

/** Decides an addition to an approved authorization. */
export function decideAddition(
  scope: Scope,
  row: AuthorizationRow,
  ask: Ask,
): object | Promise<object> {
  const requestedAt = scope.world.clock.now();
  return decide(scope, row, ask, (decision) => {
    const current = currentRow(scope, row.id);
    const next = decideIncrement(current, ask.request, decision, facts(scope, requestedAt));
    const isUnheard = decision.reason === 'network_fallback';
    return isUnheard ? changeUnheard(scope, next) : changeAuthorization(scope, next);
  });
}

function currentRow(scope: Scope, id: string): AuthorizationRow {
  const row = scope.account.authorizations.get(id);
  if (row === undefined) throw new Error(`authorization ${id} disappeared`);
  return row;
}

const AUTHORIZATION_CODE_DIGITS = 6;

const facts = ({ world }: Scope, requestedAt: number): DecisionFacts => ({
  now: world.clock.now(),
  requestedAt,
  authorizationCode: `S${world.sequence.digits('authorization_code', AUTHORIZATION_CODE_DIGITS)}`,
});

/** Decides at once, or once the endpoint has answered. */
function decide(
  scope: Scope,
  row: AuthorizationRow,
  { request, fraudRiskLevel }: Ask,
  settle: (decision: Decision) => object,
): object | Promise<object> {
  const { account, world } = scope;
  if (world.network.mode !== 'normal') {
    const approved = world.network.mode === 'stand_in_approve';
    return settle({ approved, reason: 'network_fallback', message: null });
  }
  const refusal = screenNow(scope, row, { request, fraudRiskLevel });
  if (refusal !== undefined) {
    const suspected = refusal.reason === 'suspected_fraud';
    const challenge = suspected && account.settings.fraudChallenges === 'on';
    return settle({ approved: false, ...refusal, challenge });
  }
  takeConfirmation(scope, row, fraudRiskLevel);
  const endpoint = account.realtime;
  if (endpoint === undefined)
    return settle({ approved: true, reason: 'card_active', message: null });
  return askAbout(scope, { row, request, endpoint }, settle);
}

/** What a request takes if nobody is asked about it. */
const unasked = ({ account }: Scope, row: AuthorizationRow, request: PendingRequest): number =>
  isUndecided(row) ? unaskedHold(row, request, account.settings.fuelPumpHold) : request.amount;

function screenNow(scope: Scope, row: AuthorizationRow, asked: Ask): Refusal | undefined {
  const { account, world } = scope;
  const { card, cardholder } = parties(scope, row);
  const { disabled, cvcMismatch, insecureMethods } = account.settings;
  if (card.sim.declineNext !== undefined)
    account.cards.put({ ...card, sim: { ...card.sim, declineNext: null } });
  return screen({
    card,
    cardholder,
    authorization: row,
    amount:
      account.realtime === undefined ? unasked(scope, row, asked.request) : asked.request.amount,
    now: world.clock.now(),
    accountDisabled: disabled,
    available: availableBalance(scope, row.currency),
    tokenStatus: row.token === null ? undefined : account.tokens.get(row.token)?.status,
    fraudRiskLevel: asked.fraudRiskLevel,
    cvcMismatch,
    insecureMethods,
    paymentsAsked: account.paymentsAsked.get(card.id) ?? 0,
    spentOnCard: (window) => spent(account, card.sim.chain, window),
    spentByCardholder: (window) => spent(account, cardholder.id, window),
  });
}

/** What is spent and what is being decided. */
const spent = (account: Account, owner: string, window: SpendingWindow): number =>
  account.spending.since(owner, window) + account.spendingAsked.since(owner, window);

/** The network may still decline what we approved; the answer's metadata is stored nevertheless. */
function networkVerdict(scope: Scope, row: AuthorizationRow, decision: Decision): Decision {
  const { networkDecline, networkDeclineReason } = scope.account.settings;
  const byNetwork = decision.reason === 'network_fallback';
  if (!decision.approved || byNetwork || networkDecline !== 'created_declined') return decision;
  if (!takeNetworkDecline(scope, row)) return decision;
  return {
    approved: false,
    reason: networkDeclineReason,
    message: 'The network declined the authorization after it had been approved.',
    ...(decision.metadata === undefined ? {} : { metadata: decision.metadata }),
  };
}

/** Whether the network declines the card's approved authorization after all; once for each time it was asked to. */
const takeNetworkDecline = ({ account }: Scope, row: AuthorizationRow): boolean =>
  account.declineAfterApproval.delete(row.card);

function parties(
  scope: Scope,
  row: AuthorizationRow,
): { card: CardRow; cardholder: CardholderRow } {
  const card = scope.account.cards.get(row.card);
  const cardholder = scope.account.cardholders.get(row.cardholder);
  if (card === undefined || cardholder === undefined) {
    throw new Error(`${CARD.label} or ${CARDHOLDER.label} of ${row.id} disappeared`);
  }
  return { card, cardholder };
}

/** Payments above zero count towards `lifecycle_controls`; the last one allowed cancels the card. */
export function countPayment(scope: Scope, id: string): void {
  const card = scope.account.cards.get(id);
  if (card === undefined || card.lifecycle_controls === null) return;
  const payments = card.sim.payments + 1;
  const counted: CardRow = { ...card, sim: { ...card.sim, payments } };
  const over = payments >= card.lifecycle_controls.cancel_after.payment_count;
  if (over && card.status !== 'canceled') cancelWithTokens(scope, counted, null);
  else scope.account.cards.put(counted);
}
