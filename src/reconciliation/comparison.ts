/**
 * Compares fetched objects with ours, a list at a time. What differs is looked at once more after a moment, because an
 * event of it may be on its way; what differs still is stored as a fetched view, or becomes an attention item.
 */
import { type Difference, differencesOf } from '../domain/drift.ts';
import type { CardId } from '../domain/ids.ts';
import type { Sighting } from '../domain/sighting.ts';
import type { DriftItem, DriftScope, DriftStore, OurObject } from '../ports/drift-store.ts';
import type { Interpret } from '../ports/event-application.ts';
import type { FetchedKind, FetchedObject } from '../ports/stripe-reader.ts';

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
  /** Leaves out what has events waiting in the inbox: ours is about to change. */
  readonly skipsWaiting: boolean;
  readonly onFound?: ((found: FoundDifference) => void) | undefined;
}

export interface FoundDifference {
  readonly kind: FetchedKind;
  /** Stripe's id. */
  readonly id: string;
  readonly cardId: CardId | null;
  readonly differences: readonly Difference[];
  /** `repaired`: stored as a fetched view. `person`: an attention item. In a dry run: what it would be. */
  readonly remedy: 'repaired' | 'person';
}

export interface ComparedCounts {
  /** Ours that Stripe showed, or ought to have shown. */
  looked: number;
  differing: number;
  /** Fetched views that were stored. */
  stored: number;
  /** Left for a person. */
  items: number;
  /** Left out, because their events wait to be applied. */
  waiting: number;
}

export interface Comparison {
  readonly counts: Readonly<Record<FetchedKind, ComparedCounts>>;
  /** Subjects of what needs a person. */
  readonly subjects: ReadonlySet<string>;
  /** Compares objects of one kind. */
  compare(kind: FetchedKind, objects: readonly FetchedObject[]): Promise<void>;
  /** Ours that Stripe says it does not know. */
  missing(kind: FetchedKind, ids: readonly string[]): Promise<void>;
}

interface Compared {
  readonly fetched: FetchedObject;
  readonly ours: OurObject | undefined;
  readonly differences: readonly Difference[];
}

/** What we have just made may not be recorded yet; a create call and its repeats take minutes. */
const RECORDED_WITHIN_S = 3_600;

const noCounts = (): ComparedCounts => ({
  looked: 0,
  differing: 0,
  stored: 0,
  items: 0,
  waiting: 0,
});

export function createComparison(
  { tenant }: DriftScope,
  ports: ComparisonPorts,
  options: ComparisonOptions,
): Comparison {
  const { store } = ports;
  const counts = {
    card: noCounts(),
    cardholder: noCounts(),
    authorization: noCounts(),
    transaction: noCounts(),
    dispute: noCounts(),
  };
  const subjects = new Set<string>();

  /** Those that are ours, with what differs. */
  async function compared(objects: readonly FetchedObject[]): Promise<readonly Compared[]> {
    const [first] = objects;
    if (first === undefined) return [];
    const ids = objects.map(({ id }) => id);
    const found = await store.find(tenant, first.kind, ids);
    const byId = new Map(found.map((ours) => [ours.id, ours]));
    const groups = objects.filter(({ id }) => !byId.has(id)).map(({ groupKey }) => groupKey);
    const isKnown = first.kind === 'authorization' ? await store.ownCards(tenant, groups) : null;
    return objects.flatMap((fetched): Compared[] => {
      const ours = byId.get(fetched.id);
      if (ours === undefined && !isOurs(fetched, isKnown)) return [];
      return [{ fetched, ours, differences: differences(fetched, ours) }];
    });
  }

  /** Of what is unknown here: whether it ought to be known. */
  function isOurs(fetched: FetchedObject, ownCards: ReadonlySet<string> | null): boolean {
    if (ownCards !== null) return ownCards.has(fetched.groupKey);
    // Clearing records and disputes of cards that nobody knows are kept like their events.
    if (fetched.kind === 'transaction' || fetched.kind === 'dispute') return true;
    const { metadata, object, createdS, asOfS } = fetched;
    // Others may use the same account of Stripe's, and what is dead there harms nobody.
    return (
      metadata['tenant_id'] === tenant.tenantId &&
      object['status'] !== 'canceled' &&
      createdS < asOfS - RECORDED_WITHIN_S
    );
  }

  function differences(fetched: FetchedObject, ours: OurObject | undefined): readonly Difference[] {
    let theirs: Sighting;
    try {
      theirs = meaning(fetched.type, fetched.asOfS, fetched.object);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return [
        { field: 'object', ours: 'known', theirs: `unreadable: ${reason}`, canRepair: false },
      ];
    }
    return differencesOf(ours?.view, theirs);
  }

  const meaning = (
    type: string,
    asOfS: number,
    object: Readonly<Record<string, unknown>>,
  ): Sighting => ports.interpret(type, { created: asOfS, data: { object } });

  /** Whether a fetched view of the object was applied, and left this very difference. */
  async function wasTried({ fetched, ours, differences: found }: Compared): Promise<boolean> {
    if (ours === undefined) return false;
    const last = await store.lastApplied(tenant, fetched.id);
    // What was seen since then made the difference anew.
    if (last === null || last.asOfS < ours.seenS) return false;
    const left = differencesOf(ours.view, ports.interpret(fetched.type, last.body));
    return textOf(left) === textOf(found);
  }

  async function remedyOf(one: Compared): Promise<FoundDifference['remedy']> {
    const { fetched, ours } = one;
    const isMade = fetched.kind === 'card' || fetched.kind === 'cardholder';
    if (ours === undefined && isMade) return 'person';
    if (!one.differences.some(({ canRepair }) => canRepair)) return 'person';
    return (await wasTried(one)) ? 'person' : 'repaired';
  }

  /** Stores what repairs, and says what a person has to look at. */
  async function remedy(kind: FetchedKind, differing: readonly Compared[]): Promise<void> {
    const repairs: FetchedObject[] = [];
    const items: DriftItem[] = [];
    for (const one of differing) {
      const { fetched, ours } = one;
      const chosen = await remedyOf(one);
      if (chosen === 'repaired') repairs.push(fetched);
      // One view may repair a part and leave another that it cannot.
      const rest =
        chosen === 'person' ? one.differences : one.differences.filter((d) => !d.canRepair);
      if (rest.length > 0) items.push(itemOf(one, rest));
      const { differences: found } = one;
      const cardId = ours?.cardId ?? null;
      options.onFound?.({ kind, id: fetched.id, cardId, differences: found, remedy: chosen });
    }
    counts[kind].differing += differing.length;
    await keep(kind, repairs, items);
  }

  async function keep(
    kind: FetchedKind,
    repairs: readonly FetchedObject[],
    items: readonly DriftItem[],
  ): Promise<void> {
    counts[kind].items += items.length;
    for (const { subject } of items) subjects.add(subject);
    if (options.isDryRun) return;
    counts[kind].stored += await store.store(tenant, repairs);
    await store.openItems(tenant, items);
  }

  return {
    counts,
    subjects,

    async compare(kind, objects) {
      const all = await compared(objects);
      const isWaiting = ({ ours }: Compared) => options.skipsWaiting && ours?.isWaiting === true;
      counts[kind].looked += all.length;
      counts[kind].waiting += all.filter(isWaiting).length;
      const first = all.filter((one) => one.differences.length > 0 && !isWaiting(one));
      if (first.length === 0) return;
      await ports.settled();
      const again = await compared(first.map(({ fetched }) => fetched));
      await remedy(
        kind,
        again.filter((one) => one.differences.length > 0 && !isWaiting(one)),
      );
    },

    async missing(kind, ids) {
      const found = await store.find(tenant, kind, ids);
      // The end of a card that is closed here is all that Stripe could tell.
      const ours = found.filter(({ view }) => view.kind !== 'card' || view.phase !== 'closed');
      const differences = [{ field: 'object', ours: 'known', theirs: 'unknown', canRepair: false }];
      for (const { id, cardId } of ours) {
        options.onFound?.({ kind, id, cardId, differences, remedy: 'person' });
      }
      counts[kind].looked += found.length;
      counts[kind].differing += ours.length;
      const items = ours.map(({ id: subject, cardId }) => {
        return {
          kind: 'stripe_object_missing',
          subject,
          cardId,
          details: { object: kind },
        } as const;
      });
      await keep(kind, [], items);
    },
  };
}

const textOf = (differences: readonly Difference[]): string =>
  differences.map(({ field, ours, theirs }) => `${field} ${ours} ${theirs}`).join('\n');

function itemOf({ fetched, ours }: Compared, rest: readonly Difference[]): DriftItem {
  const { kind: object, id: subject, metadata } = fetched;
  if (ours === undefined) {
    const made = metadata['card_id'] ?? metadata['cardholder_id'] ?? null;
    const details = { object, madeFor: made };
    return { kind: 'stripe_object_unknown', subject, cardId: null, details };
  }
  const told = rest.map(
    ({ field, ours: here, theirs }) => `${field} ${here} here, ${theirs} at Stripe`,
  );
  const details = { object, detail: told.join('; ') };
  return { kind: 'stripe_object_differs', subject, cardId: ours.cardId, details };
}
