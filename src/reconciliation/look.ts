/** One look at fetched objects beside ours: which of them are ours, what differs, and what is to be done about it. */
import { type Difference, differencesOf } from '../domain/drift.ts';
import type { Sighting } from '../domain/sighting.ts';
import type { DriftScope, DriftStore, OurObject } from '../ports/drift-store.ts';
import type { Interpret } from '../ports/event-application.ts';
import type { FetchedObject } from '../ports/stripe-reader.ts';

export interface Compared {
  readonly fetched: FetchedObject;
  /** Undefined where it is unknown here, and ought to be known. */
  readonly ours: OurObject | undefined;
  readonly differences: readonly Difference[];
  /** Ours is about to change, or is as new as what was fetched: an event has come, or waits to be applied. */
  readonly isOnItsWay: boolean;
}

/** `repaired`: stored as a fetched view. `person`: an attention item. */
export type Remedy = 'repaired' | 'person';

export interface Look {
  /** Those of the objects, all of one kind, that are ours. */
  at(objects: readonly FetchedObject[]): Promise<readonly Compared[]>;
  remedyOf(one: Compared): Promise<Remedy>;
}

/** What we have just made may not be recorded yet; a create call and its repeats take minutes. */
const RECORDED_WITHIN_S = 3_600;

export function createLook(
  { tenant }: DriftScope,
  { store, interpret }: { readonly store: DriftStore; readonly interpret: Interpret },
): Look {
  /** Of what is unknown here: whether it ought to be known. */
  function isOurs(fetched: FetchedObject, ownCards: ReadonlySet<string>): boolean {
    const { kind, metadata, object, createdS, asOfS } = fetched;
    if (kind === 'authorization') return ownCards.has(fetched.groupKey);
    // Clearing records and disputes of cards that nobody knows are kept like their events.
    if (kind === 'transaction' || kind === 'dispute') return true;
    // Others may use the same account of Stripe's, and what is dead there harms nobody.
    return (
      metadata['tenant_id'] === tenant.tenantId &&
      object['status'] !== 'canceled' &&
      createdS < asOfS - RECORDED_WITHIN_S
    );
  }

  function differences(fetched: FetchedObject, ours: OurObject | undefined) {
    const { type, asOfS: created, object } = fetched;
    let theirs: Sighting;
    try {
      theirs = interpret(type, { created, data: { object } });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return [
        { field: 'object', ours: 'known', theirs: `unreadable: ${reason}`, canRepair: false },
      ];
    }
    return differencesOf(ours?.view, theirs);
  }

  /** Whether a fetched view of the object was applied, and left this very difference. */
  async function wasTried({ fetched, ours, differences: found }: Compared): Promise<boolean> {
    if (ours === undefined) return false;
    const last = await store.lastApplied(tenant, fetched.id);
    // What was seen since then made the difference anew.
    if (last === null || last.asOfS < ours.seenS) return false;
    const left = differencesOf(ours.view, interpret(fetched.type, last.body));
    return textOf(left) === textOf(found);
  }

  return {
    async at(objects) {
      const [first] = objects;
      if (first === undefined) return [];
      const ids = objects.map(({ id }) => id);
      // Before ours is read: what is applied between the two has then reached it.
      const waiting = await store.waiting(ids);
      const found = await store.find(tenant, first.kind, ids);
      const byId = new Map(found.map((ours) => [ours.id, ours]));
      const unknown = objects.filter(({ id }) => !byId.has(id));
      const cards = first.kind === 'authorization' ? unknown.map(({ groupKey }) => groupKey) : [];
      const ownCards = await store.ownCards(tenant, cards);
      return objects.flatMap((fetched): Compared[] => {
        const ours = byId.get(fetched.id);
        if (ours === undefined && !isOurs(fetched, ownCards)) return [];
        const isAhead = ours !== undefined && ours.seenS >= fetched.asOfS;
        const isOnItsWay = isAhead || waiting.has(fetched.id);
        return [{ fetched, ours, differences: differences(fetched, ours), isOnItsWay }];
      });
    },

    async remedyOf(one) {
      return !canRepair(one) || (await wasTried(one)) ? 'person' : 'repaired';
    },
  };
}

/** Whether a fetched view brings ours to theirs, at least in part. */
function canRepair({ fetched: { kind }, ours, differences }: Compared): boolean {
  const isMadeByUs = kind === 'card' || kind === 'cardholder';
  if (ours === undefined && isMadeByUs) return false;
  return differences.some((difference) => difference.canRepair);
}

/** Whether a person would hear of it. */
export const isForPerson = (one: Compared): boolean =>
  !canRepair(one) || one.differences.some((difference) => !difference.canRepair);

const textOf = (differences: readonly Difference[]): string =>
  differences.map(({ field, ours, theirs }) => `${field} ${ours} ${theirs}`).join('\n');
