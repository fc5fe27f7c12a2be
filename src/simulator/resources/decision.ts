/** How an authorization or an increment is decided: Stripe's own checks, then the real-time endpoint, then the network. */
import {
  type AuthorizationRow,
  type Decision,
  type DecisionFacts,
  decideFirst,
  decideIncrement,
  type PendingRequest,
} from '../machines/authorization.ts';
import { type CardRow, cancelCard } from '../machines/card.ts';
import type { CardholderRow } from '../machines/cardholder.ts';
import { screen } from '../machines/screening.ts';
import { askEndpoint } from '../webhooks/realtime.ts';
import { change, emit, type Scope } from '../world/kind.ts';
import { AUTHORIZATION, CARD, CARDHOLDER } from '../world/kinds/issuing.ts';
import { changeAuthorization, putAuthorization } from './authorization-store.ts';
import { availableBalance, whileReserved } from './issuing-balance.ts';

/** What only the caller of the test helper knows about the purchase. */
export interface Ask {
  readonly request: PendingRequest;
  readonly fraudRiskLevel: string | null;
}

/** Decides a stored, undecided authorization and tells everybody. Returns it as the API shows it. */
export async function decideAuthorization(
  scope: Scope,
  row: AuthorizationRow,
  ask: Ask,
): Promise<object> {
  const requestedAt = scope.world.clock.now();
  const decision = networkVerdict(scope, row, await decide(scope, row, ask));
  return settleAuthorization(scope, row.id, ask.request, { decision, requestedAt });
}

/** Stores the first decision on an authorization and sends `issuing_authorization.created`. */
export function settleAuthorization(
  scope: Scope,
  id: string,
  request: PendingRequest,
  outcome: { decision: Decision; requestedAt: number },
): object {
  const current = currentRow(scope, id);
  const { decision, requestedAt } = outcome;
  putAuthorization(scope, decideFirst(current, request, decision, facts(scope, requestedAt)));
  if (decision.approved && request.amount > 0) countPayment(scope, current.card);
  const shown = AUTHORIZATION.render(scope.account, currentRow(scope, id));
  emit(scope, `${AUTHORIZATION.eventPrefix}.created`, shown);
  return shown;
}

/** Decides an addition to an approved authorization. */
export async function decideAddition(
  scope: Scope,
  row: AuthorizationRow,
  ask: Ask,
): Promise<object> {
  const requestedAt = scope.world.clock.now();
  const decision = await decide(scope, row, ask);
  // The row may have moved on while the endpoint was thinking.
  const current = currentRow(scope, row.id);
  return changeAuthorization(
    scope,
    decideIncrement(current, ask.request, decision, facts(scope, requestedAt)),
  );
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

async function decide(scope: Scope, row: AuthorizationRow, ask: Ask): Promise<Decision> {
  const { card, cardholder } = parties(scope, row);
  const { account, world } = scope;
  const refusal = screen({
    card,
    cardholder,
    authorization: row,
    amount: ask.request.amount,
    now: world.clock.now(),
    accountDisabled: account.settings.disabled,
    available: availableBalance(scope, row.currency),
    fraudRiskLevel: ask.fraudRiskLevel,
    cvcMismatch: account.settings.cvcMismatch,
    tokenStatus: row.token === null ? undefined : account.tokens.get(row.token)?.status,
    spentOnCard: (day, categories) => account.spending.since(card.sim.chain, day, categories),
    spentByCardholder: (day, categories) => account.spending.since(cardholder.id, day, categories),
  });
  if (refusal !== undefined) return { approved: false, ...refusal };
  const { realtime } = account;
  if (realtime === undefined) return { approved: true, reason: 'card_active', message: null };
  return whileReserved(scope, ask.request, () => askEndpoint(scope, realtime, row, ask.request));
}

/** The network may still decline what we approved; the answer's metadata is stored nevertheless. */
function networkVerdict({ account }: Scope, row: AuthorizationRow, decision: Decision): Decision {
  if (!decision.approved || !account.declineAfterApproval.delete(row.card)) return decision;
  return {
    approved: false,
    reason: account.settings.networkDeclineReason,
    message: 'The network declined the authorization after it had been approved.',
    ...(decision.metadata === undefined ? {} : { metadata: decision.metadata }),
  };
}

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
function countPayment(scope: Scope, id: string): void {
  const card = scope.account.cards.get(id);
  if (card === undefined || card.lifecycle_controls === null) return;
  const payments = card.sim.payments + 1;
  const counted: CardRow = { ...card, sim: { ...card.sim, payments } };
  const over = payments >= card.lifecycle_controls.cancel_after.payment_count;
  if (over && card.status !== 'canceled') change(scope, CARD, cancelCard(counted, null));
  else scope.account.cards.put(counted);
}
