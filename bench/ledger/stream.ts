/** A stream of purchases as Stripe tells of them, with the decisions that were made before. */
import type { Json } from '../../src/adapters/stripe/wire.ts';
import type { IncomingEvent } from '../../src/ports/event-intake.ts';
import { STRIPE_ACCOUNT, stripeCardId } from './program.ts';
import { type Answer, type Clearing, kindOf, type Shown, statesOf } from './purchase.ts';
import { Random } from './random.ts';
import type { Templates } from './templates.ts';

/** An answer of ours to one request. */
export interface MadeDecision {
  readonly card: number;
  readonly authorizationId: string;
  readonly requestId: string;
  readonly amountMinor: number;
  readonly requestedS: number;
}

export interface Stream {
  readonly decisions: readonly MadeDecision[];
  /** In the order in which they came. */
  readonly events: readonly IncomingEvent[];
}

const START_S = 1_795_000_000;
const PURCHASES_PER_S = 5;
/** The others were approved by Stripe without us, and are adopted. */
const DECIDED_SHARE = 0.85;

export function createStream(templates: Templates, cards: number, purchases: number): Stream {
  const random = new Random(1);
  const decisions: MadeDecision[] = [];
  const events: IncomingEvent[] = [];
  for (let number = 0; number < purchases; number += 1) {
    const card = random.between(0, cards - 1);
    const kind = kindOf(random);
    const states = statesOf(kind, START_S + Math.floor(number / PURCHASES_PER_S), random);
    const isDecided = kind !== 'declined' && random.fraction() < DECIDED_SHARE;
    const answers = isDecided ? (states.at(-1)?.answers ?? []) : [];
    const purchase: Purchase = {
      templates,
      number,
      card,
      authorizationId: `iauth_${padded(number)}`,
      requestIds: answers.map((_, index) => `evt_request${padded(number)}${index}`),
    };
    decisions.push(...decisionsOn(purchase, answers));
    events.push(...eventsOf(purchase, states));
  }
  return { decisions, events: events.toSorted((a, b) => a.created - b.created) };
}

export interface Purchase {
  readonly templates: Templates;
  /** Makes the ids of its events and clearing records, each once. */
  readonly number: number;
  readonly card: number;
  readonly authorizationId: string;
  /** Of the requests that we have answered; none when Stripe decided without us. */
  readonly requestIds: readonly string[];
}

const padded = (number: number): string => String(number).padStart(18, '0');
const transactionId = (purchase: Purchase, clearing: Clearing): string =>
  `ipi_${padded(purchase.number)}${clearing.number}`;

const decisionsOn = (
  { card, authorizationId, requestIds }: Purchase,
  answers: readonly Answer[],
): readonly MadeDecision[] =>
  answers.map(({ amountMinor, atS }, index) => ({
    card,
    authorizationId,
    requestId: requestIds[index] ?? '',
    amountMinor,
    requestedS: atS,
  }));

/** The first state makes a `created`, each further one an `updated`, each clearing record an event of its own. */
export function eventsOf(purchase: Purchase, states: readonly Shown[]): readonly IncomingEvent[] {
  const { templates } = purchase;
  const made: IncomingEvent[] = [];
  const add = (template: Json, type: string, atS: number, data: Json & { object: Json }): void => {
    const eventId = `evt_${padded(purchase.number)}${made.length}`;
    const body = { ...template, id: eventId, type, created: atS, data };
    made.push({
      stripeAccount: STRIPE_ACCOUNT,
      eventId,
      type,
      objectId: String(data.object['id']),
      groupKey: stripeCardId(purchase.card),
      created: atS,
      payload: JSON.stringify(body),
    });
  };
  let before: Shown | undefined;
  for (const state of states) {
    const fresh = state.clearings.slice(before?.clearings.length ?? 0);
    for (const clearing of fresh) {
      const object = transactionObject(purchase, clearing);
      add(templates.transaction, 'issuing_transaction.created', state.atS, { object });
    }
    const object = authorizationObject(purchase, state);
    if (before === undefined) {
      add(templates.authorization, 'issuing_authorization.created', state.atS, { object });
    } else {
      const previous = previousOf(authorizationObject(purchase, before), object);
      const data = { object, previous_attributes: previous };
      add(templates.authorization, 'issuing_authorization.updated', state.atS, data);
    }
    before = state;
  }
  return made;
}

const objectOf = (template: Json): Json => (template['data'] as { readonly object: Json }).object;

function authorizationObject(purchase: Purchase, state: Shown): Json {
  const pattern = objectOf(purchase.templates.authorization);
  const [entry] = pattern['request_history'] as readonly Json[];
  const answered = purchase.requestIds.slice(0, state.answers.length);
  const metadata = Object.fromEntries(answered.map((id) => [id, 'made']));
  return {
    ...pattern,
    id: purchase.authorizationId,
    card: { ...(pattern['card'] as Json), id: stripeCardId(purchase.card) },
    amount: state.amountMinor,
    merchant_amount: state.amountMinor,
    approved: state.approved,
    status: state.status,
    created: state.answers[0]?.atS ?? state.atS,
    metadata,
    request_history: state.answers.map(({ amountMinor, approved, atS }) => ({
      ...entry,
      amount: amountMinor,
      merchant_amount: amountMinor,
      approved,
      created: atS,
      requested_at: atS,
      reason: approved ? 'webhook_approved' : 'insufficient_funds',
    })),
    transactions: state.clearings.map((clearing) => transactionObject(purchase, clearing)),
  };
}

function transactionObject(purchase: Purchase, clearing: Clearing): Json {
  const amount = clearing.type === 'capture' ? -clearing.amountMinor : clearing.amountMinor;
  return {
    ...objectOf(purchase.templates.transaction),
    id: transactionId(purchase, clearing),
    type: clearing.type,
    authorization: purchase.authorizationId,
    card: stripeCardId(purchase.card),
    amount,
    merchant_amount: amount,
    created: clearing.atS,
  };
}

/** Earlier values of the fields that differ, as Stripe lists them. */
function previousOf(before: Json, after: Json): Json {
  const names = ['status', 'amount', 'merchant_amount', 'request_history', 'transactions'];
  return Object.fromEntries(
    names
      .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
      .map((name) => [name, before[name]]),
  );
}
