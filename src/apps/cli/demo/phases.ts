/** The phases of a card in the order in which it went through them. */
import type { TimelineEntry } from '../../../client/index.ts';

/** `timeline` comes newest first, as the API gives it. */
export function phasesOf(timeline: readonly TimelineEntry[]): readonly string[] {
  const inOrder = timeline.toReversed().flatMap(({ phase }) => (phase === null ? [] : [phase]));
  return inOrder.filter((phase, index) => phase !== inOrder[index - 1]);
}
