/** Facts that were heard and not yet worked off. Plain code: it can be tested without Temporal. */
import type { CarriedState, NumberedFact } from '../src/domain/card-contract.ts';
import { factProblem } from '../src/domain/fact-shape.ts';
import { FACTS_PER_BATCH_MAX, FACTS_SEEN_MAX } from '../src/domain/limits.ts';

/** A message that nobody can work with: what is wrong with it, and its row in `facts` if it has one. */
export interface Unusable {
  readonly what: string;
  readonly factId: string | null;
}

export interface FactQueue {
  /** Appends what is new of a batch. Answers with what was left out because it is not a fact at all; never throws. */
  hear(batch: unknown): readonly Unusable[];
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
      if (!Array.isArray(batch)) return [unnumbered('a signal that holds no list of facts')];
      if (batch.length > FACTS_PER_BATCH_MAX) {
        return [unnumbered(`a batch of ${batch.length} facts, at most ${FACTS_PER_BATCH_MAX}`)];
      }
      const rejected: Unusable[] = [];
      for (const item of batch as readonly unknown[]) {
        const problem = entryProblem(item);
        if (problem === null) add(item as NumberedFact);
        else rejected.push(problem);
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

const unnumbered = (what: string): Unusable => ({ what, factId: null });

/** What is wrong with an entry of a batch; null when it is a fact with its number. */
function entryProblem(item: unknown): Unusable | null {
  if (typeof item !== 'object' || item === null || !('factId' in item && 'fact' in item)) {
    return unnumbered('an entry that is no numbered fact');
  }
  const { factId, fact } = item;
  if (factId !== null && typeof factId !== 'string') {
    return unnumbered('a fact whose number is no text');
  }
  const what = factProblem(fact);
  return what === null ? null : { what, factId };
}
