/** Looks an authorization up at Stripe, for the rare case that its events contradict each other. */
export interface FetchedAuthorization {
  /** Stripe's object as it came. */
  readonly object: Readonly<Record<string, unknown>>;
  /** The second, by Stripe's clock, in which the call was sent: the view is at least as new as that. */
  readonly asOfS: number;
}

export interface AuthorizationFetcher {
  /** @throws when Stripe does not answer or does not know it; the caller tries again later. */
  fetch(stripeAccount: string | null, authorizationId: string): Promise<FetchedAuthorization>;
}
