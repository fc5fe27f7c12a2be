/** The files of recorded histories: one event a line, without what replay does not look at. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface RecordedEvent {
  readonly eventId: string;
  readonly eventTime: string;
  readonly eventType: string;
  readonly [attributes: string]: unknown;
}

export interface RecordedHistory {
  readonly events: readonly RecordedEvent[];
}

const directory = join(import.meta.dirname, 'histories');

/** Names of machines, tasks and requests: they differ with each recording and mean nothing to a workflow. */
const NOT_REPLAYED: ReadonlySet<string> = new Set([
  'identity',
  'taskId',
  'requestId',
  'workerVersion',
  'meteringMetadata',
  'historySizeBytes',
]);

/** What the names of recordings look like: the generation, and what happens to the card. */
const FILE_NAME = /^(\d{4})-([a-z-]+)\.json$/;

export async function recordingNames(): Promise<readonly string[]> {
  const names = await readdir(directory);
  return names.filter((name) => FILE_NAME.test(name)).toSorted();
}

export const recordingText = (name: string): Promise<string> =>
  readFile(join(directory, name), 'utf8');

export const parseHistory = (text: string): RecordedHistory => JSON.parse(text) as RecordedHistory;

/** Writes a recording, and refuses to write over one: what earlier code did cannot be recorded again. */
export async function writeRecording(name: string, exported: string): Promise<void> {
  const history = JSON.parse(exported, (key, value: unknown) =>
    NOT_REPLAYED.has(key) ? undefined : value,
  ) as RecordedHistory;
  const lines = withTaskBehind(history.events).map((event) => JSON.stringify(event));
  await writeFile(join(directory, name), `{"events":[\n${lines.join(',\n')}\n]}\n`, {
    flag: 'wx',
  });
}

/** An error in the last task of a history goes unnoticed, so a run that is still open gets one more task. */
function withTaskBehind(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const last = events.at(-1);
  if (last === undefined) throw new Error('an empty history');
  if (/EXECUTION_(?:COMPLETED|CONTINUED_AS_NEW)$/.test(last.eventType)) return events;
  const next = (offset: number, eventType: string, attributes: object): RecordedEvent => ({
    eventId: String(Number(last.eventId) + offset),
    eventTime: last.eventTime,
    eventType,
    ...attributes,
  });
  const scheduledEventId = String(Number(last.eventId) + 1);
  return [
    ...events,
    next(1, 'EVENT_TYPE_WORKFLOW_TASK_SCHEDULED', {
      workflowTaskScheduledEventAttributes: { taskQueue: { name: 'cards' }, attempt: 1 },
    }),
    next(2, 'EVENT_TYPE_WORKFLOW_TASK_STARTED', {
      workflowTaskStartedEventAttributes: { scheduledEventId },
    }),
  ];
}
