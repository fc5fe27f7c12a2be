/** Card workflows through the Temporal client. Every call has a deadline: the client itself has none. */
import {
  type Client,
  ServiceError,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import {
  ApplicationFailure,
  defineSearchAttributeKey,
  type SearchAttributePair,
} from '@temporalio/common';
import {
  CARD_TASK_QUEUE,
  CARD_WORKFLOW_TYPE,
  type CardWorkflowArgument,
  type CommandAnswer,
  cardWorkflowId,
  FACTS_SIGNAL,
} from '../../domain/card-contract.ts';
import type { CardId } from '../../domain/ids.ts';
import {
  type CardWorkflows,
  type ShownAtStart,
  type StartOutcome,
  WorkflowsUnavailableError,
} from '../../ports/card-workflows.ts';
import { boundedCall, CallOverdueError } from './bounded-call.ts';

/** A caller of the API gets its answer, or a 503, within 3 s. */
const CALL_DEADLINE_MS = 2_500;
/**
 * A task takes milliseconds, and one that saves the card tells the server that it goes on. A worker that died in the
 * middle of one is noticed within this, while whoever has sent a command still repeats it.
 */
const WORKFLOW_TASK_TIMEOUT = '5s';

type CardLifecycle = (argument: CardWorkflowArgument) => Promise<void>;

export function createCardWorkflows(client: Client): CardWorkflows {
  return {
    start: (cardId, shown) => within(client, () => startMissing(client, cardId, shown)),

    async command(cardId, name, argument, updateId) {
      const startWorkflowOperation = new WithStartWorkflowOperation<CardLifecycle>(
        CARD_WORKFLOW_TYPE,
        start(cardId),
      );
      return within(client, () =>
        client.workflow.executeUpdateWithStart<CardLifecycle, CommandAnswer, [typeof argument]>(
          name,
          { args: [argument], updateId, startWorkflowOperation },
        ),
      );
    },

    async sendFacts(cardId, facts) {
      if (facts.length === 0) return null;
      const { workflowIdConflictPolicy: _, ...options } = start(cardId);
      const { signaledRunId } = await within(client, () =>
        client.workflow.signalWithStart<CardLifecycle, [typeof facts]>(CARD_WORKFLOW_TYPE, {
          ...options,
          signal: FACTS_SIGNAL,
          signalArgs: [facts],
        }),
      );
      return signaledRunId;
    },
  };
}

/** A running workflow is left alone; a closed one is started again and continues from its saved state. */
const start = (cardId: CardId) =>
  ({
    workflowId: cardWorkflowId(cardId),
    taskQueue: CARD_TASK_QUEUE,
    args: [{ cardId }] as [CardWorkflowArgument],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
  }) as const;

/** A refused start costs the server less than a start that finds a running workflow, and tells the two apart. */
async function startMissing(
  client: Client,
  cardId: CardId,
  shown: ShownAtStart | undefined,
): Promise<StartOutcome> {
  try {
    await client.workflow.start<CardLifecycle>(CARD_WORKFLOW_TYPE, {
      ...start(cardId),
      ...(shown === undefined ? {} : { typedSearchAttributes: attributesOf(shown) }),
      workflowIdConflictPolicy: 'FAIL',
    });
    return 'started';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'running';
    throw error;
  }
}

const attributesOf = ({ phase, tenantId, cardholderId }: ShownAtStart): SearchAttributePair[] => [
  { key: defineSearchAttributeKey('CardPhase', 'KEYWORD'), value: phase },
  { key: defineSearchAttributeKey('CardTenant', 'KEYWORD'), value: tenantId },
  { key: defineSearchAttributeKey('CardholderId', 'KEYWORD'), value: cardholderId },
  { key: defineSearchAttributeKey('NeedsAttention', 'BOOL'), value: false },
];

async function within<T>(client: Client, call: () => Promise<T>): Promise<T> {
  try {
    return await boundedCall(client, CALL_DEADLINE_MS, call);
  } catch (error) {
    throw isPassing(error)
      ? new WorkflowsUnavailableError(messageOf(error), { cause: error })
      : error;
  }
}

/** A failure that says nothing about the command itself: the same call may succeed later. */
function isPassing(error: unknown): boolean {
  if (error instanceof WorkflowUpdateFailedError) {
    // A command that the workflow's validator rejects is our own mistake; anything else can be repeated.
    return !(error.cause instanceof ApplicationFailure && error.cause.type === 'INVALID_COMMAND');
  }
  return (
    error instanceof CallOverdueError ||
    error instanceof ServiceError ||
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    isGrpcError(error)
  );
}

/** `ensureConnected` of a lazy connection lets the bare gRPC error through. */
const isGrpcError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
