/**
 * Which sightings of a Stripe card its workflow has to hear of. One that can change nothing costs a signal for nothing;
 * whichever order the events come in, what is left out must make no difference. Pure.
 */
import type { ShippingStatus, StripeCardStatus } from './card-facts.ts';
import type { CardSighting } from './sighting.ts';

/** What was known of the Stripe card before the event. */
export interface KnownStripeCard {
  readonly status: StripeCardStatus;
  readonly cancellationReason: string | null;
  readonly expMonth: number;
  readonly expYear: number;
}

/** Steps of a parcel that move a card or a deadline; the others are in the timeline only. */
const TOLD: ReadonlySet<ShippingStatus> = new Set([
  'shipped',
  'delivered',
  'returned',
  'failure',
  'canceled',
]);

/**
 * The statuses that are told because of an event: none when it is no news, else its own, and after an event that came
 * late the one that it leads to, so that the last status told is always the one that is known. `after` is what is known
 * with the event, `isFurtherOn` whether the parcel went further with it.
 */
export function statusesToTell(
  known: KnownStripeCard,
  seen: CardSighting,
  after: { readonly status: StripeCardStatus; readonly isFurtherOn: boolean },
): readonly StripeCardStatus[] {
  if (!isNews(known, seen, after)) return [];
  // Cancelled is for good, and was told when it was first seen.
  const isLate = after.status !== seen.status && after.status !== 'canceled';
  return isLate ? [seen.status, after.status] : [seen.status];
}

function isNews(
  known: KnownStripeCard,
  seen: CardSighting,
  after: { readonly status: StripeCardStatus; readonly isFurtherOn: boolean },
): boolean {
  // A change is always told: what was known may lack an event that comes later.
  const changesStatus = seen.previousStatus !== null && seen.previousStatus !== seen.status;
  if (changesStatus || seen.status !== known.status || after.status !== known.status) return true;
  if (after.isFurtherOn && seen.shippingStatus !== null && TOLD.has(seen.shippingStatus)) {
    return true;
  }
  const hasReason =
    seen.cancellationReason !== null && seen.cancellationReason !== known.cancellationReason;
  return hasReason || seen.expMonth !== known.expMonth || seen.expYear !== known.expYear;
}
