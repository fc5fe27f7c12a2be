/** What one save of a card writes, and what of a card's history people want to read. Nothing here is personal. */
import { attentionOf } from './card-attention.ts';
import type { FinishedUpdate } from './card-contract.ts';
import type { CardFact } from './card-facts.ts';
import type { CardPhase, CardState } from './card-phase.ts';
import type { CardId } from './ids.ts';

export interface CardSave {
  readonly cardId: CardId;
  /** Rises with every fact worked off; a save never overwrites one of a higher revision. */
  readonly revision: number;
  /** The run that saves: two runs may count to the same revision when a save arrives very late. */
  readonly writer: string;
  readonly state: CardState;
  /** Rows of `facts` that this save closes, whether they changed anything or not. */
  readonly closedFactIds: readonly string[];
  readonly timeline: readonly TimelineNote[];
  /** Messages that the workflow could not work with; kept for a person. Absent in saves of earlier code. */
  readonly unusable?: readonly string[];
  /**
   * The last commands that were answered, the newest last: a worker may die between this save and the answer, and
   * whoever asks again must hear what was decided. Absent in saves of earlier code.
   */
  readonly answers?: readonly FinishedUpdate[];
}

/** `stale`: a later save, or one of another run, is there already; the state must be loaded again. */
export type SaveAnswer = 'saved' | 'stale';

export interface TimelineNote {
  readonly atMs: number;
  /** `phase_changed`, or the kind of the fact. */
  readonly kind: string;
  readonly phase: CardPhase;
  readonly body: Readonly<Record<string, string | number | boolean | null>>;
}

/** Facts that matter to a reader of the timeline even where the phase stays. */
const NOTABLE: ReadonlySet<CardFact['kind']> = new Set([
  'verification_started',
  'identity_failed',
  'identity_canceled',
  'kyc_retry_requested',
  'kyc_reminder_due',
  'issuance_blocked',
  'issuance_retry_requested',
  'previous_card_canceled',
  'shipping_corrected',
  'delivery_reminder_due',
  'delivery_overdue',
  'activation_refused',
  'freeze_mirrored',
  'freeze_refused',
  'cancel_refused',
  'mirror_done',
  'replacement_requested',
  'replaced',
  'replacement_failed',
  'renewal_skipped',
  'cardholder_changed',
  'canceled_at_stripe',
  'money_seen',
] satisfies CardFact['kind'][]);

/** What is told once however often it is tried again. */
const REPEATING: ReadonlySet<CardFact['kind']> = new Set([
  'activation_refused',
  'issuance_blocked',
  'freeze_refused',
  'cancel_refused',
  'delivery_overdue',
] satisfies CardFact['kind'][]);

function isSameAttention(before: CardState, after: CardState): boolean {
  const [was, is] = [attentionOf(before), attentionOf(after)];
  return was?.kind === is?.kind && was?.detail === is?.detail;
}

/** The line of the timeline for a fact that moved the card, or null when it is of no interest. */
export function timelineNote(
  before: CardState,
  after: CardState,
  fact: CardFact,
  atMs: number,
): TimelineNote | null {
  const { phase } = after;
  if (before.phase !== phase) {
    const body = { from: before.phase, to: phase, cause: fact.kind, ...detailOf(fact) };
    return { atMs, kind: 'phase_changed', phase, body };
  }
  if (before.phase === 'active' && after.phase === 'active' && before.usage !== after.usage) {
    return { atMs, kind: 'usage_changed', phase, body: { from: before.usage, to: after.usage } };
  }
  if (before.phase === 'issuance' && fact.kind === 'recheck_due' && after.phase === 'issuance') {
    // Whoever owes an address or a field is to be reminded; the others are only asked about once more.
    return after.step === before.step && !after.retrying
      ? { atMs, kind: 'reminder_due', phase, body: {} }
      : null;
  }
  if (REPEATING.has(fact.kind) && isSameAttention(before, after)) return null;
  return NOTABLE.has(fact.kind) ? { atMs, kind: fact.kind, phase, body: detailOf(fact) } : null;
}

function detailOf(fact: CardFact): TimelineNote['body'] {
  switch (fact.kind) {
    case 'identity_failed':
    case 'issuance_refused':
    case 'freeze_refused':
    case 'cancel_refused':
    case 'activation_refused':
      return { code: fact.code };
    case 'issuance_blocked':
    case 'renewal_skipped':
    case 'cancel_requested':
      return { reason: fact.reason };
    case 'mirror_done':
      return { what: fact.what, refusal: fact.refusal };
    case 'cardholder_changed':
      return { problem: fact.problem ?? null };
    case 'replacement_requested':
      return { reason: fact.reason, replacementId: fact.replacementId };
    case 'replaced':
      return { replacementId: fact.replacementId };
    case 'card_created':
      return { stripeCardId: fact.stripeCardId };
    case 'card_seen':
      return {
        stripeCardId: fact.stripeCardId,
        status: fact.status,
        shipping: fact.shippingStatus,
      };
    case 'canceled_at_stripe':
      return { stripeCardId: fact.stripeCardId };
    case 'freeze_mirrored':
      return { frozen: fact.frozen };
    case 'money_seen':
      return { cause: fact.cause };
    case 'kyc_decided':
      return { approved: fact.approved };
    default:
      return {};
  }
}

/** Facts that matter to nobody until something else is saved: after a loss they are found again in Postgres. */
const SOFT: ReadonlySet<CardFact['kind']> = new Set([
  'verification_pending',
  'spending_digest',
  'recheck_due',
] satisfies CardFact['kind'][]);

/** Whether a change has to be in Postgres at once, and is not only to be written with the next save. */
export function isToBeSaved(before: CardState, after: CardState, fact: CardFact): boolean {
  if (!SOFT.has(fact.kind) || before.phase !== after.phase) return true;
  const isNewUsage =
    before.phase === 'active' && after.phase === 'active' && before.usage !== after.usage;
  return isNewUsage || !isSameAttention(before, after);
}
