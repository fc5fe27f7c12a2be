/** Our views of objects, in the shape in which they are compared with Stripe's. */
import type { NewestSnapshots } from '../../domain/authorization-state.ts';
import type { CardPhase } from '../../domain/card-phase.ts';
import type { OurView } from '../../domain/drift.ts';
import { parseCardId } from '../../domain/ids.ts';
import { minorUnits } from '../../domain/money.ts';
import type { OurObject } from '../../ports/drift-store.ts';
import type { IssuerTenant } from '../../ports/issuer.ts';
import type { FetchedKind } from '../../ports/stripe-reader.ts';
import type { Sql } from './pool.ts';

type Of<K extends FetchedKind> = Extract<OurView, { readonly kind: K }>;

interface Found {
  readonly id: string;
  readonly cardId: string | null;
  readonly seenS: number;
}

export async function findOurs(
  sql: Sql,
  tenant: IssuerTenant,
  kind: FetchedKind,
  ids: readonly string[],
): Promise<readonly OurObject[]> {
  if (ids.length === 0) return [];
  const asked = { tenantId: tenant.tenantId, ids: [...ids] };
  switch (kind) {
    case 'card':
      return cards(sql, asked);
    case 'cardholder':
      return cardholders(sql, asked);
    case 'authorization':
      return authorizations(sql, asked);
    case 'transaction':
      return transactions(sql, asked);
    case 'dispute':
      return disputes(sql, asked);
  }
}

interface Asked {
  readonly tenantId: string;
  readonly ids: string[];
}

const object = ({ id, cardId, seenS }: Found, view: OurView): OurObject => ({
  id,
  view,
  cardId: cardId === null ? null : parseCardId(cardId),
  seenS,
});

async function cards(sql: Sql, { tenantId, ids }: Asked): Promise<readonly OurObject[]> {
  const rows = await sql<(Found & Omit<Of<'card'>, 'kind'> & { readonly phase: CardPhase })[]>`
    select s.stripe_card_id as id, s.card_id as "cardId", c.phase, s.status,
           s.cancellation_reason as "cancellationReason", s.last4, s.exp_month as "expMonth", s.exp_year as "expYear",
           s.shipping_status as "shippingStatus", s.carrier, s.tracking_number as "trackingNumber",
           s.tracking_url as "trackingUrl", extract(epoch from s.eta)::bigint as "etaS",
           extract(epoch from s.fraud_warned_at)::bigint as "fraudWarnedS", h.erased_at is not null as "isErased",
           greatest(s.event_created, (select max((seen ->> 'atS')::bigint)
             from jsonb_array_elements(s.status_history -> 'sightings') seen)) as "seenS"
      from stripe_cards s join cards c using (card_id) join cardholders h using (cardholder_id)
     where s.tenant_id = ${tenantId} and s.stripe_card_id = any (${ids})`;
  return rows.map(({ id, cardId, seenS, ...view }) =>
    object({ id, cardId, seenS }, { kind: 'card', ...view }),
  );
}

async function cardholders(sql: Sql, { tenantId, ids }: Asked): Promise<readonly OurObject[]> {
  const rows = await sql<(Found & Omit<Of<'cardholder'>, 'kind'>)[]>`
    select stripe_cardholder_id as id, null as "cardId", stripe_status as status,
           stripe_disabled_reason as "disabledReason", stripe_event_created as "seenS"
      from cardholders where tenant_id = ${tenantId} and stripe_cardholder_id = any (${ids})`;
  return rows.map(({ id, cardId, seenS, ...view }) =>
    object({ id, cardId, seenS }, { kind: 'cardholder', ...view }),
  );
}

async function authorizations(sql: Sql, { tenantId, ids }: Asked): Promise<readonly OurObject[]> {
  const rows = await sql<(Found & { readonly newest: NewestSnapshots })[]>`
    select authorization_id as id, card_id as "cardId", coalesce(snapshot, '[]') as newest,
           coalesce((snapshot -> 0 -> 'rank' ->> 'atS')::bigint, 0) as "seenS"
      from authorizations where tenant_id = ${tenantId} and authorization_id = any (${ids})`;
  return rows.map(({ newest, ...found }) => object(found, { kind: 'authorization', newest }));
}

async function transactions(sql: Sql, { tenantId, ids }: Asked): Promise<readonly OurObject[]> {
  const rows = await sql<
    (Found & { readonly amount: number } & Omit<Of<'transaction'>, 'kind' | 'amountMinor'>)[]
  >`
    select transaction_id as id, card_id as "cardId", type, amount_minor as amount, currency, 0 as "seenS"
      from transactions where tenant_id = ${tenantId} and transaction_id = any (${ids})`;
  return rows.map(({ type, amount, currency, ...found }) =>
    object(found, { kind: 'transaction', type, amountMinor: minorUnits(amount), currency }),
  );
}

async function disputes(sql: Sql, { tenantId, ids }: Asked): Promise<readonly OurObject[]> {
  const rows = await sql<(Found & Omit<Of<'dispute'>, 'kind'>)[]>`
    select d.dispute_id as id, t.card_id as "cardId", d.status, d.event_created as "seenS"
      from disputes d join transactions t using (transaction_id)
     where d.tenant_id = ${tenantId} and d.dispute_id = any (${ids})`;
  return rows.map(({ status, ...found }) => object(found, { kind: 'dispute', status }));
}
