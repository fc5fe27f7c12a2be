/** Looks at a namespace from outside: whether our cards can live in it, and what lives there already. */
import { isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { CARD_TASK_QUEUE, cardWorkflowId } from '../../domain/card-contract.ts';
import type { CardId } from '../../domain/ids.ts';
import { WorkflowsUnavailableError } from '../../ports/card-workflows.ts';
import { boundedCall } from './bounded-call.ts';
import type { TemporalClient } from './connection.ts';
import { checkSearchAttributes, SearchAttributesMissingError } from './search-attributes.ts';

/** A server on another continent answers within this; a longer wait only hides that there is none. */
const LOOK_DEADLINE_MS = 5_000;
/** Number of Temporal's TaskQueueType for workflow tasks. */
const WORKFLOW_TASKS = 1;

/** The server cannot be reached, or refuses. The message is the reason alone. */
export class NamespaceUnusableError extends Error {
  override readonly name = 'NamespaceUnusableError';
}

/** @throws SearchAttributesMissingError or NamespaceUnusableError when cards cannot live in the namespace. */
export const checkNamespace = (temporal: TemporalClient): Promise<void> =>
  look(temporal, () => checkSearchAttributes(temporal.client.connection, temporal.namespace));

/** @throws WorkflowsUnavailableError when nobody answers. */
export async function isCardRunning(temporal: TemporalClient, cardId: CardId): Promise<boolean> {
  try {
    return await look(temporal, async () => {
      const handle = temporal.client.workflow.getHandle(cardWorkflowId(cardId));
      return (await handle.describe()).status.name === 'RUNNING';
    });
  } catch (error) {
    if (!(error instanceof NamespaceUnusableError)) throw error;
    if (error.cause instanceof WorkflowNotFoundError) return false;
    throw new WorkflowsUnavailableError(error.message, { cause: error });
  }
}

/** Whether any worker has asked for work of cards lately, as the server remembers for some minutes. */
export const isWorkerPolling = (temporal: TemporalClient): Promise<boolean> =>
  look(temporal, async () => {
    const { pollers } = await temporal.client.workflowService.describeTaskQueue({
      namespace: temporal.namespace,
      taskQueue: { name: CARD_TASK_QUEUE },
      taskQueueType: WORKFLOW_TASKS,
    });
    return (pollers ?? []).length > 0;
  });

async function look<T>({ client }: TemporalClient, ask: () => Promise<T>): Promise<T> {
  try {
    return await boundedCall(client, LOOK_DEADLINE_MS, ask);
  } catch (error) {
    if (error instanceof SearchAttributesMissingError) throw error;
    throw new NamespaceUnusableError(reasonOf(error), { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.cause !== undefined) return reasonOf(error.cause);
  if (isGrpcServiceError(error)) return error.details === '' ? error.message : error.details;
  return error instanceof Error ? error.message : String(error);
}
