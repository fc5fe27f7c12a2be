/** Applies what is seen of cards and cardholders to the directory, and tells the card workflows. */
import { expiresMs } from '../../../domain/card-expiry.ts';
import type { CardFact, ShippingStatus, StripeCardStatus } from '../../../domain/card-facts.ts';
import { statusesToTell } from '../../../domain/card-news.ts';
import { addSighting, isFurther, type StatusHistory, statusOf } from '../../../domain/card-view.ts';
import type { TenantId } from '../../../domain/ids.ts';
import type { CardholderSighting, CardSighting } from '../../../domain/sighting.ts';
import { addTimeline } from '../card-timeline.ts';
import { factForOpenCards, insertFact } from '../fact-store.ts';
import { lockAccountsOfHolder } from '../holder-locks.ts';
import type { Transaction } from '../pool.ts';
import { applyWarning } from './fraud-warning.ts';

/** Whether the row it is about was there. `unknown` is parked and tried again. */
export type Applied = 'applied' | 'unknown';

/**
 * Adds what an event shows of a Stripe card. The status follows from all events, the parcel only goes further, and
 * everything else is the newest view's; what may matter to its workflow becomes a fact, which the card's state ranks.
 */
export async function applyCard(
  tx: Transaction,
  tenantId: TenantId,
  seen: CardSighting,
): Promise<Applied> {
  await applyWarning(tx, tenantId, seen);
  const [row] = await tx<StripeCardRow[]>`
    select card_id, status, cancellation_reason as "cancellationReason", exp_month as "expMonth",
           exp_year as "expYear", status_history, shipping_status,
           (select phase from cards c where c.card_id = stripe_cards.card_id) as phase
      from stripe_cards
     where stripe_card_id = ${seen.stripeCardId} and tenant_id = ${tenantId} for no key update`;
  if (row === undefined) return 'unknown';
  const history = addSighting(row.status_history, seen);
  const derived = statusOf(history);
  const known = row.shipping_status;
  const isFurtherOn =
    seen.shippingStatus !== null && (known === null || isFurther(seen.shippingStatus, known));
  await tx`
    update stripe_cards set status = ${derived}, status_history = ${JSON.stringify({
      base: history.base,
      sightings: history.sightings.map(({ atS, status, previousStatus, source, eventId }) => ({
        atS,
        status,
        previousStatus,
        ...(source === 'fetched' ? { source } : {}),
        ...(eventId === undefined ? {} : { eventId }),
      })),
    })}::text::jsonb,
           cancellation_reason = coalesce(${seen.cancellationReason}, cancellation_reason),
           shipping_status = ${isFurtherOn ? seen.shippingStatus : known}
     where stripe_card_id = ${seen.stripeCardId}`;
  await tx`
    update stripe_cards set last4 = ${seen.last4}, exp_month = ${seen.expMonth}, exp_year = ${seen.expYear},
           carrier = coalesce(${seen.carrier}, carrier),
           tracking_number = coalesce(${seen.trackingNumber}, tracking_number),
           tracking_url = coalesce(${seen.trackingUrl}, tracking_url),
           eta = coalesce(to_timestamp(${seen.etaS}), eta), event_created = ${seen.atS}
     where stripe_card_id = ${seen.stripeCardId}
       and (event_created < ${seen.atS} or event_created = ${seen.atS} and ${seen.source === 'event'})`;
  await noteChanges(tx, { tenantId, row, seen }, { status: derived, isFurtherOn });
  const owner = { tenantId, cardId: row.card_id };
  for (const status of statusesToTell(row, seen, { status: derived, isFurtherOn })) {
    const isOwn = status === seen.status;
    const fact: CardFact = {
      kind: 'card_seen',
      source: 'event',
      stripeCardId: seen.stripeCardId,
      status,
      cancellationReason: isOwn ? seen.cancellationReason : null,
      shippingStatus: isOwn ? seen.shippingStatus : null,
      expiresMs: expiresMs(seen.expMonth, seen.expYear),
    };
    const what = isOwn ? `${status}/${seen.shippingStatus ?? '-'}` : `${status}/after`;
    await insertFact(tx, owner, fact, `card/${seen.stripeCardId}/${what}/${seen.atS}`);
  }
  return 'applied';
}

/** What people read of it: the way of the parcel, few of whose steps concern the workflow, and what a comparison found. */
async function noteChanges(
  tx: Transaction,
  card: {
    readonly tenantId: TenantId;
    readonly row: StripeCardRow;
    readonly seen: CardSighting;
  },
  after: { readonly status: StripeCardStatus; readonly isFurtherOn: boolean },
): Promise<void> {
  const { tenantId, row, seen } = card;
  const { stripeCardId, shippingStatus } = seen;
  const owner = { id: row.card_id, tenantId, phase: row.phase };
  const isBegin = row.shipping_status === null && shippingStatus === 'pending';
  if (after.isFurtherOn && !isBegin) {
    await addTimeline(tx, owner, 'shipping_changed', { status: shippingStatus, stripeCardId });
  }
  if (seen.source === 'fetched' && after.status !== row.status) {
    // Its event has not come, so that nothing else tells why the card is suddenly another.
    const body = { stripeCardId, from: row.status, to: after.status };
    await addTimeline(tx, owner, 'status_repaired', body);
  }
}

export async function applyCardholder(
  tx: Transaction,
  tenantId: TenantId,
  seen: CardholderSighting,
): Promise<Applied> {
  const [row] = await tx<{ cardholder_id: string }[]>`
    select cardholder_id from cardholders
     where stripe_cardholder_id = ${seen.stripeCardholderId} and tenant_id = ${tenantId}`;
  if (row === undefined) return 'unknown';
  await lockAccountsOfHolder(tx, row.cardholder_id);
  // Within one second nobody knows which came later: the stricter one stands, whatever the order of arrival.
  const [changed] = await tx<{ is_new: boolean; version: number }[]>`
    update cardholders h set stripe_event_created = ${seen.atS}, stripe_status = ${seen.status},
           stripe_disabled_reason = ${seen.disabledReason},
           version = version + case when is_new then 1 else 0 end
      from (select cardholder_id, (stripe_status, coalesce(stripe_disabled_reason, '')) is distinct from
                   (${seen.status}::text, coalesce(${seen.disabledReason}::text, '')) as is_new,
                   stripe_event_created as known_s,
                   array_position(${[...BY_STRICTNESS]}::text[], stripe_status) as strictness,
                   coalesce(stripe_disabled_reason, '') as reason
              from cardholders where cardholder_id = ${row.cardholder_id}) known
     where h.cardholder_id = known.cardholder_id
       and (known_s < ${seen.atS} or known_s = ${seen.atS} and
         (strictness, reason) <= (array_position(${[...BY_STRICTNESS]}::text[], ${seen.status}),
           coalesce(${seen.disabledReason}::text, '')))
    returning known.is_new, h.version`;
  if (changed?.is_new === true) {
    const key = `cardholder/${seen.atS}/${seen.status}/${seen.disabledReason ?? '-'}`;
    const owner = { tenantId, cardholderId: row.cardholder_id };
    const problem = problemOf(seen);
    const { version } = changed;
    await factForOpenCards(tx, owner, { kind: 'cardholder_changed', problem, version }, { key });
  }
  return 'applied';
}

/** What Stripe holds against the cardholder, as its workflows name it; null when nothing. */
const problemOf = ({ status, disabledReason }: CardholderSighting): string | null =>
  disabledReason ?? (status === 'active' ? null : `cardholder_${status}`);

/** From the mildest to the strictest. */
const BY_STRICTNESS: readonly CardholderSighting['status'][] = ['active', 'inactive', 'blocked'];

interface StripeCardRow {
  readonly card_id: string;
  readonly phase: string;
  readonly status: StripeCardStatus;
  readonly cancellationReason: string | null;
  readonly expMonth: number;
  readonly expYear: number;
  readonly status_history: StatusHistory;
  readonly shipping_status: ShippingStatus | null;
}
