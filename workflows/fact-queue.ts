/** Facts that were heard and not yet worked off. Plain code: it can be tested without Temporal. */
import type { CarriedState, NumberedFact } from '../src/domain/card-contract.ts';
import { FACTS_SEEN_MAX } from '../src/domain/limits.ts';

export interface FactQueue {
  /** Appends what is new of a batch. Answers with what was left out because it is not a fact at all; never throws. */
  hear(batch: unknown): readonly string[];
  /** Puts facts back in front, because the work on them was lost. */
  putBack(facts: readonly NumberedFact[]): void;
  take(): NumberedFact | undefined;
  readonly waiting: readonly NumberedFact[];
  readonly seenFactIds: readonly string[];
}

export function createFactQueue(carried?: Partial<CarriedState>): FactQueue {
  const waiting: NumberedFact[] = [...(carried?.queue ?? [])];
  // A Set keeps the order in which ids were added, so the oldest are forgotten first.
  const seen = new Set(carried?.seenFactIds);

  function add(item: NumberedFact): void {
    if (item.factId !== null) {
      if (seen.has(item.factId)) return;
      seen.add(item.factId);
      const [oldest] = seen;
      if (seen.size > FACTS_SEEN_MAX && oldest !== undefined) seen.delete(oldest);
    }
    waiting.push(item);
  }

  return {
    waiting,
    hear(batch) {
      if (!Array.isArray(batch)) return ['a signal that holds no list of facts'];
      const rejected: string[] = [];
      for (const item of batch as readonly unknown[]) {
        if (isNumberedFact(item)) add(item);
        else rejected.push('an entry that is no fact');
      }
      return rejected;
    },
    putBack: (facts) => void waiting.unshift(...facts),
    take: () => waiting.shift(),
    get seenFactIds() {
      return [...seen];
    },
  };
}

/** Looks at the frame only: a kind that is not known is ignored by the transition, not here. */
function isNumberedFact(item: unknown): item is NumberedFact {
  if (typeof item !== 'object' || item === null) return false;
  if (!('factId' in item && 'fact' in item)) return false;
  const { factId, fact } = item;
  if (factId !== null && typeof factId !== 'string') return false;
  return (
    typeof fact === 'object' && fact !== null && 'kind' in fact && typeof fact.kind === 'string'
  );
}
