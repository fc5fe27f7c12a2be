/** The card's records for its workflow: load, save, and the Stripe cards it has owned. */

import { attentionOf, LIFECYCLE_ATTENTION_KINDS } from '../../domain/card-attention.ts';
import type { LoadedCard } from '../../domain/card-contract.ts';
import {
  type CancelReason,
  FREEZE_OWNERS,
  type ReplacementReason,
} from '../../domain/card-facts.ts';
import type { CardOptions } from '../../domain/card-options.ts';
import type { CardState } from '../../domain/card-phase.ts';
import type { CardSave, SaveAnswer } from '../../domain/card-save.ts';
import { replacementCard, requestedCard } from '../../domain/card-start.ts';
import { termsOf } from '../../domain/card-terms.ts';
import type { Controls } from '../../domain/controls.ts';
import {
  type CardId,
  parseCardholderId,
  parseCardId,
  parseDisputeId,
  parseStripeAccountId,
  parseStripeCardId,
  parseTenantId,
} from '../../domain/ids.ts';
import type { CardOrder, CardStore } from '../../ports/card-store.ts';
import type { ShippingAddress } from '../../ports/cards.ts';
import type { IssuedCard, IssuerTenant } from '../../ports/issuer.ts';
import { applyDispute } from './apply/dispute.ts';
import { applyWarning } from './apply/fraud-warning.ts';
import { closeAttention, openAttention } from './attention.ts';
import { closeWarning } from './card-controls.ts';
import { roomMade } from './card-leases.ts';
import { renew } from './card-replacements.ts';
import { addTimeline } from './card-timeline.ts';
import { insertFact } from './fact-store.ts';
import { jsonText } from './json-column.ts';
import { closeUnwantedReview } from './manual-review.ts';
import type { Sql, Transaction } from './pool.ts';

/** The state as it lies in `cards.state`, with the marks of the save that wrote it. */
type StoredState = CardState & {
  readonly savedRevision: number;
  readonly savedBy: string;
  readonly savedAnswers?: LoadedCard['answers'];
};

export const createCardStore = (sql: Sql): CardStore => ({
  load: (cardId) => load(sql, cardId),
  save: (save) => sql.begin((tx) => saveIn(tx, save)),
  order: (cardId) => order(sql, cardId),
  recordStripeCard: async (card, made) => {
    await sql.begin((tx) => recordStripeCard(tx, card, made));
  },
  async recordParcel(id, { carrier, trackingNumber, trackingUrl, etaS }) {
    await sql`
      update stripe_cards set carrier = coalesce(${carrier}, carrier),
             tracking_number = coalesce(${trackingNumber}, tracking_number),
             tracking_url = coalesce(${trackingUrl}, tracking_url), eta = coalesce(to_timestamp(${etaS}), eta)
      where stripe_card_id = ${id}`;
  },
  async recordWarning({ tenantId }, seen) {
    if (seen.fraudWarning !== null) await sql.begin((tx) => applyWarning(tx, tenantId, seen));
  },
  isSettled: (cardId) => isSettled(sql, cardId),
  async openDisputes(cardId) {
    const rows = await sql<{ dispute_id: string }[]>`
      select d.dispute_id from ${openDisputesOf(sql, cardId)} order by d.dispute_id`;
    return rows.map((row) => parseDisputeId(row.dispute_id));
  },
  async recordDispute({ tenantId }, seen) {
    await sql.begin((tx) => applyDispute(tx, tenantId, seen));
  },
  renew: (cardId) => sql.begin((tx) => renew(tx, cardId)),
  async stripeCards(cardId) {
    const rows = await sql<{ stripe_card_id: string }[]>`
      select stripe_card_id from stripe_cards where card_id = ${cardId} order by attempt desc`;
    return rows.map((row) => parseStripeCardId(row.stripe_card_id));
  },
});

interface CardRow {
  readonly tenant_id: string;
  readonly card_id: string;
  readonly cardholder_id: string;
  readonly type: 'virtual' | 'physical';
  readonly state: StoredState | null;
  readonly freezes: Readonly<Record<string, string>>;
  readonly version: number;
  readonly cancel_reason: CancelReason | null;
  readonly created_at: Date;
  readonly phase_since: Date;
  readonly spending: { readonly purchases: number; readonly lastPurchaseMs: number | null } | null;
  /** It takes another card's place, and its holder is known already. */
  readonly is_verified_replacement: boolean;
  readonly options: CardOptions;
}

async function load(sql: Sql, cardId: CardId): Promise<LoadedCard | undefined> {
  // The row's own workflow asks: whoever starts left-over rows need not look at it again.
  await sql`
    update cards set workflow_started_at = now()
    where card_id = ${cardId} and workflow_started_at is null`;
  const [row] = await sql<CardRow[]>`
    select c.tenant_id, c.card_id, c.cardholder_id, c.type, c.state, c.freezes,
           c.version, c.cancel_reason, c.created_at, c.phase_since, c.options,
           c.replacement_for is not null and h.kyc_verified_at is not null
             and h.kyc_status <> 'rejected' as is_verified_replacement,
           (select jsonb_build_object('purchases', s.purchases,
                     'lastPurchaseMs', (extract(epoch from s.last_purchase_at) * 1000)::bigint)
              from card_spending s where s.card_id = c.card_id) as spending
    from cards c join cardholders h using (cardholder_id) where c.card_id = ${cardId}`;
  if (row === undefined) return undefined;
  const fields = {
    cardId: parseCardId(row.card_id),
    tenantId: row.tenant_id,
    cardholderId: row.cardholder_id,
    type: row.type,
    frozen: Object.keys(row.freezes).length > 0,
    frozenBy: FREEZE_OWNERS.filter((owner) => Object.hasOwn(row.freezes, owner)),
    version: row.version,
    cancelRequested: row.cancel_reason,
    phaseSinceMs: row.phase_since.getTime(),
    spending: row.spending,
  };
  if (row.state === null) {
    const begin = row.is_verified_replacement ? replacementCard : requestedCard;
    const state = begin(row.type, row.created_at.getTime(), termsOf(row.options));
    return { ...fields, state, revision: 0 };
  }
  const { savedRevision, savedBy: _, savedAnswers: answers = [], ...state } = row.state;
  return { ...fields, state, revision: savedRevision, answers };
}

async function saveIn(tx: Transaction, save: CardSave): Promise<SaveAnswer> {
  const { cardId, state } = save;
  const [before] = await tx<SavedCardRow[]>`
    select tenant_id, account_id, cardholder_id, phase, replacement_for from cards where card_id = ${cardId}`;
  if (before === undefined) throw new Error(`there is no card ${cardId}`);
  const phaseChanged = before.phase !== state.phase;
  if (phaseChanged) {
    // Accounts before cards, as everywhere: no decision that commits later is based on the older phase.
    await tx`select 1 from accounts where account_id = ${before.account_id} for no key update`;
  }
  const [stored] = await tx<{ revision: number | null; is_same: boolean | null }[]>`
    select (state->>'savedRevision')::bigint as revision,
           state->>'savedBy' = ${save.writer}
             and state - 'savedRevision' - 'savedBy' - 'savedAnswers' = ${jsonText(state)}::text::jsonb as is_same
    from cards where card_id = ${cardId} for no key update`;
  const revision = stored?.revision ?? 0;
  // A worker that died after its save may do its task again with other messages in it: then it is another state.
  if (revision === save.revision && stored?.is_same === true) return 'saved';
  if (revision >= save.revision) return 'stale';
  const saved: StoredState = {
    ...state,
    savedRevision: save.revision,
    savedBy: save.writer,
    savedAnswers: save.answers ?? [],
  };
  const sinceMs = save.timeline.findLast(({ kind }) => kind === 'phase_changed')?.atMs;
  await tx`
    update cards set
      state = ${jsonText(saved)}::text::jsonb,
      phase = ${state.phase},
      phase_since = case when ${phaseChanged} then ${new Date(sinceMs ?? state.sinceMs)} else phase_since end,
      version = version + ${phaseChanged ? 1 : 0}
    where card_id = ${cardId}`;
  await closeFacts(tx, save);
  await followAttention(tx, save, before);
  await keepUnusable(tx, save, before);
  await noteAll(tx, save, before.tenant_id);
  if (phaseChanged) await tellOfPhase(tx, save, before);
  return 'saved';
}

interface SavedCardRow {
  readonly tenant_id: string;
  readonly account_id: string;
  readonly cardholder_id: string;
  readonly phase: string;
  readonly replacement_for: string | null;
}

/** What a new phase means beside the card itself. */
async function tellOfPhase(
  tx: Transaction,
  { cardId, state: { phase } }: CardSave,
  card: SavedCardRow,
): Promise<void> {
  if (phase === 'active') await tellReplaced(tx, cardId, card);
  const isOver = phase === 'winding_down' || phase === 'closed';
  if (isOver && NEVER_SERVED.has(card.phase)) await failReplacement(tx, cardId, card);
  if (card.phase === 'kyc') await closeUnwantedReview(tx, card.cardholder_id);
  const resolution = 'the card has ended';
  if (isOver) await closeWarning(tx, { id: cardId }, resolution);
  if (phase === 'closed') {
    await closeAttention(tx, { kind: 'message_unusable', subject: cardId, resolution });
  }
}

/** Phases in which a card cannot be spent with yet. */
const NEVER_SERVED: ReadonlySet<string> = new Set([
  'kyc',
  'issuance',
  'awaiting_delivery',
  'activation',
]);

/** The card whose place it takes ends now, whatever it was replaced for; and those before it that still wait for this. */
async function tellReplaced(tx: Transaction, cardId: CardId, card: SavedCardRow): Promise<void> {
  if (card.replacement_for === null) return;
  const replaced = await tx<{ card_id: string }[]>`
    with recursive before as (
      select c.card_id, c.replacement_for from cards c where c.card_id = ${card.replacement_for}
      union all
      select c.card_id, c.replacement_for from before b join cards c on c.card_id = b.replacement_for)
    select card_id from before`;
  for (const { card_id: oldId } of replaced) {
    const owner = { tenantId: card.tenant_id, cardId: oldId };
    await insertFact(tx, owner, { kind: 'replaced', replacementId: cardId }, 'replaced');
  }
}

/** It ended before it served. Unless another takes its own place, the card that it was for may be replaced once more. */
async function failReplacement(tx: Transaction, cardId: CardId, card: SavedCardRow): Promise<void> {
  if (card.replacement_for === null) return;
  const failed = await tx`
    update cards set replacement_failed = true
     where card_id = ${cardId}
       and not exists (select from cards r where r.replacement_for = ${cardId} and not r.replacement_failed)
    returning 1`;
  if (failed.length === 0) return;
  const owner = { tenantId: card.tenant_id, cardId: card.replacement_for };
  const fact = { kind: 'replacement_failed', replacementId: cardId } as const;
  await insertFact(tx, owner, fact, `replacement_failed/${cardId}`);
}

async function closeFacts(tx: Transaction, { cardId, closedFactIds }: CardSave): Promise<void> {
  const ids = closedFactIds.filter((id) => /^\d{1,18}$/.test(id));
  if (ids.length === 0) return;
  await tx`
    update facts set closed_at = now()
    where fact_id = any(${ids}::bigint[]) and card_id = ${cardId} and closed_at is null`;
  await roomMade(tx, cardId);
}

/** One item at most follows the state of a card; it closes by itself when the state no longer asks for it. */
async function followAttention(
  tx: Transaction,
  { cardId, state }: CardSave,
  card: { readonly tenant_id: string; readonly account_id: string },
): Promise<void> {
  const wanted = attentionOf(state);
  await tx`
    update attention_items set closed_at = clock_timestamp(), resolution = 'the card moved on'
    where tenant_id = ${card.tenant_id} and subject = ${cardId} and closed_at is null
      and kind = any(${[...LIFECYCLE_ATTENTION_KINDS]}) and kind <> ${wanted?.kind ?? ''}`;
  // A fraud warning has an item of its own, which is there before the workflow hears of it.
  if (wanted === null || wanted.kind === 'fraud_warning') return;
  await openAttention(tx, {
    tenantId: card.tenant_id,
    kind: wanted.kind,
    subject: cardId,
    cardId,
    accountId: card.account_id,
    details: { detail: wanted.detail, phase: state.phase },
  });
}

/** What the workflow could not work with is shown to people for as long as the card lives. */
async function keepUnusable(
  tx: Transaction,
  { cardId, unusable = [] }: CardSave,
  card: { readonly tenant_id: string; readonly account_id: string },
): Promise<void> {
  if (unusable.length === 0) return;
  await openAttention(tx, {
    tenantId: card.tenant_id,
    kind: 'message_unusable',
    subject: cardId,
    cardId,
    accountId: card.account_id,
    details: { messages: unusable.join('; ') },
  });
}

/** The workflow's clock is not ours, and a save may come late: the order of entries is that of their writing. */
async function noteAll(tx: Transaction, save: CardSave, tenantId: string): Promise<void> {
  for (const { atMs, kind, phase, body } of save.timeline) {
    const happenedAt = new Date(atMs).toISOString();
    await addTimeline(tx, { id: save.cardId, tenantId, phase }, kind, { ...body, happenedAt });
  }
}

interface OrderRow {
  readonly tenant_id: string;
  readonly stripe_account: string | null;
  readonly cardholder_id: string;
  readonly type: 'virtual' | 'physical';
  readonly currency: string;
  readonly shipping: ShippingAddress | null;
  readonly second_line: string | null;
  readonly options: CardOptions;
  readonly controls: Controls;
  readonly controls_version: number;
  readonly replacement_for: string | null;
  readonly replacement_reason: ReplacementReason | null;
  readonly replaced_stripe_card: string | null;
}

async function order(sql: Sql, cardId: CardId): Promise<CardOrder | undefined> {
  const [row] = await sql<OrderRow[]>`
    select c.tenant_id, t.stripe_account, c.cardholder_id, c.type, c.currency, c.shipping, c.second_line, c.options,
           c.controls, c.controls_version, c.replacement_for, c.replacement_reason,
           old.stripe_card_id as replaced_stripe_card
    from cards c join tenants t using (tenant_id) left join cards old on old.card_id = c.replacement_for
    where c.card_id = ${cardId}`;
  if (row === undefined) return undefined;
  const { type, currency, shipping, options, controls } = row;
  return {
    cardId,
    tenant: tenantOf(row),
    cardholderId: parseCardholderId(row.cardholder_id),
    type,
    currency,
    shipping,
    secondLine: row.second_line,
    options,
    controls,
    controlsVersion: row.controls_version,
    replaced: replacedBy(row),
  };
}

function replacedBy(row: OrderRow): CardOrder['replaced'] {
  const { replacement_for: id, replacement_reason: reason, replaced_stripe_card: current } = row;
  if (id === null || reason === null) return null;
  const stripeCardId = current === null ? null : parseStripeCardId(current);
  return { cardId: parseCardId(id), reason, stripeCardId };
}

export const tenantOf = (row: {
  readonly tenant_id: string;
  readonly stripe_account: string | null;
}): IssuerTenant => ({
  tenantId: parseTenantId(row.tenant_id),
  stripeAccount: row.stripe_account === null ? null : parseStripeAccountId(row.stripe_account),
});

async function recordStripeCard(
  tx: Transaction,
  { cardId, tenant }: Pick<CardOrder, 'cardId' | 'tenant'>,
  made: { readonly card: IssuedCard; readonly attempt: number; readonly current: boolean },
): Promise<void> {
  const { card, attempt } = made;
  // The card first, as everywhere: the profile cache is told of a new current card by the row's version.
  await tx`select 1 from cards where card_id = ${cardId} for no key update`;
  await tx`
    insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, cancellation_reason,
                              last4, exp_month, exp_year, shipping_status, eta, fraud_warned_at)
    values (${tenant.tenantId}, ${card.stripeCardId}, ${cardId}, ${attempt}, ${card.status},
            ${card.cancellationReason}, ${card.last4}, ${card.expMonth}, ${card.expYear},
            ${card.shippingStatus}, to_timestamp(${card.parcel?.etaS ?? null}),
            -- What was told of the same number, and perhaps dismissed, is no news of this card.
            (select old.fraud_warned_at from cards c join cards o on o.card_id = c.replacement_for
               join stripe_cards old on old.stripe_card_id = o.stripe_card_id
              where c.card_id = ${cardId} and c.replacement_reason in ('damaged', 'expired')))
    on conflict (stripe_card_id) do nothing`;
  const recorded = `card:${card.stripeCardId}`;
  // Stripe may have told of this card before we knew it: the relay moves what waited for it, and wakes its rows.
  await tx`
    insert into inbox (tenant_id, stripe_account, event_id, source, type, object_id, group_key, created, payload)
    select ${tenant.tenantId}, ${tenant.stripeAccount}, ${recorded}, 'decision', 'card.recorded',
           ${card.stripeCardId}, ${card.stripeCardId}, extract(epoch from now())::bigint,
           ${JSON.stringify({ stripeCardId: card.stripeCardId })}::text
     where not exists (select from inbox i where i.event_id = ${recorded})`;
  if (!made.current) return;
  await tx`
    update cards set stripe_card_id = ${card.stripeCardId}, version = version + 1
    where card_id = ${cardId} and stripe_card_id is distinct from ${card.stripeCardId}`;
}

async function isSettled(sql: Sql, cardId: CardId): Promise<boolean> {
  const [row] = await sql<{ open: boolean }[]>`
    select exists (
      select 1 from authorizations
      where card_id = ${cardId} and (status = 'pending' or held_minor > 0)
    ) or exists (
      select 1 from decisions where card_id = ${cardId} and approved and not confirmed
    ) or exists (
      select 1 from ${openDisputesOf(sql, cardId)}
    ) as open`;
  return row?.open === false;
}

const openDisputesOf = (sql: Sql, cardId: CardId) => sql`
  transactions t join disputes d using (transaction_id)
  where t.card_id = ${cardId} and d.status in ('unsubmitted', 'submitted')`;
