/**
 * How many cards are told at once: all that are allowed while Temporal answers, one at a time while it does not. So an
 * outage is asked about by one call after the other, and its end lets the calls come back in steps. A card that fails
 * among others that do not is no outage.
 */
import { WorkflowsUnavailableError } from '../../ports/card-workflows.ts';

export interface Reach {
  limit(): number;
  /** False while Temporal does not answer. */
  isOpen(): boolean;
  succeeded(): void;
  failed(error: unknown): void;
}

export function createReach(max: number): Reach {
  let limit = max;
  return {
    limit: () => limit,
    isOpen: () => limit > 1,
    succeeded() {
      limit = Math.min(max, limit * 2);
    },
    failed(error) {
      // Anything else is the matter of the one card.
      if (error instanceof WorkflowsUnavailableError) limit = Math.max(1, Math.floor(limit / 2));
    },
  };
}
