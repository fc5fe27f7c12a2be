/**
 * One pass over Stripe's list, newest first, for many approvals at once. Pure: what a page means for those that are
 * wanted, and which page comes next.
 */
import type { UnconfirmedHold } from '../../adapters/postgres/unconfirmed-store.ts';
import type {
  AuthorizationPage,
  AuthorizationQuery,
  FetchedAuthorization,
} from '../../ports/authorization-fetcher.ts';

/** Stripe asks within 2 s of making the authorization; the rest is for clocks that differ. */
const CREATED_MARGIN_S = 5;

export interface Listing {
  readonly tenantId: string;
  readonly stripeAccount: string | null;
  /** Not met yet, the youngest first. Never empty. */
  readonly wanted: readonly UnconfirmedHold[];
  readonly query: AuthorizationQuery;
}

/** `holds` are of one tenant, the youngest first; `youngest` is the first of them. */
export const beginListing = (
  holds: readonly UnconfirmedHold[],
  youngest: UnconfirmedHold,
): Listing => ({
  tenantId: youngest.tenantId,
  stripeAccount: youngest.stripeAccount,
  wanted: holds,
  query: queryFor(holds, youngest),
});

function queryFor(
  holds: readonly UnconfirmedHold[],
  youngest: UnconfirmedHold,
): AuthorizationQuery {
  const oldest = holds.at(-1) ?? youngest;
  const cards = new Set(holds.map((hold) => hold.stripeCardId));
  return {
    createdFromS: oldest.createdS - CREATED_MARGIN_S,
    createdToS: youngest.createdS + CREATED_MARGIN_S,
    stripeCardId: cards.size === 1 ? youngest.stripeCardId : null,
    after: null,
  };
}

export interface PageTaken {
  readonly found: readonly (UnconfirmedHold & { readonly fetched: FetchedAuthorization })[];
  /** The list is past them and did not show them. */
  readonly notListed: readonly UnconfirmedHold[];
  /** To be looked for by another pass. */
  readonly unseen: readonly UnconfirmedHold[];
  /** How the pass goes on; null when it is over. */
  readonly next: Listing | null;
}

export function takePage(listing: Listing, page: AuthorizationPage): PageTaken {
  const byId = new Map(page.listed.map((one) => [one.authorizationId, one]));
  const found = listing.wanted.flatMap((hold) => {
    const fetched = byId.get(hold.authorizationId);
    return fetched === undefined ? [] : [{ ...hold, fetched }];
  });
  const missing = listing.wanted.filter((hold) => !byId.has(hold.authorizationId));
  const last = page.hasMore ? page.listed.at(-1) : undefined;
  if (last === undefined) return { found, notListed: missing, unseen: [], next: null };
  const isPast = (hold: UnconfirmedHold): boolean =>
    hold.createdS - CREATED_MARGIN_S > last.createdS;
  const notListed = missing.filter(isPast);
  const rest = missing.filter((hold) => !isPast(hold));
  const [youngest, ...others] = rest;
  if (youngest === undefined) return { found, notListed, unseen: [], next: null };
  // A page that brought nothing: the others are too far apart for lists, so this one is asked for by its id.
  if (found.length + notListed.length === 0) {
    return { found, notListed: [youngest], unseen: others, next: null };
  }
  return { found, notListed, unseen: [], next: goOn(listing, rest, youngest, last) };
}

/** The next page; where all that are wanted are much older, the list begins anew with them. */
function goOn(
  listing: Listing,
  wanted: readonly UnconfirmedHold[],
  youngest: UnconfirmedHold,
  last: { readonly authorizationId: string; readonly createdS: number },
): Listing {
  const query = queryFor(wanted, youngest);
  if (query.createdToS < last.createdS) return { ...listing, wanted, query };
  // The cursor is one of this query's list: its bounds and filter stay as they are.
  return { ...listing, wanted, query: { ...listing.query, after: last.authorizationId } };
}
