/** Our side of a comparison with Stripe's objects, and where its outcome goes. */
import type { DriftItemKind, OurView } from '../domain/drift.ts';
import type { CardId } from '../domain/ids.ts';
import type { IssuerTenant } from './issuer.ts';
import type { FetchedKind, FetchedObject } from './stripe-reader.ts';

/** What is compared: all of a tenant, or what belongs to one card. */
export interface DriftScope {
  readonly tenant: IssuerTenant;
  readonly cardId: CardId | null;
}

export interface OurObject {
  /** Stripe's id. */
  readonly id: string;
  readonly view: OurView;
  /** Null for what belongs to no card, or to several. */
  readonly cardId: CardId | null;
  /** Stripe's second of the newest that shaped our view; 0 where nothing was seen yet. */
  readonly seenS: number;
}

/** What only a person can settle. */
export interface DriftItem {
  readonly kind: DriftItemKind;
  /** Stripe's id. */
  readonly subject: string;
  readonly cardId: CardId | null;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

export interface DriftSubject {
  readonly kind: FetchedKind;
  readonly id: string;
}

export interface DriftStore {
  /** Ours of these ids; what we do not know is left out. */
  find(
    tenant: IssuerTenant,
    kind: FetchedKind,
    ids: readonly string[],
  ): Promise<readonly OurObject[]>;
  /**
   * Ids, in their order, of what Stripe ought to know: all cards and cardholders that were made there, authorizations
   * that it has shown and that are open here, disputes that are not decided.
   */
  expected(
    scope: DriftScope,
    kind: FetchedKind,
    page: { readonly after: string; readonly limit: number },
  ): Promise<readonly string[]>;
  /** Which of these have events that are stored and not applied yet: ours is about to change. */
  waiting(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Which of these Stripe cards are ours. */
  ownCards(tenant: IssuerTenant, stripeCardIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** The newest fetched view of the object that was applied, and that no event of its own second may have beaten. */
  lastApplied(
    tenant: IssuerTenant,
    id: string,
  ): Promise<{ readonly asOfS: number; readonly body: Readonly<Record<string, unknown>> } | null>;
  /** Stores what was fetched for the relay to apply; answers how many were not stored before. */
  store(tenant: IssuerTenant, objects: readonly FetchedObject[]): Promise<number>;
  /** Opens the items, or renews what they tell. */
  openItems(tenant: IssuerTenant, items: readonly DriftItem[]): Promise<void>;
  /** What the open items of earlier comparisons are about. */
  openSubjects(scope: DriftScope): Promise<readonly DriftSubject[]>;
  /** Closes the open items of comparisons about these subjects. */
  closeItems(tenant: IssuerTenant, subjects: readonly string[]): Promise<void>;
}
