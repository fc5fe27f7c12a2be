/** A new authorization, as the test helper describes it, before anybody has decided it. */
import { invalidRequest, unknownReference } from '../http/failure.ts';
import {
  amount,
  choice,
  flag,
  integer,
  nonNegative,
  number,
  object,
  required,
  text,
  type Values,
} from '../http/parameter.ts';
import type { AuthorizationRow, PendingRequest } from '../machines/authorization.ts';
import type { CardRow } from '../machines/card.ts';
import { SECONDS_PER_DAY } from '../machines/duration.ts';
import type { VerificationData } from '../machines/purchase.ts';
import { payingToken, WALLETS, type Wallet } from '../machines/token.ts';
import { type Scope } from '../world/kind.ts';
import { AUTHORIZATION, CARD } from '../world/kinds/issuing.ts';
import type { Ask } from './decision.ts';
import {
  amountDetails,
  fleet,
  fuel,
  merchantData,
  readAmountDetails,
  readFleet,
  readFuel,
  readMerchant,
} from './purchase.ts';
import { merchantRate, readAmounts } from './purchase-amount.ts';

const CHECKS = ['match', 'mismatch', 'not_provided'] as const;
const RISK_LEVELS = ['elevated', 'highest', 'low', 'normal', 'not_assessed', 'unknown'] as const;
const METHODS = ['chip', 'contactless', 'keyed_in', 'online', 'swipe'] as const;

export const AUTHORIZATION_PARAMETERS = {
  amount: nonNegative(),
  amount_details: amountDetails,
  authorization_method: choice(METHODS),
  card: required(text()),
  currency: text(),
  fleet,
  fraud_disputability_likelihood: choice(['neutral', 'unknown', 'very_likely', 'very_unlikely']),
  fuel,
  is_amount_controllable: flag(),
  merchant_amount: amount(),
  merchant_currency: text(),
  merchant_data: merchantData,
  network_data: object({ acquiring_institution_id: text() }),
  risk_assessment: object({
    card_testing_risk: object({
      invalid_account_number_decline_rate_past_hour: integer(),
      invalid_credentials_decline_rate_past_hour: integer(),
      level: required(choice(RISK_LEVELS)),
    }),
    fraud_risk: object({
      level: required(choice(RISK_LEVELS)),
      score: number(),
    }),
    merchant_dispute_risk: object({
      dispute_rate: integer(),
      level: required(choice(RISK_LEVELS)),
    }),
  }),
  verification_data: object({
    address_line1_check: choice(CHECKS),
    address_postal_code_check: choice(CHECKS),
    authentication_exemption: object({
      claimed_by: required(choice(['acquirer', 'issuer'])),
      type: required(choice(['low_value_transaction', 'transaction_risk_analysis', 'unknown'])),
    }),
    cvc_check: choice(CHECKS),
    expiry_check: choice(CHECKS),
    three_d_secure: object({
      result: required(choice(['attempt_acknowledged', 'authenticated', 'failed', 'required'])),
    }),
  }),
  wallet: choice(WALLETS),
} as const;

export type AuthorizationParameters = Values<typeof AUTHORIZATION_PARAMETERS>;

const TRACE_DIGITS = 6;
export const NETWORK_TRANSACTION_DIGITS = 15;

/** Merchants whose captures may come weeks later: hotels, airlines and other carriers, car rental. */
const isTravel = (category: string, code: string): boolean =>
  /^3\d{3}$/.test(code) || /lodging|hotel|airlines|car_rental|cruise|travel/.test(category);

export function findCard(scope: Scope, id: string): CardRow {
  const card = scope.account.cards.get(id);
  if (card === undefined) throw unknownReference(CARD.label, id, 'card');
  return card;
}

/** The row of an undecided authorization, and what is asked for. */
export function newAuthorization(
  scope: Scope,
  params: AuthorizationParameters,
): { row: AuthorizationRow; ask: Ask } {
  const card = findCard(scope, params.card);
  const money = readAmounts(params, card.currency);
  if ((params.amount_details?.cashback_amount ?? 0) > money.amount) {
    throw invalidRequest('The cashback_amount cannot exceed the amount.', {
      param: 'amount_details[cashback_amount]',
    });
  }
  const request: PendingRequest = {
    ...money,
    amount_details: readAmountDetails(params.amount_details),
    currency: card.currency,
    is_amount_controllable: params.is_amount_controllable ?? false,
    network_risk_score: params.risk_assessment?.fraud_risk?.score ?? null,
  };
  const row = undecided(scope, params, { card, request });
  return {
    row,
    ask: { request, fraudRiskLevel: params.risk_assessment?.fraud_risk?.level ?? null },
  };
}

function undecided(
  scope: Scope,
  params: AuthorizationParameters,
  { card, request }: { card: CardRow; request: PendingRequest },
): AuthorizationRow {
  const { world } = scope;
  const { sequence, options } = world;
  const created = world.clock.now();
  const merchant = readMerchant(params.merchant_data, sequence);
  const method = params.authorization_method ?? 'online';
  const days = isTravel(merchant.category, merchant.category_code)
    ? options.validityDaysTravel
    : options.validityDays;
  return {
    id: sequence.id(AUTHORIZATION.idPrefix),
    created,
    amount: 0,
    amount_details: request.amount_details,
    approved: false,
    authorization_method: method,
    card: card.id,
    card_presence: method === 'online' || method === 'keyed_in' ? 'not_present' : 'present',
    cardholder: card.cardholder,
    currency: card.currency,
    fleet: readFleet(params.fleet),
    fuel: readFuel(params.fuel),
    merchant_amount: 0,
    merchant_currency: request.merchant_currency,
    merchant_data: merchant,
    metadata: {},
    network_data: {
      acquiring_institution_id: params.network_data?.acquiring_institution_id ?? null,
      system_trace_audit_number: sequence.digits('trace', TRACE_DIGITS),
      transaction_id: sequence.digits('network_transaction', NETWORK_TRANSACTION_DIGITS),
    },
    request_history: [],
    status: 'pending',
    token: tokenOf(scope, card, params.wallet),
    transactions: [],
    verification_data: readVerification(params.verification_data, merchant.postal_code),
    verified_by_fraud_challenge: null,
    wallet: params.wallet ?? null,
    sim: {
      remaining: 0,
      captured: 0,
      approvedTotal: 0,
      merchantRate: merchantRate(request),
      requested: request.amount,
      expiresAt: created + days * SECONDS_PER_DAY,
      spent: [],
      announced: false,
    },
  };
}

function tokenOf({ account }: Scope, card: CardRow, wallet: Wallet | undefined): string | null {
  if (wallet === undefined) return null;
  return payingToken(account.tokens.all(), { card: card.id, wallet })?.id ?? null;
}

function readVerification(
  given: AuthorizationParameters['verification_data'],
  postalCode: string | null,
): VerificationData {
  // Who is excused from 3D Secure has not been through it.
  if (given?.three_d_secure !== undefined && given.authentication_exemption !== undefined) {
    throw invalidRequest(
      'You may only specify one of these parameters: verification_data[authentication_exemption], verification_data[three_d_secure].',
      { param: 'verification_data[authentication_exemption]' },
    );
  }
  return {
    address_line1_check: given?.address_line1_check ?? 'not_provided',
    address_postal_code_check: given?.address_postal_code_check ?? 'not_provided',
    authentication_exemption: given?.authentication_exemption ?? null,
    cvc_check: given?.cvc_check ?? 'not_provided',
    expiry_check: given?.expiry_check ?? 'match',
    postal_code:
      (given?.address_postal_code_check ?? 'not_provided') === 'not_provided' ? null : postalCode,
    three_d_secure: given?.three_d_secure ?? null,
  };
}
