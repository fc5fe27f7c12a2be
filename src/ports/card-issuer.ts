/** Who makes cardholders and cards and talks to the card networks: Stripe, in domain words. */
import type { CancelReason, ReplacementReason, StripeCardStatus } from '../domain/card-facts.ts';
import type { Controls } from '../domain/controls.ts';
import type {
  CardholderId,
  CardId,
  DisputeId,
  StripeCardholderId,
  StripeCardId,
} from '../domain/ids.ts';
import type { DisputeSighting } from '../domain/sighting.ts';
import type { StripeRefusal } from '../domain/stripe-refusals.ts';
import type { CardOrder } from './card-store.ts';
import type { Holder } from './holder-store.ts';
import type {
  FrozenRequest,
  IssuedCard,
  IssuedCardholder,
  IssuerAnswer,
  IssuerTenant,
} from './issuer.ts';

export type StatusAnswer =
  | { readonly kind: 'changed'; readonly card: IssuedCard }
  | ({ readonly kind: 'refused' } & StripeRefusal);

export type ChangeAnswer<T> =
  | { readonly kind: 'changed'; readonly object: T }
  | ({ readonly kind: 'refused' } & StripeRefusal);

/** The Stripe card that a new one takes the place of. */
export interface ReplacedCard {
  readonly stripeCardId: StripeCardId;
  readonly reason: ReplacementReason;
}

export interface CardDraft {
  readonly cardholder: StripeCardholderId;
  readonly attempt: number;
  /** Null for a card that is linked to no other at Stripe. */
  readonly replaced: ReplacedCard | null;
}

export interface StatusChange {
  readonly status: StripeCardStatus;
  /** With `canceled` only; Stripe takes a reason for lost and stolen cards. */
  readonly reason?: CancelReason;
}

/** Every method throws IssuerUnavailableError when Stripe gives no usable answer. */
export interface CardIssuer {
  draftCardholder(holder: Holder, attempt: number): FrozenRequest;
  sendCardholder(
    tenant: IssuerTenant,
    request: FrozenRequest,
    idempotencyKey: string,
  ): Promise<IssuerAnswer<IssuedCardholder>>;
  /** Looks for a cardholder that carries our id in its metadata. */
  findCardholder(
    tenant: IssuerTenant,
    by: {
      readonly cardholderId: CardholderId;
      /** What was sent: Stripe can be searched by its email, else by time. */
      readonly request: FrozenRequest;
      readonly createdSinceMs: number;
    },
  ): Promise<IssuedCardholder | undefined>;
  /** Undefined when Stripe knows no such holder. */
  readCardholder(
    tenant: IssuerTenant,
    id: StripeCardholderId,
  ): Promise<IssuedCardholder | undefined>;
  /** Sends the whole profile, except the name, which Stripe never changes. The same version may be sent repeatedly. */
  updateCardholder(
    holder: Holder,
    id: StripeCardholderId,
    idempotencyKey: string,
  ): Promise<ChangeAnswer<IssuedCardholder>>;

  draftCard(order: CardOrder, made: CardDraft): FrozenRequest;
  sendCard(
    tenant: IssuerTenant,
    request: FrozenRequest,
    idempotencyKey: string,
  ): Promise<IssuerAnswer<IssuedCard>>;
  /** Cards of the holder that carry our card's id in their metadata and are not cancelled, newest first. */
  findCards(
    tenant: IssuerTenant,
    by: { readonly cardId: CardId; readonly cardholder: StripeCardholderId },
  ): Promise<readonly IssuedCard[]>;
  /** Undefined when Stripe knows no such card. */
  readCard(tenant: IssuerTenant, id: StripeCardId): Promise<IssuedCard | undefined>;
  setCardStatus(
    tenant: IssuerTenant,
    id: StripeCardId,
    change: StatusChange,
  ): Promise<StatusAnswer>;
  /** Puts what Stripe can hold of the controls in place of what it has, and always at least one limit. */
  setSpendingControls(
    tenant: IssuerTenant,
    id: StripeCardId,
    controls: Controls,
  ): Promise<ChangeAnswer<IssuedCard>>;
  /** Undefined when Stripe knows no such dispute, or shows it in a status that nobody here knows. */
  readDispute(tenant: IssuerTenant, id: DisputeId): Promise<DisputeSighting | undefined>;
  /** Suspends every active token that wallets hold of the card; what is suspended or deleted stays as it is. */
  suspendTokens(tenant: IssuerTenant, id: StripeCardId): Promise<void>;
}
