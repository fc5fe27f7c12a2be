/**
 * The status of a Stripe card out of events that may come in any order. Stripe stamps events by the second, and
 * a card can be created, activated and frozen within one, so within a second changes are counted: a card goes back
 * and forth between two statuses, so the change that happened once more often gives the last status, and as many
 * of both lead back to where the second began. A view that was fetched is newer than all events of earlier seconds, and
 * counts only where its own second has no event. Cancelled is for good.
 */
import type { ShippingStatus, StripeCardStatus } from './card-facts.ts';

export interface StatusSighting {
  /** Stripe seconds. */
  readonly atS: number;
  readonly status: StripeCardStatus;
  /** The status that the event changed; null when it changed something else, or made the card. */
  readonly previousStatus: StripeCardStatus | null;
  /** An event where nothing is said. */
  readonly source?: 'event' | 'fetched';
  /** By which an event that is applied once more is known again. */
  readonly eventId?: string;
}

/** All that is remembered of a card's status: where the remembered sightings begin, and the sightings. */
export interface StatusHistory {
  readonly base: StripeCardStatus;
  readonly sightings: readonly StatusSighting[];
}

/** Events of a card remembered one by one; older seconds are folded into `base`. */
const SIGHTINGS_MAX = 60;

/** Adds one event, once however often it is applied; the order of adding does not matter. */
export function addSighting(history: StatusHistory, seen: StatusSighting): StatusHistory {
  const { eventId } = seen;
  const isKnown = history.sightings.some((one) => one.eventId === eventId);
  if (eventId !== undefined && isKnown) return history;
  const sightings = [...history.sightings, seen].toSorted((a, b) => a.atS - b.atS);
  const [oldest] = sightings;
  if (sightings.length <= SIGHTINGS_MAX || oldest === undefined)
    return { base: history.base, sightings };
  const isOldest = (sighting: StatusSighting): boolean => sighting.atS === oldest.atS;
  return {
    base: statusAfter(history.base, sightings.filter(isOldest)),
    sightings: sightings.filter((sighting) => !isOldest(sighting)),
  };
}

/** The status that the sightings lead to. */
export function statusOf({ base, sightings }: StatusHistory): StripeCardStatus {
  const seconds = new Set(sightings.map((sighting) => sighting.atS));
  let status = base;
  for (const atS of seconds) {
    status = statusAfter(
      status,
      sightings.filter((sighting) => sighting.atS === atS),
    );
  }
  return status;
}

/** The status after one second, from the status before it and all that was seen in it. */
function statusAfter(
  before: StripeCardStatus,
  second: readonly StatusSighting[],
): StripeCardStatus {
  if (before === 'canceled' || second.some((seen) => seen.status === 'canceled')) return 'canceled';
  const events = second.filter((seen) => seen.source !== 'fetched');
  // Whether a fetch came before or after an event of its second, nobody knows; the events tell of each change.
  if (events.length === 0) return strictestOf(second);
  const changes = events.filter((s) => s.previousStatus !== null && s.previousStatus !== s.status);
  const activations = changes.filter((change) => change.status === 'active').length;
  const deactivations = changes.length - activations;
  if (activations !== deactivations) return activations > deactivations ? 'active' : 'inactive';
  if (changes.length > 0) return before;
  // Nothing changed in this second, so whatever was seen in it is the status.
  return strictestOf(events);
}

/** Of views that ought to be alike. */
const strictestOf = (seen: readonly StatusSighting[]): StripeCardStatus =>
  seen.some(({ status }) => status === 'inactive') ? 'inactive' : 'active';

/**
 * How far a parcel is; a lower rank never undoes a higher one. A parcel that is back, lost or cancelled outranks
 * "delivered": the carrier corrected itself.
 */
const SHIPPING_RANK: Readonly<Record<ShippingStatus, number>> = {
  pending: 0,
  submitted: 1,
  shipped: 2,
  delivered: 3,
  returned: 4,
  failure: 4,
  canceled: 4,
};

/** Whether `seen` is news for somebody who knows `known`. */
export const isFurther = (seen: ShippingStatus, known: ShippingStatus): boolean =>
  SHIPPING_RANK[seen] > SHIPPING_RANK[known];
