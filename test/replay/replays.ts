/** Replays recorded histories on a bundle of the workflow's code, all on one worker. */
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';

export function installReplayRuntime(): void {
  const filter = makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' });
  const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
  Runtime.install({ logger: quiet, telemetryOptions: { logging: { filter, forward: {} } } });
}

/** The error of each history by its name; null where the code does what the run did. */
export async function replayed(
  code: string,
  histories: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, Error | null>> {
  const errors = new Map<string, Error | null>();
  const results = Worker.runReplayHistories(
    { workflowBundle: { code } },
    [...histories].map(([name, text]) => ({
      workflowId: name,
      history: historyFromJSON(JSON.parse(text)),
    })),
  );
  for await (const { workflowId, error } of results) errors.set(workflowId, error ?? null);
  return errors;
}
