/** Cards in Postgres as the API sees them. What the workflow saves is in card-store.ts. */
import { cardWorkflowId } from '../../domain/card-contract.ts';
import type {
  CancelReason,
  ReplacementReason,
  ShippingStatus,
  StripeCardStatus,
} from '../../domain/card-facts.ts';
import type { CardOptions } from '../../domain/card-options.ts';
import type { CardPhase, CardState } from '../../domain/card-phase.ts';
import { completeState, replacementCard, requestedCard } from '../../domain/card-start.ts';
import { termsOf } from '../../domain/card-terms.ts';
import { type CardWhy, whyOf } from '../../domain/card-why.ts';
import { parseAccountId, parseCardholderId, parseCardId, parseTenantId } from '../../domain/ids.ts';
import { invariant } from '../../domain/invariant.ts';
import type { Card, Cards, ShippingAddress } from '../../ports/cards.ts';
import { addTimeline } from './card-timeline.ts';
import { jsonText } from './json-column.ts';
import { afterCursor, cursorIn, rowsFor, toPage } from './list-page.ts';
import type { Queryable } from './pool.ts';

interface CardRow {
  card_id: string;
  tenant_id: string;
  cardholder_id: string;
  account_id: string;
  type: 'virtual' | 'physical';
  currency: string;
  phase: CardPhase;
  phase_since: Date;
  /** Null until the workflow's first save. */
  state: CardState | null;
  freezes: Record<string, string>;
  cancel_requested_at: Date | null;
  cancel_reason: CancelReason | null;
  shipping: ShippingAddress | null;
  second_line: string | null;
  options: CardOptions;
  replacement_for: string | null;
  replacement_reason: ReplacementReason | null;
  replaced_by: string | null;
  workflow_started_at: Date | null;
  created_at: Date;
  stripe_card: StripeCardJson | null;
}

interface StripeCardJson {
  id: string;
  status: StripeCardStatus;
  last4: string;
  expMonth: number;
  expYear: number;
  shippingStatus: ShippingStatus | null;
  carrier: string | null;
  trackingNumber: string | null;
  trackingUrl: string | null;
  etaS: number | null;
}

const ORDER = { table: 'cards', id: 'card_id', time: 'created_at' } as const;

/** To the minute: nobody acts on the second in which a wait ends. */
const minute = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;

/** As the workflow last saved it. A row that was moved without its workflow tells its phase alone. */
function whyRow({ state, phase, type, options, created_at }: CardRow): CardWhy | null {
  const begin = phase === 'issuance' ? replacementCard : requestedCard;
  const saved =
    state === null ? begin(type, created_at.getTime(), termsOf(options)) : completeState(state);
  return saved.phase === phase ? whyOf(saved, minute) : null;
}

function toCard(row: CardRow): Card {
  const id = parseCardId(row.card_id);
  const why = whyRow(row);
  return {
    id,
    tenantId: parseTenantId(row.tenant_id),
    cardholderId: parseCardholderId(row.cardholder_id),
    accountId: parseAccountId(row.account_id),
    type: row.type,
    currency: row.currency,
    phase: row.phase,
    phaseSince: row.phase_since.toISOString(),
    why: why?.text ?? null,
    waitsUntil: why === null || why.untilMs === null ? null : new Date(why.untilMs).toISOString(),
    frozen: Object.keys(row.freezes).length > 0,
    freezes: row.freezes,
    cancelRequested:
      row.cancel_requested_at === null || row.cancel_reason === null
        ? null
        : { at: row.cancel_requested_at.toISOString(), reason: row.cancel_reason },
    stripeCard: row.stripe_card === null ? null : toStripeCard(row.stripe_card),
    shipping: row.shipping,
    secondLine: row.second_line,
    options: row.options,
    replacementFor: row.replacement_for === null ? null : parseCardId(row.replacement_for),
    replacementReason: row.replacement_reason,
    replacedBy: row.replaced_by === null ? null : parseCardId(row.replaced_by),
    workflowId: cardWorkflowId(id),
    workflowStarted: row.workflow_started_at !== null,
    createdAt: row.created_at.toISOString(),
  };
}

const toStripeCard = ({ etaS, ...card }: StripeCardJson): Card['stripeCard'] => ({
  ...card,
  eta: etaS === null ? null : new Date(etaS * 1000).toISOString(),
});

/** The columns of a card and, as one JSON value, those of the Stripe card that is current. */
const cardColumns = (sql: Queryable) => sql`
  cards.card_id, cards.tenant_id, cards.cardholder_id, cards.account_id, cards.type, cards.currency,
  cards.phase, cards.phase_since, cards.state, cards.freezes, cards.cancel_requested_at, cards.cancel_reason,
  cards.shipping, cards.second_line, cards.options, cards.replacement_for, cards.replacement_reason, cards.workflow_started_at, cards.created_at,
  (select r.card_id from cards r where r.replacement_for = cards.card_id and not r.replacement_failed) as replaced_by,
  (select jsonb_build_object('id', s.stripe_card_id, 'status', s.status, 'last4', s.last4,
            'expMonth', s.exp_month, 'expYear', s.exp_year, 'shippingStatus', s.shipping_status,
            'carrier', s.carrier, 'trackingNumber', s.tracking_number, 'trackingUrl', s.tracking_url,
            'etaS', extract(epoch from s.eta)::bigint)
     from stripe_cards s where s.stripe_card_id = cards.stripe_card_id) as stripe_card`;

/** Few cards have open items, so those are looked up first; nearly all have none, so those are taken as they come. */
function withAttention(sql: Queryable, attention: boolean | undefined) {
  if (attention === undefined) return sql``;
  if (attention) {
    return sql`and cards.card_id = any(array(
      select a.card_id from attention_items a where a.card_id is not null and a.closed_at is null))`;
  }
  return sql`and not exists (
    select from attention_items a where a.card_id = cards.card_id and a.closed_at is null)`;
}

export async function findCard(sql: Queryable, id: string): Promise<Card | undefined> {
  const [row] = await sql<CardRow[]>`
    select ${cardColumns(sql)} from cards where card_id = ${id}`;
  return row === undefined ? undefined : toCard(row);
}

export function createCardDirectory(sql: Queryable): Cards {
  return {
    async create(card) {
      const shipping = card.shipping === null ? null : jsonText(card.shipping);
      await sql`
        insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, shipping,
                           second_line, options)
        values (${card.tenantId}, ${card.id}, ${card.cardholderId}, ${card.accountId}, ${card.type},
                ${card.currency}, ${shipping}::text::jsonb, ${card.secondLine},
                ${jsonText(card.options)}::text::jsonb)`;
      const made = await findCard(sql, card.id);
      invariant(made !== undefined, 'a card just inserted is there');
      await addTimeline(sql, made, 'card_requested', {});
      return made;
    },

    find: (id) => findCard(sql, id),

    async list(filter, page) {
      const { tenantId, accountId, cardholderId, phase, attention } = filter;
      const rows = await sql<CardRow[]>`
        select ${cardColumns(sql)} from cards where true ${withAttention(sql, attention)}
          ${tenantId === undefined ? sql`` : sql`and tenant_id = ${tenantId}`}
          ${accountId === undefined ? sql`` : sql`and account_id = ${accountId}`}
          ${cardholderId === undefined ? sql`` : sql`and cardholder_id = ${cardholderId}`}
          ${phase === undefined ? sql`` : sql`and phase = ${phase}`}
          ${afterCursor(sql, ORDER, page)}
         order by cards.created_at desc, cards.card_id desc limit ${rowsFor(page)}`;
      return toPage(rows.map(toCard), page, cursorIn(sql, ORDER));
    },

    async markWorkflowStarted(id) {
      await sql`
        update cards set workflow_started_at = now()
         where card_id = ${id} and workflow_started_at is null`;
    },
  };
}
