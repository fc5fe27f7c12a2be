/**
 * Temporal's actions, as its cloud bills them, counted from the history of a workflow. Pure. Queries, and heartbeats of
 * activities that run for seconds, are not in histories and not counted.
 */
import type { History } from '@temporalio/common/lib/proto-utils.js';

export const ACTION_KINDS = [
  'starts',
  'signals',
  'updates',
  'timers',
  'upserts',
  'activities',
  'local activities',
] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];

/** How many of each; kinds that did not occur are 0. */
export type Actions = Readonly<Record<ActionKind, number>>;

type HistoryEvent = NonNullable<History['events']>[number];

const LOCAL_ACTIVITY_MARKER = 'core_local_activity';

export function countActions(events: readonly HistoryEvent[]): Actions {
  const counts = { ...NO_ACTIONS };
  const tasksWithLocal = new Set<string>();
  for (const event of events) {
    const marker = event.markerRecordedEventAttributes;
    if (marker?.markerName === LOCAL_ACTIVITY_MARKER) {
      // All local activities of one workflow task are one action.
      tasksWithLocal.add(String(marker.workflowTaskCompletedEventId));
    }
    const kind = kindOf(event);
    // Retries leave one event, with the number of the last attempt.
    if (kind !== null) counts[kind] += event.activityTaskStartedEventAttributes?.attempt ?? 1;
  }
  counts['local activities'] = tasksWithLocal.size;
  return counts;
}

/** The events until the workflow first showed a phase, with the change that showed it; all when it never did. */
export function untilPhase(
  events: readonly HistoryEvent[],
  phase: string,
): readonly HistoryEvent[] {
  const shown = events.findIndex((event) => {
    const fields =
      event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields;
    const value = fields?.['CardPhase']?.data;
    return value !== undefined && Buffer.from(value ?? []).toString() === JSON.stringify(phase);
  });
  return shown < 0 ? events : events.slice(0, shown + 1);
}

/** A run that continues as new begins the next one with an event of its own, so the start of each run is counted. */
function kindOf(event: HistoryEvent): ActionKind | null {
  if (event.workflowExecutionStartedEventAttributes) return 'starts';
  if (event.workflowExecutionSignaledEventAttributes) return 'signals';
  if (event.workflowExecutionUpdateAcceptedEventAttributes) return 'updates';
  if (event.timerStartedEventAttributes) return 'timers';
  if (event.upsertWorkflowSearchAttributesEventAttributes) return 'upserts';
  return event.activityTaskStartedEventAttributes ? 'activities' : null;
}

export const NO_ACTIONS: Actions = {
  starts: 0,
  signals: 0,
  updates: 0,
  timers: 0,
  upserts: 0,
  activities: 0,
  'local activities': 0,
};

export const totalOf = (actions: Actions): number =>
  ACTION_KINDS.reduce((sum, kind) => sum + actions[kind], 0);

export const plus = (a: Actions, b: Actions): Actions => combined(a, b, 1);
export const minus = (a: Actions, b: Actions): Actions => combined(a, b, -1);

function combined(a: Actions, b: Actions, sign: 1 | -1): Actions {
  const sums = { ...a };
  for (const kind of ACTION_KINDS) sums[kind] += sign * b[kind];
  return sums;
}
