/** What a recorded history tells: the phases that were gone through, and everything that was heard and done. */
import type { CardFactKind } from '../../src/domain/card-facts.ts';
import type { CardPhase } from '../../src/domain/card-phase.ts';
import type { RecordedEvent, RecordedHistory } from './history-files.ts';

export interface RecordedRun {
  /** Phases in their order: as loaded, then as shown after each save that changed it. */
  readonly phases: readonly CardPhase[];
  /** Changes of phase, as `from → to`. */
  readonly edges: readonly string[];
  /** Activities that gave an answer. */
  readonly activities: readonly string[];
  /** Updates that were answered. */
  readonly updates: readonly string[];
  readonly signals: readonly string[];
  /** Facts of signals, and answers of activities. */
  readonly facts: readonly CardFactKind[];
  /** Waits that came to their end, as `phase: fact`. */
  readonly deadlines: readonly string[];
  readonly patches: readonly string[];
  /** It goes on where another run ended. */
  readonly continues: boolean;
  readonly ending: 'open' | 'completed' | 'continued' | 'other';
}

type Json = Readonly<Record<string, unknown>>;

const field = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null ? (inner as Json)[name] : undefined,
    value,
  );

/** A payload as the workflow read or wrote it; undefined where there is none. */
function decoded(payload: unknown): unknown {
  const data = field(payload, 'data');
  if (typeof data !== 'string') return undefined;
  return JSON.parse(Buffer.from(data, 'base64').toString()) as unknown;
}

const texts = (values: readonly unknown[]): readonly string[] =>
  values.filter((value) => typeof value === 'string');

export function readRun({ events }: RecordedHistory): RecordedRun {
  const of = (type: string) => events.filter(({ eventType }) => eventType === `EVENT_TYPE_${type}`);
  const started = (event: RecordedEvent, attributes: string, id: string) =>
    events.find(({ eventId }) => eventId === field(event, attributes, id));
  const signals = of('WORKFLOW_EXECUTION_SIGNALED').map(
    (event) => event['workflowExecutionSignaledEventAttributes'],
  );
  const answers = of('ACTIVITY_TASK_COMPLETED');
  const answered = of('WORKFLOW_EXECUTION_UPDATE_COMPLETED').map((event) =>
    started(event, 'workflowExecutionUpdateCompletedEventAttributes', 'acceptedEventId'),
  );
  const told = signals.flatMap((signal) => {
    const batch = decoded(field(signal, 'input', 'payloads', 0));
    return Array.isArray(batch) ? batch.map((item: unknown) => field(item, 'fact', 'kind')) : [];
  });
  const heard = answers.map((event) =>
    field(
      decoded(field(event, 'activityTaskCompletedEventAttributes', 'result', 'payloads', 0)),
      'kind',
    ),
  );
  const phases = phasesIn(events);
  return {
    phases,
    edges: phases.slice(1).map((to, index) => `${phases[index]} → ${to}`),
    activities: texts(
      answers
        .map((event) => started(event, 'activityTaskCompletedEventAttributes', 'scheduledEventId'))
        .map((event) =>
          field(event, 'activityTaskScheduledEventAttributes', 'activityType', 'name'),
        ),
    ),
    updates: texts(
      answered.map((event) =>
        field(
          event,
          'workflowExecutionUpdateAcceptedEventAttributes',
          'acceptedRequest',
          'input',
          'name',
        ),
      ),
    ),
    signals: texts(signals.map((signal) => field(signal, 'signalName'))),
    facts: texts([...told, ...heard]) as readonly CardFactKind[],
    deadlines: texts(
      of('TIMER_FIRED')
        .map((event) => started(event, 'timerFiredEventAttributes', 'startedEventId'))
        .map((event) => decoded(field(event, 'userMetadata', 'summary'))),
    ),
    patches: texts(markers(events, 'core_patch').map((marker) => field(patchData(marker), 'id'))),
    continues:
      field(events[0], 'workflowExecutionStartedEventAttributes', 'continuedExecutionRunId') !==
      undefined,
    ending: endingOf(events.at(-1)),
  };
}

const markers = (events: readonly RecordedEvent[], name: string): readonly unknown[] =>
  events
    .map((event) => event['markerRecordedEventAttributes'])
    .filter((marker) => field(marker, 'markerName') === name);

const patchData = (marker: unknown): unknown =>
  decoded(field(marker, 'details', 'patch-data', 'payloads', 0));

/** The first local activity of a run loads the card. */
function phasesIn(events: readonly RecordedEvent[]): readonly CardPhase[] {
  const [loadCard] = markers(events, 'core_local_activity');
  const loaded = decoded(field(loadCard, 'details', 'result', 'payloads', 0));
  const shown = events.flatMap((event) => {
    const attributes = event['upsertWorkflowSearchAttributesEventAttributes'];
    return decoded(field(attributes, 'searchAttributes', 'indexedFields', 'CardPhase')) ?? [];
  });
  return texts([field(loaded, 'state', 'phase'), ...shown]).filter(
    (phase, index, all) => phase !== all[index - 1],
  ) as readonly CardPhase[];
}

function endingOf(last: RecordedEvent | undefined): RecordedRun['ending'] {
  switch (last?.eventType) {
    case 'EVENT_TYPE_WORKFLOW_TASK_STARTED':
      return 'open';
    case 'EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED':
      return 'completed';
    case 'EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW':
      return 'continued';
    default:
      return 'other';
  }
}
