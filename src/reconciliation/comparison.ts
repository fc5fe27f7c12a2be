/**
 * Compares fetched objects with ours, a list at a time. What differs is looked at once more after a moment, because an
 * event of it may be on its way; what differs still is stored as a fetched view, or becomes an attention item.
 */
import type { Difference } from '../domain/drift.ts';
import type { CardId } from '../domain/ids.ts';
import type { DriftItem, DriftScope, DriftStore } from '../ports/drift-store.ts';
import type { Interpret } from '../ports/event-application.ts';
import type { FetchedKind, FetchedObject } from '../ports/stripe-reader.ts';
import { type Compared, createLook, isForPerson, type Look, type Remedy } from './look.ts';

export interface ComparisonPorts {
  readonly store: DriftStore;
  /** What a fetched object means. */
  readonly interpret: Interpret;
  /** Resolves when events that were on their way have had time to arrive. */
  readonly settled: () => Promise<void>;
}

export interface ComparisonOptions {
  /** Only says what differs. */
  readonly isDryRun: boolean;
  /** Leaves alone what has events on their way. Otherwise only a person is not bothered with it: a view in vain does no harm. */
  readonly skipsWaiting: boolean;
  readonly onFound?: ((found: FoundDifference) => void) | undefined;
}

export interface FoundDifference {
  readonly kind: FetchedKind;
  /** Stripe's id. */
  readonly id: string;
  readonly cardId: CardId | null;
  readonly differences: readonly Difference[];
  /** In a dry run: what it would be. */
  readonly remedy: Remedy;
}

export interface ComparedCounts {
  /** Ours that Stripe showed, or ought to have shown. */
  looked: number;
  differing: number;
  /** Fetched views that were stored. */
  stored: number;
  /** Left for a person. */
  items: number;
  /** Differing and left out, because an event has just come or waits to be applied. */
  waiting: number;
}

export interface Comparison {
  readonly counts: Readonly<Record<FetchedKind, ComparedCounts>>;
  /** Ids of what needs a person, and of what was left out: nothing can be said of it. */
  readonly unsettled: ReadonlySet<string>;
  /** Compares objects of one kind. */
  compare(kind: FetchedKind, objects: readonly FetchedObject[]): Promise<void>;
  /** Ours that Stripe says it does not know. */
  missing(kind: FetchedKind, ids: readonly string[]): Promise<void>;
}

export function createComparison(
  scope: DriftScope,
  ports: ComparisonPorts,
  options: ComparisonOptions,
): Comparison {
  const { tenant } = scope;
  const { store } = ports;
  const look = createLook(scope, ports);
  const counts = allCounts();
  const unsettled = new Set<string>();
  const { skipsWaiting } = options;
  const isLeft = (one: Compared) => one.isOnItsWay && (skipsWaiting || isForPerson(one));
  const differingOf = twoLooks(look, ports.settled, (one) =>
    skipsWaiting ? !one.isOnItsWay : isForPerson(one),
  );

  async function keep(
    kind: FetchedKind,
    repairs: readonly FetchedObject[],
    items: readonly DriftItem[],
  ): Promise<void> {
    counts[kind].items += items.length;
    for (const { subject } of items) unsettled.add(subject);
    if (options.isDryRun) return;
    counts[kind].stored += await store.store(tenant, repairs);
    await store.openItems(tenant, items);
  }

  /** Stores what repairs, and says what a person has to look at. */
  async function remedy(kind: FetchedKind, differing: readonly Compared[]): Promise<void> {
    const repairs: FetchedObject[] = [];
    const items: DriftItem[] = [];
    for (const one of differing) {
      const { fetched, ours, differences } = one;
      const chosen = await look.remedyOf(one);
      if (chosen === 'repaired') repairs.push(fetched);
      // One view may repair a part and leave another that it cannot.
      const rest = differences.filter(({ canRepair }) => chosen === 'person' || !canRepair);
      if (rest.length > 0) items.push(itemOf(one, rest));
      const cardId = ours?.cardId ?? null;
      options.onFound?.({ kind, id: fetched.id, cardId, differences, remedy: chosen });
    }
    counts[kind].differing += differing.length;
    await keep(kind, repairs, items);
  }

  return {
    counts,
    unsettled,

    async compare(kind, objects) {
      const all = await look.at(objects);
      counts[kind].looked += all.length;
      const differing = await differingOf(all);
      const left = differing.filter(isLeft);
      counts[kind].waiting += left.length;
      for (const { fetched } of left) unsettled.add(fetched.id);
      await remedy(
        kind,
        differing.filter((one) => !isLeft(one)),
      );
    },

    async missing(kind, ids) {
      const found = await store.find(tenant, kind, ids);
      // The end of a card that is closed here is all that Stripe could tell.
      const ours = found.filter(({ view }) => view.kind !== 'card' || view.phase !== 'closed');
      for (const { id, cardId } of ours) {
        options.onFound?.({ kind, id, cardId, differences: [MISSING], remedy: 'person' });
      }
      counts[kind].looked += found.length;
      counts[kind].differing += ours.length;
      const items = ours.map(({ id, cardId }) => missingItem(kind, id, cardId));
      await keep(kind, [], items);
    },
  };
}

/** What differs after the second look, which is taken where the first one found something that is worth it. */
function twoLooks(
  look: Look,
  settled: () => Promise<void>,
  isWorthIt: (one: Compared) => boolean,
): (all: readonly Compared[]) => Promise<readonly Compared[]> {
  const isDiffering = ({ differences }: Compared) => differences.length > 0;
  return async (all) => {
    const first = all.filter(isDiffering);
    if (!first.some(isWorthIt)) return first;
    await settled();
    const again = await look.at(first.map(({ fetched }) => fetched));
    return again.filter(isDiffering);
  };
}

const missingItem = (object: FetchedKind, subject: string, cardId: CardId | null): DriftItem => ({
  kind: 'stripe_object_missing',
  subject,
  cardId,
  details: { object },
});

const MISSING: Difference = {
  field: 'object',
  ours: 'known',
  theirs: 'unknown',
  canRepair: false,
};

const noCounts = (): ComparedCounts => ({
  looked: 0,
  differing: 0,
  stored: 0,
  items: 0,
  waiting: 0,
});

const allCounts = (): Record<FetchedKind, ComparedCounts> => ({
  card: noCounts(),
  cardholder: noCounts(),
  authorization: noCounts(),
  transaction: noCounts(),
  dispute: noCounts(),
});

function itemOf({ fetched, ours }: Compared, rest: readonly Difference[]): DriftItem {
  const { kind: object, id: subject, metadata } = fetched;
  if (ours === undefined) {
    const madeFor = metadata['card_id'] ?? metadata['cardholder_id'] ?? null;
    const details = { object, madeFor };
    return { kind: 'stripe_object_unknown', subject, cardId: null, details };
  }
  const told = rest.map(
    ({ field, ours: here, theirs }) => `${field} ${here} here, ${theirs} at Stripe`,
  );
  const details = { object, detail: told.join('; ') };
  return { kind: 'stripe_object_differs', subject, cardId: ours.cardId, details };
}
