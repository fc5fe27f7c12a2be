/** Cards as the API sees them: the directory row, and the Stripe card that is current. */
import type { NumberedFact } from '../domain/card-contract.ts';
import type {
  CancelReason,
  FreezeOwner,
  ReplacementReason,
  ShippingStatus,
} from '../domain/card-facts.ts';
import type { CardOptions } from '../domain/card-options.ts';
import type { CardPhase } from '../domain/card-phase.ts';
import type { AccountId, CardholderId, CardId, TenantId } from '../domain/ids.ts';
import type { PostalAddress } from './cardholders.ts';
import type { PageOrRefusal, PageRequest } from './page.ts';

export type { CardOptions } from '../domain/card-options.ts';

export interface ShippingAddress extends PostalAddress {
  readonly name: string;
  readonly service: 'standard' | 'express' | 'priority';
  /** Where the address is a workplace. */
  readonly businessName?: string;
  /** Whom the courier calls, in E.164. */
  readonly phoneNumber?: string;
  readonly requireSignature?: boolean;
  /** Registration for customs in Europe. */
  readonly eoriNumber?: string;
  readonly addressValidation?: 'disabled' | 'normalization_only' | 'validation_and_normalization';
}

export interface Card {
  readonly id: CardId;
  readonly tenantId: TenantId;
  readonly cardholderId: CardholderId;
  readonly accountId: AccountId;
  readonly type: 'virtual' | 'physical';
  readonly currency: string;
  readonly phase: CardPhase;
  readonly phaseSince: string;
  /** What the card waits for, as a line for people, and when the wait ends by itself. */
  readonly why: string | null;
  readonly waitsUntil: string | null;
  readonly frozen: boolean;
  /** Who froze the card, and why; empty when nobody did. */
  readonly freezes: Readonly<Record<string, string>>;
  readonly cancelRequested: { readonly at: string; readonly reason: CancelReason } | null;
  /** The current Stripe card; null before the first was made. */
  readonly stripeCard: {
    readonly id: string;
    readonly status: 'active' | 'inactive' | 'canceled';
    readonly last4: string;
    readonly expMonth: number;
    readonly expYear: number;
    readonly shippingStatus: ShippingStatus | null;
    readonly carrier: string | null;
    readonly trackingNumber: string | null;
    readonly trackingUrl: string | null;
    /** When the parcel is expected. */
    readonly eta: string | null;
  } | null;
  /** Physical cards only. */
  readonly shipping: ShippingAddress | null;
  /** Printed below the name; physical cards only. */
  readonly secondLine: string | null;
  readonly options: CardOptions;
  /** The card whose place this one takes, and why. */
  readonly replacementFor: CardId | null;
  readonly replacementReason: ReplacementReason | null;
  /** The card that takes this one's place, from the moment it was asked for. */
  readonly replacedBy: CardId | null;
  readonly workflowId: string;
  /** False until the card's workflow was started; the relay starts what is left over. */
  readonly workflowStarted: boolean;
  readonly createdAt: string;
}

export interface NewCard {
  readonly id: CardId;
  readonly tenantId: TenantId;
  readonly cardholderId: CardholderId;
  readonly accountId: AccountId;
  readonly type: 'virtual' | 'physical';
  readonly currency: string;
  readonly shipping: ShippingAddress | null;
  readonly secondLine: string | null;
  readonly options: CardOptions;
}

interface CardFilter {
  readonly tenantId?: string | undefined;
  readonly accountId?: string | undefined;
  readonly cardholderId?: string | undefined;
  readonly phase?: CardPhase | undefined;
  /** With an open attention item, or without one. */
  readonly attention?: boolean | undefined;
}

export interface Cards {
  create(card: NewCard): Promise<Card>;
  find(id: CardId): Promise<Card | undefined>;
  list(filter: CardFilter, page: PageRequest): Promise<PageOrRefusal<Card>>;
  /** Remembers that the workflow runs, so that the sweeper leaves the card alone. */
  markWorkflowStarted(id: CardId): Promise<void>;
}

/**
 * Commands that Postgres alone commits. All of them need `lock` first, in the same transaction, and write a
 * fact that is sent to the workflow at once, or later by the relay.
 */
export interface CardControls {
  /**
   * Locks the account of the card, then the card, and returns the card: no decision that commits later is
   * based on older facts. Undefined when the card does not exist.
   */
  lock(id: CardId): Promise<Card | undefined>;
  /** Writes the freeze of one owner, its fact and its timeline row. */
  freeze(card: Card, freeze: OwnedFreeze): Promise<NumberedFact>;
  /** Lifts the freeze of that owner; the fact says whose remain. */
  unfreeze(card: Card, freeze: OwnedFreeze): Promise<NumberedFact>;
  requestCancel(card: Card, reason: CancelReason, at: Date): Promise<NumberedFact>;
  /** Remembers that this run of the workflow accepted the facts, so that the relay does not send them again. */
  markSent(factIds: readonly string[], runId: string | null): Promise<void>;
}

export interface OwnedFreeze {
  readonly by: FreezeOwner;
  readonly reason: string;
}

/** The card that takes another's place. */
export interface NewReplacement {
  readonly id: CardId;
  readonly reason: ReplacementReason;
  /** Where to; the address of the replaced card when null. */
  readonly shipping: ShippingAddress | null;
  /** Ends the replaced card at once. */
  readonly cancel: 'lost' | 'stolen' | null;
  /** It has the number of the replaced card, so freezes go on. */
  readonly keepsFreezes: boolean;
}

export interface CardReplacements {
  /**
   * Writes the replacement of a locked card, its facts and the timeline of both, in the caller's transaction. Answers
   * the new card, and the facts for the old one's workflow.
   */
  replace(
    card: Card,
    made: NewReplacement,
    at: Date,
  ): Promise<{ readonly card: Card; readonly facts: readonly NumberedFact[] }>;
  /**
   * The card that a locked replacement takes the place of is lost by now: it gets a number of its own, without what
   * stands against the old one. For one that has no Stripe card yet.
   */
  takeNewNumber(card: Card, reason: 'lost' | 'stolen'): Promise<Card>;
}

/** What the commands that the workflow answers write beside it. */
export interface CardCommandRecords {
  setShipping(cardId: CardId, shipping: ShippingAddress | null): Promise<void>;
  setPrinted(cardId: CardId, printed: Printed): Promise<void>;
  note(card: Card, kind: `command_${string}`, body: CommandNote): Promise<void>;
}

/** What a physical card bears beside its holder's name. */
export interface Printed {
  readonly secondLine: string | null;
  /** Null for the program's own. */
  readonly personalizationDesign: string | null;
}

/** Shown in the timeline: what a person decided, and why. */
interface CommandNote {
  readonly reason?: string;
  readonly approved?: boolean;
  /** Names of fields, never what they hold. */
  readonly corrected?: readonly string[];
}
