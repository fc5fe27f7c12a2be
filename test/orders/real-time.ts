/**
 * Our side of a real-time request while a script is recorded: the rules of the authorizer, and the funds that the
 * decision function in SQL would look at. The answer has the form that the authorizer gives it.
 */
import { readAskedRequest } from '../../src/adapters/stripe/read-request.ts';
import type { Json } from '../../src/adapters/stripe/wire.ts';
import type { AuthorizationRequest } from '../../src/domain/authorization-request.ts';
import type { Merchant } from '../../src/domain/authorization-state.ts';
import type { CardProfile } from '../../src/domain/card-profile.ts';
import type { RecordedDecision } from '../../src/domain/confirmation.ts';
import { evaluate } from '../../src/domain/decision.ts';
import {
  type AuthorizationId,
  parseAccountId,
  parseCardholderId,
  parseCardId,
  parseTenantId,
  type StripeCardId,
} from '../../src/domain/ids.ts';
import { type MinorUnits, minorUnits, parseCurrency, ZERO } from '../../src/domain/money.ts';
import { type SurplusRule, surplusOf } from '../../src/domain/surplus.ts';
import type { Reply } from '../simulator/program.ts';
import type { Answer } from './script.ts';

/** A decision of ours, as it is committed at some step of an order. */
export interface Decided {
  readonly authorizationId: AuthorizationId;
  readonly stripeCardId: StripeCardId;
  readonly decision: RecordedDecision;
  /** Why it was declined; null for an approval. */
  readonly declineReason: string | null;
  readonly merchant: Merchant;
}

export interface Desk {
  readonly currency: string;
  readonly allowPartial: boolean;
  readonly accountStatus: CardProfile['accountStatus'];
  /** Whether the card of the request is known to us. */
  readonly isKnown: boolean;
  /** What may still be held. */
  readonly roomMinor: MinorUnits;
  readonly answer: Answer;
}

/** 5 %, so that a margin is visible in every amount. */
const FX_MARGIN_BP = 500;
/** 100.00, as Stripe holds for a pump by default. */
const FUEL_HOLD_MINOR = minorUnits(10_000);
/** Merchants of this category are declined by the rules. */
export const BLOCKED_CATEGORY = 'betting_casino_gambling';
/** Seconds between the request and the commit of the decision. */
const DECIDING_S = 0.25;
/** A version of the API that no request is sent in. */
const OTHER_VERSION = '2024-06-20';
/** What is approved where an amount is given although it cannot be controlled. */
const PART = 0.7;

/** The decision on a request, and what Stripe is answered; undefined is silence. */
export function decideRequest(
  event: Json,
  desk: Desk,
): { readonly decided: Decided; readonly reply: Reply | undefined } {
  const request = readAskedRequest(event, 0);
  if (request?.kind !== 'readable') throw new Error('the simulator sent no readable request');
  const decided = desk.answer === 'amount_anyway' ? approvePart(request) : decide(request, desk);
  return { decided, reply: replyTo(event, request, decided, desk.answer) };
}

function decide(request: AuthorizationRequest, desk: Desk): Decided {
  const rule = evaluate(request, desk.isKnown ? profileOf(desk) : null);
  if (rule.kind === 'decline') return recorded(request, ZERO, { kind: 'none' }, rule.reason);
  const { surplus, minimumMinor } = rule;
  const amount = affordable(surplus, request.askedMinor, desk.roomMinor);
  const isEnough =
    request.askedMinor === 0 || amount === request.askedMinor || amount >= minimumMinor;
  return isEnough
    ? recorded(request, amount, surplus, null)
    : recorded(request, ZERO, surplus, 'INSUFFICIENT_FUNDS');
}

const approvePart = (request: AuthorizationRequest): Decided =>
  recorded(request, minorUnits(Math.round(request.askedMinor * PART)), { kind: 'none' }, null);

/** As `affordable` in SQL, for rules without a margin on a partly approved amount. */
function affordable(surplus: SurplusRule, asked: MinorUnits, room: MinorUnits): MinorUnits {
  const amount = minorUnits(Math.max(0, Math.min(asked, room)));
  return amount + surplusOf(surplus, amount) > room ? ZERO : amount;
}

function recorded(
  request: AuthorizationRequest,
  approvedMinor: MinorUnits,
  surplus: SurplusRule,
  declineReason: string | null,
): Decided {
  const { authorizationId, stripeCardId, merchant, requestId, askedMinor, requestedS } = request;
  return {
    authorizationId,
    stripeCardId,
    merchant,
    declineReason,
    decision: {
      requestId,
      approved: declineReason === null,
      askedMinor,
      approvedMinor,
      surplus,
      requestedS,
      decidedS: requestedS + DECIDING_S,
    },
  };
}

/** As the authorizer answers: the metadata key is the request's id. */
function replyTo(
  event: Json,
  request: AuthorizationRequest,
  { decision, declineReason }: Decided,
  answer: Answer,
): Reply | undefined {
  if (answer === 'late' || answer === 'absent') return undefined;
  const isPartial = decision.approved && decision.approvedMinor < request.askedMinor;
  const body = JSON.stringify({
    approved: decision.approved,
    ...(answer === 'unknown_member' ? { note: 'thank you' } : {}),
    ...(isPartial ? { amount: decision.approvedMinor } : {}),
    metadata: { [request.requestId]: declineReason ?? 'APPROVED' },
  });
  // Without its version, no answer is of use to Stripe.
  if (answer === 'unusable') return { body };
  const version = answer === 'other_version' ? OTHER_VERSION : String(event['api_version']);
  return { headers: { 'stripe-version': version }, body };
}

function profileOf({ currency, allowPartial, accountStatus }: Desk): CardProfile {
  const known = parseCurrency(currency);
  if (known === undefined) throw new Error(`${currency} is no currency`);
  return {
    tenantId: parseTenantId('ten_orders'),
    cardId: parseCardId('card_orders'),
    chainId: parseCardId('card_orders'),
    accountId: parseAccountId('acc_orders'),
    cardholderId: parseCardholderId('chr_orders'),
    currency: known,
    phase: 'active',
    isCurrentStripeCard: true,
    isFrozen: false,
    isCanceled: false,
    accountStatus,
    isCardholderBlocked: false,
    allowPartial,
    fxMarginBp: FX_MARGIN_BP,
    fuelHoldMinor: FUEL_HOLD_MINOR,
    controls: { card: { blockedCategories: [BLOCKED_CATEGORY] }, account: {}, tenant: {} },
    versions: { card: 1, account: 1, cardholder: 1, tenant: 1 },
  };
}
