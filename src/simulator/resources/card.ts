/** Cards: `/v1/issuing/cards`. */
import { invalidRequest, missingParameter, unknownReference } from '../http/failure.ts';
import { mergeMetadata, metadata } from '../http/metadata.ts';
import {
  find,
  isWanted,
  isWithin,
  listOperation,
  type Operation,
  operation,
  retrieveOperation,
} from '../http/operation.ts';
import {
  choice,
  integer,
  object,
  required,
  text,
  timeRange,
  unsettable,
  type Values,
} from '../http/parameter.ts';
import { CARD_STATUSES, type CardRow, cancelCard, cardNumber } from '../machines/card.ts';
import { activationObstacle, type CardholderRow } from '../machines/cardholder.ts';
import { isEuropeanCard } from '../machines/region.ts';
import { NO_SPENDING_CONTROLS } from '../machines/spending-controls.ts';
import { previousAttributes } from '../world/difference.ts';
import { change, create, emit, type Scope, store } from '../world/kind.ts';
import { CARD, CARDHOLDER } from '../world/kinds/issuing.ts';
import { endTokens } from './card-cancellation.ts';
import { changedDesign, designForCard } from './card-design.ts';
import { illegalStep } from './illegal-step.ts';
import { readCurrency } from './purchase-amount.ts';
import {
  checkReplacement,
  laterExpiry,
  linkReplacement,
  replaceOnActivation,
} from './replacement.ts';
import { readShipping, shipping } from './shipping.ts';
import { cardSpendingControls, mergeSpendingControls } from './spending-controls.ts';

const PATH = '/v1/issuing/cards';
const SECOND_LINE_LENGTH_MAX = 24;
const VALIDITY_YEARS = 3;
/** Beyond this a year is a slip of the keyboard. */
const VALIDITY_YEARS_MAX = 50;

const CREATE = {
  cardholder: text(),
  currency: required(text()),
  exp_month: integer(),
  exp_year: integer(),
  financial_account: text(),
  lifecycle_controls: object({
    cancel_after: required(object({ payment_count: required(integer({ min: 1 })) })),
  }),
  metadata: metadata(),
  personalization_design: text(),
  pin: object({ encrypted_number: text() }),
  replacement_for: text(),
  replacement_reason: choice(['damaged', 'expired', 'lost', 'stolen']),
  second_line: unsettable(text({ max: SECOND_LINE_LENGTH_MAX })),
  shipping,
  spending_controls: cardSpendingControls,
  status: choice(['active', 'inactive']),
  type: required(choice(['physical', 'virtual'])),
};

const UPDATE = {
  cancellation_reason: choice(['lost', 'stolen']),
  financial_account: text(),
  metadata: metadata(),
  personalization_design: text(),
  pin: object({ encrypted_number: text() }),
  shipping,
  spending_controls: cardSpendingControls,
  status: choice(CARD_STATUSES),
};

/** Only virtual cards show their number. */
const reveal =
  (field: 'cvc' | 'number') =>
  (call: Scope & { readonly id: string }): string | undefined => {
    const card = find(call, CARD, call.id);
    return card.type === 'virtual' ? card.sim[field] : undefined;
  };

export const cardOperations: readonly Operation[] = [
  listOperation({
    path: PATH,
    kind: CARD,
    filters: {
      cardholder: text(),
      created: timeRange(),
      exp_month: integer(),
      exp_year: integer(),
      last4: text(),
      personalization_design: text(),
      status: choice(CARD_STATUSES),
      type: choice(['physical', 'virtual']),
    },
    matches: (row, wanted) =>
      isWanted(row.cardholder, wanted.cardholder) &&
      isWithin(row.created, wanted.created) &&
      isWanted(row.exp_month, wanted.exp_month) &&
      isWanted(row.exp_year, wanted.exp_year) &&
      isWanted(row.last4, wanted.last4) &&
      isWanted(row.personalization_design, wanted.personalization_design) &&
      isWanted(row.status, wanted.status) &&
      isWanted(row.type, wanted.type),
  }),
  operation({
    method: 'POST',
    path: PATH,
    params: CREATE,
    handle: (call) => createCard(call, call.params),
  }),
  retrieveOperation(`${PATH}/{card}`, CARD, { number: reveal('number'), cvc: reveal('cvc') }),
  operation({
    method: 'POST',
    path: `${PATH}/{card}`,
    params: UPDATE,
    handle: (call) => updateCard(call, find(call, CARD, call.id), call.params),
  }),
];

type CreateParams = Values<typeof CREATE>;

function createCard(scope: Scope, params: CreateParams): object {
  const replaced = checkReplacement(scope, params);
  const cardholder = findCardholder(scope, params.cardholder ?? replaced?.cardholder);
  checkKind(params);
  checkExpiry(params, scope.world.clock.now());
  checkPhone(params.currency.toLowerCase(), cardholder);
  if (params.status === 'active') refuseIfNotActivatable(cardholder);
  const design = designForCard(scope, params);
  const card = newCard(scope, params, { cardholder, replaced, design });
  const shown = create(scope, CARD, card);
  if (replaced !== undefined) linkReplacement(scope, replaced, card);
  if (card.status === 'active') replaceOnActivation(scope, card);
  return shown;
}

function findCardholder(scope: Scope, id: string | undefined): CardholderRow {
  if (id === undefined) throw missingParameter('cardholder');
  const cardholder = scope.account.cardholders.get(id);
  if (cardholder === undefined) throw unknownReference(CARDHOLDER.label, id, 'cardholder');
  return cardholder;
}

function checkKind(params: CreateParams): void {
  readCurrency(params.currency, 'currency');
  if (params.type === 'physical' && params.shipping === undefined)
    throw missingParameter('shipping');
  if (params.type === 'virtual' && params.shipping !== undefined) {
    throw invalidRequest('You cannot specify shipping for virtual cards.', { param: 'shipping' });
  }
}

function checkExpiry({ exp_month: month, exp_year: year }: CreateParams, now: number): void {
  if (month !== undefined && (month < 1 || month > 12)) {
    throw invalidRequest("Your card's expiration month is invalid.", {
      code: 'invalid_expiry_month',
      param: 'exp_month',
    });
  }
  const today = new Date(now * 1000);
  const thisYear = today.getUTCFullYear();
  if (year !== undefined && (year < thisYear || year > thisYear + VALIDITY_YEARS_MAX)) {
    throw invalidRequest("Your card's expiration year is invalid.", {
      code: 'invalid_expiry_year',
      param: 'exp_year',
    });
  }
  if (year === thisYear && month !== undefined && month <= today.getUTCMonth()) {
    throw invalidRequest("Your card's expiration month is invalid.", {
      code: 'invalid_expiry_month',
      param: 'exp_month',
    });
  }
}

function checkPhone(currency: string, { billing, phone_number: phone }: CardholderRow): void {
  if (phone !== null || !isEuropeanCard(currency, billing.address.country)) return;
  throw invalidRequest(
    'The cardholder needs a phone_number: European cards are protected by 3D Secure with text messages.',
    { param: 'phone_number' },
  );
}

function refuseIfNotActivatable(cardholder: CardholderRow): void {
  const obstacle = activationObstacle(cardholder);
  if (obstacle !== undefined) {
    throw invalidRequest(`You cannot activate this card. ${obstacle}`, { param: 'status' });
  }
}

function newCard(
  { world }: Scope,
  params: CreateParams,
  from: { cardholder: CardholderRow; replaced: CardRow | undefined; design: string | null },
): CardRow {
  const now = world.clock.now();
  const today = new Date(now * 1000);
  const id = world.sequence.id(CARD.idPrefix);
  const { replaced } = from;
  // A damaged or expired card keeps its number, so that stored payment details go on working.
  const keepsNumber =
    params.replacement_reason === 'damaged' || params.replacement_reason === 'expired';
  const fresh = cardNumber(world.sequence.digits('pan', 6));
  const number = keepsNumber && replaced !== undefined ? replaced.sim.number : fresh;
  const currency = params.currency.toLowerCase();
  const chosen = {
    month: params.exp_month ?? today.getUTCMonth() + 1,
    year: params.exp_year ?? today.getUTCFullYear() + VALIDITY_YEARS,
    isChosen: params.exp_month !== undefined || params.exp_year !== undefined,
  };
  const expiry = keepsNumber && replaced !== undefined ? laterExpiry(replaced, chosen) : chosen;
  return {
    id,
    created: now,
    cancellation_reason: null,
    cardholder: from.cardholder.id,
    currency,
    exp_month: expiry.month,
    exp_year: expiry.year,
    financial_account: params.financial_account ?? null,
    last4: number.slice(-4),
    latest_fraud_warning: null,
    lifecycle_controls: params.lifecycle_controls ?? null,
    metadata: mergeMetadata({}, params.metadata),
    personalization_design: from.design,
    replaced_by: null,
    replacement_for: params.replacement_for ?? null,
    replacement_reason: params.replacement_reason ?? null,
    second_line: params.second_line ?? null,
    shipping: params.shipping === undefined ? null : readShipping(params.shipping, now),
    spending_controls:
      params.spending_controls === undefined
        ? NO_SPENDING_CONTROLS
        : mergeSpendingControls(null, params.spending_controls, currency),
    status: params.status ?? 'inactive',
    type: params.type,
    sim: {
      number,
      cvc: world.sequence.digits('cvc', 3),
      payments: 0,
      chain: replaced?.sim.chain ?? id,
    },
  };
}

function updateCard(scope: Scope, card: CardRow, params: Values<typeof UPDATE>): object {
  if (params.cancellation_reason !== undefined && params.status !== 'canceled') {
    throw invalidRequest('You can only specify cancellation_reason when canceling the card.', {
      param: 'cancellation_reason',
    });
  }
  if (card.status === 'canceled' && params.status !== undefined && params.status !== 'canceled') {
    throw illegalStep(
      scope,
      'This card is canceled. A canceled card cannot change its status.',
      'status',
    );
  }
  if (params.shipping !== undefined && card.shipping?.status !== 'pending') {
    throw invalidRequest('You can only change shipping while it is pending.', {
      param: 'shipping',
    });
  }
  const activates = params.status === 'active' && card.status === 'inactive';
  if (activates) refuseIfNotActivatable(findCardholder(scope, card.cardholder));
  const now = scope.world.clock.now();
  const next: CardRow = {
    ...card,
    financial_account: params.financial_account ?? card.financial_account,
    metadata: mergeMetadata(card.metadata, params.metadata),
    personalization_design: changedDesign(scope, card, params.personalization_design),
    shipping: params.shipping === undefined ? card.shipping : readShipping(params.shipping, now),
    spending_controls:
      params.spending_controls === undefined
        ? card.spending_controls
        : mergeSpendingControls(card.spending_controls, params.spending_controls, card.currency),
    status: params.status === undefined || card.status === 'canceled' ? card.status : params.status,
  };
  const cancels = params.status === 'canceled' && card.status !== 'canceled';
  const changed = cancels ? cancelCard(next, params.cancellation_reason ?? null) : next;
  const shown =
    params.pin === undefined ? change(scope, CARD, changed) : changeWithPin(scope, changed);
  if (cancels) endTokens(scope, card.id);
  if (activates) replaceOnActivation(scope, next);
  return shown;
}

/** A new PIN cannot be seen, but there is an event about it, and it lifts the block that wrong ones led to. */
function changeWithPin(scope: Scope, card: CardRow): object {
  const { account } = scope;
  const before = account.cards.get(card.id) ?? card;
  const earlier = CARD.render(account, before);
  const shown = store(scope, CARD, { ...card, sim: { ...card.sim, wrongPins: 0 } });
  const previous = previousAttributes(earlier, shown) ?? {};
  emit(scope, `${CARD.eventPrefix}.updated`, shown, previous);
  return shown;
}
