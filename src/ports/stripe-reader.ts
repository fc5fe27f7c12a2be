/** Reads objects at Stripe as they are now, to compare them with ours: one by its id, or a page of a list. */
import type { IssuerTenant } from './issuer.ts';

export type FetchedKind = 'card' | 'cardholder' | 'authorization' | 'transaction' | 'dispute';

export interface FetchedObject {
  readonly kind: FetchedKind;
  readonly id: string;
  /** Rows of one group are applied together. */
  readonly groupKey: string;
  /** The type under which it is stored and interpreted, like that of an event. */
  readonly type: string;
  /** The second, by Stripe's clock, in which the call was sent: the view is at least as new as that. */
  readonly asOfS: number;
  readonly createdS: number;
  /** Texts that were given to it when it was made, for instance our ids. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Stripe's object, less what is personal. */
  readonly object: Readonly<Record<string, unknown>>;
}

export interface ObjectQuery {
  readonly kind: FetchedKind;
  /** Only those made in this second or later; null for all. */
  readonly createdFromS: number | null;
  /** Only authorizations that are pending. */
  readonly pendingOnly: boolean;
  /** Only what belongs to this card of Stripe's; authorizations and clearing records can be asked for so. */
  readonly stripeCardId: string | null;
  /** The last one of the page before; null for the first page. */
  readonly after: string | null;
}

export interface ObjectPage {
  /** Newest first. */
  readonly objects: readonly FetchedObject[];
  readonly hasMore: boolean;
}

/** All calls throw IssuerUnavailableError when Stripe does not answer, and whatever else is a bug. */
export interface StripeReader {
  /** Null when Stripe does not know it. */
  read(tenant: IssuerTenant, kind: FetchedKind, id: string): Promise<FetchedObject | null>;
  /** One page, by one call. */
  list(tenant: IssuerTenant, query: ObjectQuery): Promise<ObjectPage>;
}
