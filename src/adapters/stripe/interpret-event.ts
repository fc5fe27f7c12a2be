/** What a stored event means to us. Pure; unknown types are ignored with a reason, unreadable ones throw. */
import type { SnapshotRank } from '../../domain/authorization-state.ts';
import { reasonToIgnore } from '../../domain/event-types.ts';
import {
  parseAuthorizationId,
  parseDisputeId,
  parseKycReference,
  parseStripeCardholderId,
  parseStripeCardId,
  parseTransactionId,
} from '../../domain/ids.ts';
import {
  type CardSighting,
  DISPUTE_STATUSES,
  type Sighting,
  type VerificationSighting,
} from '../../domain/sighting.ts';
import { listedTransactions, readAuthorization, readTransaction } from './authorization-reader.ts';
import { CARD_STATUSES, SHIPPING_STATUSES } from './card-statuses.ts';
import { readDesign, readToken } from './read-token.ts';
import { sessionError } from './session-error.ts';
import {
  idAt,
  integerAt,
  type Json,
  objectAt,
  oneOf,
  optionalId,
  optionalObject,
  optionalText,
  textAt,
} from './wire.ts';

/** Types under which objects that we fetched ourselves are stored in the inbox. */
export const FETCHED_TYPES = {
  card: 'issuing_card.fetched',
  cardholder: 'issuing_cardholder.fetched',
  authorization: 'issuing_authorization.fetched',
  transaction: 'issuing_transaction.fetched',
  dispute: 'issuing_dispute.fetched',
} as const;

/** Types whose meaning we read; every other type is stored and ignored. */
export function interpretEvent(type: string, event: Json): Sighting {
  if (type === 'decision.recorded') {
    return {
      kind: 'decision',
      authorizationId: parseAuthorizationId(textAt(event, 'authorizationId')),
    };
  }
  if (type === 'card.recorded') {
    return {
      kind: 'card_recorded',
      stripeCardId: parseStripeCardId(textAt(event, 'stripeCardId')),
    };
  }
  const atS = integerAt(event, 'created');
  const payload = objectAt(event, 'data');
  const object = objectAt(payload, 'object');
  switch (type) {
    case 'issuing_authorization.created':
      return authorizationSeen(object, { source: 'event', atS }, null);
    case 'issuing_authorization.updated':
      // Only a creation has no earlier values; an update that names none changed nothing that we read.
      return authorizationSeen(
        object,
        { source: 'event', atS },
        optionalObject(payload, 'previous_attributes') ?? {},
      );
    case FETCHED_TYPES.authorization:
      return authorizationSeen(object, { source: 'fetched', atS }, null);
    case 'issuing_transaction.created':
    case 'issuing_transaction.updated':
    case FETCHED_TYPES.transaction:
      return { kind: 'transaction', transaction: readTransaction(object) };
    case 'issuing_card.created':
    case 'issuing_card.updated':
      return {
        ...readCard(object, atS, optionalObject(payload, 'previous_attributes')),
        ...eventIdOf(event),
      };
    case FETCHED_TYPES.card:
      return { ...readCard(object, atS, null), source: 'fetched' };
    case 'issuing_cardholder.created':
    case 'issuing_cardholder.updated':
    case FETCHED_TYPES.cardholder:
      return readCardholder(object, atS);
    case 'identity.verification_session.processing':
    case 'identity.verification_session.verified':
    case 'identity.verification_session.requires_input':
    case 'identity.verification_session.canceled':
      return verificationSeen(object, atS);
    case 'identity.verification_session.redacted':
      return { kind: 'redaction', reference: parseKycReference(textAt(object, 'id')) };
    case 'issuing_dispute.created':
    case 'issuing_dispute.updated':
    case 'issuing_dispute.submitted':
    case 'issuing_dispute.closed':
    case 'issuing_dispute.funds_reinstated':
    case 'issuing_dispute.funds_rescinded':
    case FETCHED_TYPES.dispute:
      return readDispute(object, atS);
    case 'issuing_token.created':
    case 'issuing_token.updated':
      return readToken(object, atS);
    case 'issuing_personalization_design.activated':
    case 'issuing_personalization_design.deactivated':
    case 'issuing_personalization_design.rejected':
    case 'issuing_personalization_design.updated':
      return readDesign(object, atS);
    default:
      return { kind: 'ignored', reason: reasonToIgnore(type) };
  }
}

function verificationSeen(session: Json, atS: number): VerificationSighting {
  const status = oneOf(session, 'status', ['requires_input', 'processing', 'verified', 'canceled']);
  const last = optionalObject(session, 'last_error') ?? {};
  const error = sessionError({
    // Stripe sends this event only when a check has failed.
    code: optionalText(last, 'code') ?? (status === 'requires_input' ? 'unknown' : null),
    reason: optionalText(last, 'reason'),
    report: optionalId(session, 'last_verification_report'),
  });
  const reference = parseKycReference(textAt(session, 'id'));
  const view = { source: 'event', status, error, atS } as const;
  // The session is one that we have made, so its id tells whose it is.
  return { kind: 'verification', provider: 'stripe_identity', reference, holder: null, view };
}

const authorizationSeen = (object: Json, rank: SnapshotRank, previous: Json | null): Sighting => ({
  kind: 'authorization',
  snapshot: readAuthorization(object, rank, previous),
  transactions: listedTransactions(object),
});

const readCardholder = (object: Json, atS: number): Sighting => ({
  kind: 'cardholder',
  stripeCardholderId: parseStripeCardholderId(textAt(object, 'id')),
  atS,
  status: oneOf(object, 'status', ['active', 'inactive', 'blocked']),
  disabledReason: optionalText(optionalObject(object, 'requirements') ?? {}, 'disabled_reason'),
});

const readDispute = (object: Json, atS: number): Sighting => ({
  kind: 'dispute',
  disputeId: parseDisputeId(textAt(object, 'id')),
  transactionId: parseTransactionId(idAt(object, 'transaction')),
  atS,
  status: oneOf(object, 'status', DISPUTE_STATUSES),
});

function eventIdOf(event: Json): { readonly eventId?: string } {
  const eventId = optionalText(event, 'id');
  return eventId === null ? {} : { eventId };
}

/** A card as an event shows it at second `atS`. */
function readCard(card: Json, atS: number, previous: Json | null): CardSighting {
  const shipping = optionalObject(card, 'shipping');
  const parcel = shipping === null ? null : optionalText(shipping, 'status');
  return {
    kind: 'card',
    source: 'event',
    stripeCardId: parseStripeCardId(textAt(card, 'id')),
    atS,
    status: oneOf(card, 'status', CARD_STATUSES),
    previousStatus: CARD_STATUSES.find((status) => status === previous?.['status']) ?? null,
    cancellationReason: optionalText(card, 'cancellation_reason'),
    last4: textAt(card, 'last4'),
    expMonth: integerAt(card, 'exp_month'),
    expYear: integerAt(card, 'exp_year'),
    // An unknown shipping status is no news: the ladder is open-ended.
    shippingStatus: SHIPPING_STATUSES.find((s) => s === parcel) ?? null,
    carrier: shipping === null ? null : optionalText(shipping, 'carrier'),
    trackingNumber: shipping === null ? null : optionalText(shipping, 'tracking_number'),
    trackingUrl: shipping === null ? null : optionalText(shipping, 'tracking_url'),
    fraudWarning: readWarning(optionalObject(card, 'latest_fraud_warning')),
    etaS: typeof shipping?.['eta'] === 'number' ? Math.floor(shipping['eta']) : null,
  };
}

/** A warning that does not say when it began is one of long ago: known once, never news again. */
function readWarning(warning: Json | null): CardSighting['fraudWarning'] {
  const type = warning === null ? null : optionalText(warning, 'type');
  if (warning === null || type === null) return null;
  const startedS = warning['started_at'];
  return { type, startedS: typeof startedS === 'number' ? Math.floor(startedS) : 0 };
}
