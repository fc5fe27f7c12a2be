/** The card's own records, as its workflow reads and writes them. */
import type { LoadedCard } from '../domain/card-contract.ts';
import type { CardFact, ReplacementReason } from '../domain/card-facts.ts';
import type { CardOptions } from '../domain/card-options.ts';
import type { CardSave, SaveAnswer } from '../domain/card-save.ts';
import type { Controls } from '../domain/controls.ts';
import type { CardholderId, CardId, DisputeId, StripeCardId } from '../domain/ids.ts';
import type { DisputeSighting } from '../domain/sighting.ts';
import type { ShippingAddress } from './cards.ts';
import type { IssuedCard, IssuerTenant, Parcel } from './issuer.ts';

/** What a card is made from at Stripe. Holds personal data: it never leaves the activities. */
export interface CardOrder {
  readonly cardId: CardId;
  readonly tenant: IssuerTenant;
  readonly cardholderId: CardholderId;
  readonly type: 'virtual' | 'physical';
  readonly currency: string;
  readonly shipping: ShippingAddress | null;
  readonly secondLine: string | null;
  readonly options: CardOptions;
  readonly controls: Controls;
  readonly controlsVersion: number;
  /** The card that this one takes the place of, with its Stripe card that is current. */
  readonly replaced: ReplacedOrder | null;
}

export interface ReplacedOrder {
  readonly cardId: CardId;
  readonly reason: ReplacementReason;
  readonly stripeCardId: StripeCardId | null;
}

export interface CardStore {
  /**
   * The last saved state (or the initial one), and what was committed beside it. Notes that the card's
   * workflow runs. Undefined when there is no such card.
   */
  load(cardId: CardId): Promise<LoadedCard | undefined>;
  /**
   * Writes the state, closes the facts, opens or closes the attention item and adds to the timeline, in one
   * transaction. Repeating a save changes nothing and answers `saved`. Refuses with `stale` when a higher
   * revision, or the same one by another run, is stored.
   */
  save(save: CardSave): Promise<SaveAnswer>;
  /** Undefined when there is no such card. */
  order(cardId: CardId): Promise<CardOrder | undefined>;
  /**
   * Remembers a Stripe card as one of this card's. `current` makes it the card that is spent from.
   * Idempotent: a Stripe card that is known already keeps its newer snapshot.
   */
  recordStripeCard(
    order: Pick<CardOrder, 'cardId' | 'tenant'>,
    made: { readonly card: IssuedCard; readonly attempt: number; readonly current: boolean },
  ): Promise<void>;
  /** Keeps what Stripe tells of the parcel of a card that is recorded; what it does not tell stays. */
  recordParcel(id: StripeCardId, parcel: Parcel): Promise<void>;
  /** Freezes the card for a warning that is news, exactly as the event would. */
  recordWarning(
    tenant: IssuerTenant,
    seen: Pick<IssuedCard, 'stripeCardId' | 'fraudWarning'>,
  ): Promise<void>;
  /** Whether every authorization of the card is closed, nothing is held for it any more, and no dispute is open. */
  isSettled(cardId: CardId): Promise<boolean>;
  /** Disputes of the card that are not decided, as far as events told. */
  openDisputes(cardId: CardId): Promise<readonly DisputeId[]>;
  /** Takes in a dispute exactly as its event would. */
  recordDispute(tenant: IssuerTenant, seen: DisputeSighting): Promise<void>;
  /**
   * Writes the successor of a card that is about to expire, once. Answers `replacement_requested` with the one that is
   * there now, or `renewal_skipped` with the reason. Undefined when there is no such card.
   */
  renew(cardId: CardId): Promise<CardFact | undefined>;
  /** Stripe cards this card has owned, newest attempt first. */
  stripeCards(cardId: CardId): Promise<readonly StripeCardId[]>;
}
