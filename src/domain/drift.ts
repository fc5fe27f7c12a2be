/**
 * What our view of an object lacks of Stripe's. Most of it is repaired by a fetched view, which ranks like an event; the
 * rest contradicts what we hold for final, so that a person has to say which is right. Pure.
 */

import type { ObservedTransaction } from './authorization-state.ts';
import {
  type AuthorizationSnapshot,
  latestViews,
  type NewestSnapshots,
} from './authorization-state.ts';
import type { ShippingStatus, StripeCardStatus } from './card-facts.ts';
import type { CardPhase } from './card-phase.ts';
import { isFurther } from './card-view.ts';
import type { CardholderSighting, CardSighting, DisputeSighting, Sighting } from './sighting.ts';

/**
 * What a comparison cannot settle: an object of ours that Stripe does not know, one at Stripe that was made by us and is
 * unknown here, and views that contradict each other.
 */
export const DRIFT_ITEM_KINDS = [
  'stripe_object_missing',
  'stripe_object_unknown',
  'stripe_object_differs',
] as const;
export type DriftItemKind = (typeof DRIFT_ITEM_KINDS)[number];

export interface Difference {
  /** In the words of our tables. */
  readonly field: string;
  readonly ours: string;
  readonly theirs: string;
  /** Whether a fetched view brings ours to theirs. */
  readonly canRepair: boolean;
}

export interface OurCard {
  readonly kind: 'card';
  readonly phase: CardPhase;
  readonly status: StripeCardStatus;
  readonly cancellationReason: string | null;
  readonly last4: string;
  readonly expMonth: number;
  readonly expYear: number;
  readonly shippingStatus: ShippingStatus | null;
  readonly carrier: string | null;
  readonly trackingNumber: string | null;
  readonly trackingUrl: string | null;
  readonly etaS: number | null;
  /** When the newest fraud warning that we know of began; null when none was seen. */
  readonly fraudWarnedS: number | null;
  /** Its holder was erased here, and where its parcel went with them. */
  readonly isErased: boolean;
}

export interface OurCardholder {
  readonly kind: 'cardholder';
  readonly status: CardholderSighting['status'];
  readonly disabledReason: string | null;
}

export interface OurAuthorization {
  readonly kind: 'authorization';
  readonly newest: NewestSnapshots;
}

export interface OurTransaction
  extends Pick<ObservedTransaction, 'type' | 'amountMinor' | 'currency'> {
  readonly kind: 'transaction';
}

export interface OurDispute {
  readonly kind: 'dispute';
  readonly status: DisputeSighting['status'];
}

export type OurView = OurCard | OurCardholder | OurAuthorization | OurTransaction | OurDispute;

/** `ours` is undefined where nothing is known of an object that ought to be known. */
export function differencesOf(ours: OurView | undefined, theirs: Sighting): readonly Difference[] {
  if (ours === undefined) return [differs('object', 'unknown', 'known')];
  if (ours.kind === 'card' && theirs.kind === 'card') return ofCard(ours, theirs);
  if (ours.kind === 'cardholder' && theirs.kind === 'cardholder') return ofHolder(ours, theirs);
  if (ours.kind === 'authorization' && theirs.kind === 'authorization') {
    return ofAuthorization(ours, theirs.snapshot);
  }
  if (ours.kind === 'transaction' && theirs.kind === 'transaction') {
    return ofTransaction(ours, theirs.transaction);
  }
  if (ours.kind === 'dispute' && theirs.kind === 'dispute') {
    return changed('status', ours.status, theirs.status);
  }
  throw new Error(`a ${ours.kind} of ours is not compared with a sighting of a ${theirs.kind}`);
}

type Shown = string | number | null;

const differs = (field: string, ours: Shown, theirs: Shown, canRepair = true): Difference => ({
  field,
  ours: ours === null ? 'none' : String(ours),
  theirs: theirs === null ? 'none' : String(theirs),
  canRepair,
});

const changed = (field: string, ours: Shown, theirs: Shown): readonly Difference[] =>
  ours === theirs ? [] : [differs(field, ours, theirs)];

/** What Stripe does not show takes nothing from what was seen before. */
const added = (field: string, ours: Shown, theirs: Shown): readonly Difference[] =>
  theirs === null ? [] : changed(field, ours, theirs);

function ofCard(ours: OurCard, theirs: CardSighting): readonly Difference[] {
  return [
    ...ofCardStatus(ours, theirs),
    ...added('cancellation_reason', ours.cancellationReason, theirs.cancellationReason),
    ...changed('last4', ours.last4, theirs.last4),
    ...changed('exp_month', ours.expMonth, theirs.expMonth),
    ...changed('exp_year', ours.expYear, theirs.expYear),
    ...(ours.isErased ? [] : ofParcel(ours, theirs)),
    ...ofWarning(ours.fraudWarnedS, theirs.fraudWarning),
  ];
}

function ofCardStatus(ours: OurCard, theirs: CardSighting): readonly Difference[] {
  const { status } = theirs;
  // Cancelled is for good, here as at Stripe: one of us was told something that was not so.
  if (ours.status !== status)
    return [differs('status', ours.status, status, ours.status !== 'canceled')];
  // Stripe would go on to offer it to the network, while we have forgotten it.
  if (ours.phase === 'closed' && status !== 'canceled') {
    return [differs('phase', ours.phase, status, false)];
  }
  return [];
}

const ofParcel = (ours: OurCard, theirs: CardSighting): readonly Difference[] => [
  ...ofShipping(ours.shippingStatus, theirs.shippingStatus),
  ...added('carrier', ours.carrier, theirs.carrier),
  ...ofTracking('tracking_number', ours.trackingNumber, theirs.trackingNumber),
  ...ofTracking('tracking_url', ours.trackingUrl, theirs.trackingUrl),
  ...added('eta', ours.etaS, theirs.etaS),
];

/** Tells that they differ and not what they are: who has the number finds the customer's address. */
const ofTracking = (
  field: string,
  ours: string | null,
  theirs: string | null,
): readonly Difference[] =>
  added(field, ours, theirs).map((difference) => ({
    ...difference,
    ours: ours === null ? 'none' : 'known',
    theirs: 'another',
  }));

/** A parcel goes further and never back; an older step that Stripe still shows is no news. */
const ofShipping = (
  ours: ShippingStatus | null,
  theirs: ShippingStatus | null,
): readonly Difference[] =>
  theirs !== null && (ours === null || isFurther(theirs, ours))
    ? [differs('shipping_status', ours, theirs)]
    : [];

const ofWarning = (
  oursS: number | null,
  theirs: CardSighting['fraudWarning'],
): readonly Difference[] =>
  theirs !== null && (oursS === null || oursS < theirs.startedS)
    ? [differs('fraud_warning', oursS, theirs.startedS)]
    : [];

const ofHolder = (ours: OurCardholder, theirs: CardholderSighting): readonly Difference[] => [
  ...changed('status', ours.status, theirs.status),
  ...changed('disabled_reason', ours.disabledReason, theirs.disabledReason),
];

function ofAuthorization(
  { newest }: OurAuthorization,
  theirs: AuthorizationSnapshot,
): readonly Difference[] {
  const views = latestViews(newest);
  const [view] = views;
  if (view === undefined) return [differs('view', 'none', theirs.status)];
  const found = fieldsOf(view, theirs);
  if (views.length === 1 || found.length > 0) return found;
  return views.some((other) => fieldsOf(other, theirs).length > 0)
    ? [differs('view', `${views.length} views of one moment`, theirs.status)]
    : [];
}

const fieldsOf = (view: AuthorizationSnapshot, theirs: AuthorizationSnapshot) => [
  ...changed('status', view.status, theirs.status),
  ...changed('approved', String(view.approved), String(theirs.approved)),
  ...changed('amount_minor', view.amountMinor, theirs.amountMinor),
  ...changed('requests', view.history.length, theirs.history.length),
  ...changed('captures', capturesOf(view), capturesOf(theirs)),
];

const capturesOf = ({ captures }: AuthorizationSnapshot): string | null =>
  captures.length === 0
    ? null
    : captures
        .map(({ transactionId }) => transactionId)
        .toSorted()
        .join(' ');

/** A clearing record is booked once; another amount would be another record. */
const ofTransaction = (ours: OurTransaction, theirs: ObservedTransaction): readonly Difference[] =>
  [
    ...changed('type', ours.type, theirs.type),
    ...changed('amount_minor', ours.amountMinor, theirs.amountMinor),
    ...changed('currency', ours.currency, theirs.currency),
  ].map((difference) => ({ ...difference, canRepair: false }));
