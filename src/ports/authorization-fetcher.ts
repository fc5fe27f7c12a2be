/**
 * Looks authorizations up at Stripe: those whose events contradict each other, and those whose events did not come.
 */
export interface FetchedAuthorization {
  /** Stripe's object, less what is personal. */
  readonly object: Readonly<Record<string, unknown>>;
  /** The second, by Stripe's clock, in which the call was sent: the view is at least as new as that. */
  readonly asOfS: number;
}

export interface AuthorizationFetcher {
  /**
   * Null when Stripe does not know it.
   * @throws when Stripe does not answer; the caller tries again later.
   */
  fetch(
    stripeAccount: string | null,
    authorizationId: string,
  ): Promise<FetchedAuthorization | null>;
}

export interface ListedAuthorization extends FetchedAuthorization {
  readonly authorizationId: string;
  readonly createdS: number;
}

export interface AuthorizationQuery {
  readonly createdFromS: number;
  /** Included. */
  readonly createdToS: number;
  /** Only those of this card; null for all. */
  readonly stripeCardId: string | null;
  /** The last one of the page before; null for the first page. */
  readonly after: string | null;
}

export interface AuthorizationPage {
  /** Newest first. */
  readonly listed: readonly ListedAuthorization[];
  readonly hasMore: boolean;
}

export interface AuthorizationLister {
  /**
   * One page, by one call.
   * @throws when Stripe does not answer.
   */
  list(stripeAccount: string | null, query: AuthorizationQuery): Promise<AuthorizationPage>;
}
