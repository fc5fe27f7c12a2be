/** Who makes cardholders and cards and talks to the card networks: Stripe, in domain words. */
import type { CancelReason, StripeCardStatus } from '../domain/card-facts.ts';
import type { CardholderId, CardId, StripeCardholderId, StripeCardId } from '../domain/ids.ts';
import type { CardOrder } from './card-store.ts';
import type { Holder } from './holder-store.ts';
import type { FrozenRequest, IssuedCard, IssuerAnswer, IssuerTenant } from './issuer.ts';

export type StatusAnswer =
  | { readonly kind: 'changed'; readonly card: IssuedCard }
  | { readonly kind: 'refused'; readonly code: string };

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
  ): Promise<IssuerAnswer<StripeCardholderId>>;
  /** Looks for a cardholder that carries our id in its metadata. */
  findCardholder(
    tenant: IssuerTenant,
    by: {
      readonly cardholderId: CardholderId;
      /** What was sent: Stripe can be searched by its email, else by time. */
      readonly request: FrozenRequest;
      readonly createdSinceMs: number;
    },
  ): Promise<StripeCardholderId | undefined>;
  /** Why Stripe would not let this holder's cards work, e.g. `requirements.past_due`; undefined when nothing is wrong. */
  cardholderProblem(tenant: IssuerTenant, id: StripeCardholderId): Promise<string | undefined>;

  draftCard(order: CardOrder, cardholder: StripeCardholderId, attempt: number): FrozenRequest;
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
}
