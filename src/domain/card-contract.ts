/**
 * What every process agrees on about a card's workflow: its id, its names, and the shapes of its messages.
 * Nothing here may hold personal data: ids, arguments and search attributes are stored and shown in clear.
 */
import type { CancelReason, CardFact, FreezeOwner, ReplacementReason } from './card-facts.ts';
import type { RefusalCode } from './card-outcome.ts';
import type { CardPhase, CardState } from './card-phase.ts';
import type { CardId } from './ids.ts';

export const CARD_TASK_QUEUE = 'cards';
export const CARD_WORKFLOW_TYPE = 'cardLifecycle';

export const cardWorkflowId = (cardId: CardId): string => `card/${cardId}`;

export interface CardWorkflowArgument {
  readonly cardId: CardId;
  /** What the previous run of the same workflow handed over; absent in the first run. */
  readonly carried?: CarriedState;
  /** Facts worked off before the run continues as new; tests set it, otherwise FACTS_PER_RUN_MAX holds. */
  readonly factsPerRunMax?: number;
}

/** Facts read but not yet worked off, what was seen already, and the answers of the last updates, carried over continue-as-new. */
export interface CarriedState {
  readonly queue: readonly NumberedFact[];
  readonly finishedUpdates: readonly FinishedUpdate[];
  /** Ids of the last facts worked off, so that one that is sent twice still counts once. */
  readonly seenFactIds: readonly string[];
  /** The last facts on the details page. */
  readonly history?: readonly HeardFact[];
}

/** One fact as the details page shows it. */
export interface HeardFact {
  readonly atMs: number;
  readonly kind: string;
  readonly effect: string;
}

export interface NumberedFact {
  /** Id of the row in `facts`, closed with the next save; null for what the workflow told itself. */
  readonly factId: string | null;
  readonly fact: CardFact;
}

export interface FinishedUpdate {
  readonly id: string;
  readonly answer: CommandAnswer;
}

/** The answer to a command: the committed transition, or a named refusal. */
export type CommandAnswer =
  | { readonly kind: 'accepted'; readonly phase: CardPhase }
  | { readonly kind: 'refused'; readonly code: CommandRefusal; readonly phase: CardPhase };

export type CommandRefusal = RefusalCode | 'WRONG_PHASE' | 'ATTEMPTS_USED_UP';

/** Signal: a batch of facts from the relay. */
export const FACTS_SIGNAL = 'facts';
/** Signal: continue as new at the next safe point, to pick up new code. */
export const UPGRADE_SIGNAL = 'upgrade';
/** Query and details page are for people; lists read Postgres. */
export const STATE_QUERY = 'state';

export const DECIDE_KYC_UPDATE = 'decideKyc';
export const RETRY_KYC_UPDATE = 'retryKyc';
export const RETRY_ISSUANCE_UPDATE = 'retryIssuance';
export const CORRECT_SHIPPING_UPDATE = 'correctShipping';
export const CONFIRM_DELIVERY_UPDATE = 'confirmDelivery';
const REPLACE_UPDATE = 'replace';
const CANCEL_UPDATE = 'cancel';

/** Commands that need the workflow, with the argument each carries (never personal data). */
export interface CardCommands {
  [DECIDE_KYC_UPDATE]: { readonly approved: boolean };
  [RETRY_KYC_UPDATE]: Record<string, never>;
  /** Somebody has settled what Stripe had asked for. */
  [RETRY_ISSUANCE_UPDATE]: Record<string, never>;
  /** The corrected address is already stored with the card. */
  [CORRECT_SHIPPING_UPDATE]: Record<string, never>;
  [CONFIRM_DELIVERY_UPDATE]: Record<string, never>;
  /** The row of the replacement is already written. */
  [REPLACE_UPDATE]: { readonly reason: ReplacementReason; readonly replacementId: CardId };
  [CANCEL_UPDATE]: { readonly reason: CancelReason };
}
export type CardCommandName = keyof CardCommands;

export const SEARCH_ATTRIBUTES = {
  CardPhase: 'Keyword',
  CardTenant: 'Keyword',
  CardholderId: 'Keyword',
  StripeCardId: 'Keyword',
  NeedsAttention: 'Bool',
} as const;

/** What `loadCard` returns: enough for the workflow to go on, and nothing personal. */
export interface LoadedCard {
  readonly cardId: CardId;
  readonly tenantId: string;
  readonly cardholderId: string;
  readonly type: 'virtual' | 'physical';
  /** The last saved state, or the initial one. */
  readonly state: CardState;
  /** When its phase began; absent in answers of earlier code. */
  readonly phaseSinceMs?: number;
  /** Revision of that save; 0 before the first. The next save must be above it. */
  readonly revision: number;
  readonly frozen: boolean;
  /** Whose freezes stand; absent in answers of earlier code. */
  readonly frozenBy?: readonly FreezeOwner[];
  /** Version of the card's row when `frozen` was read. */
  readonly version?: number;
  readonly cancelRequested: CancelReason | null;
  /** Answers to the last commands, as they were saved with their effects. */
  readonly answers?: readonly FinishedUpdate[];
  /** What the card has spent, as far as Postgres knows; null before the first purchase. */
  readonly spending?: { readonly purchases: number; readonly lastPurchaseMs: number | null } | null;
}
