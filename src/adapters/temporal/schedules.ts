/** The schedules of each tenant's upkeep. Every call has a deadline: the client itself has none. */
import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
  type ScheduleSpec,
  ServiceError,
} from '@temporalio/client';
import { CARD_TASK_QUEUE } from '../../domain/card-contract.ts';
import {
  CATCH_UP_WORKFLOW_TYPE,
  catchUpScheduleId,
  NIGHTLY_WORKFLOW_TYPE,
  nightlyScheduleId,
} from '../../domain/upkeep-contract.ts';
import { WorkflowsUnavailableError } from '../../ports/card-workflows.ts';
import type { UpkeepSchedules } from '../../ports/upkeep-schedules.ts';
import { boundedCall, CallOverdueError } from './bounded-call.ts';

const CALL_DEADLINE_MS = 2_500;

/** After a server's outage one round does for all that were missed. */
const CATCH_UP_WINDOW = '1 minute';
/** A night's look may come later than at night. */
const NIGHTLY_WINDOW = '12 hours';
/** Beyond this a round is stuck; the next one begins from where it came to. */
const CATCH_UP_RUN_MAX = '3 hours';
const NIGHTLY_RUN_MAX = '12 hours';

/** Hours of UTC after midnight in which nights' looks begin: late events have come, and nobody shops much. */
const NIGHTLY_FROM_MS = 3_600_000;
const NIGHTLY_SPREAD_MS = 2 * 3_600_000;
const DAY_MS = 24 * 3_600_000;

export function createUpkeepSchedules(
  client: Client,
  { catchUpEveryMs }: { readonly catchUpEveryMs: number },
): UpkeepSchedules {
  async function keepOne(options: ScheduleOptions, isRenewed: boolean): Promise<void> {
    const { scheduleId, spec, action, policies } = options;
    try {
      await within(client, () => client.schedule.create(options));
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      if (!isRenewed) return;
      const handle = client.schedule.getHandle(scheduleId);
      await within(client, () =>
        handle.update(({ state }) => ({
          spec,
          action,
          ...(policies === undefined ? {} : { policies }),
          state: {
            paused: state.paused,
            ...(state.note === undefined ? {} : { note: state.note }),
          },
        })),
      );
    }
  }

  return {
    async keep(tenantId, isRenewed) {
      await keepOne(catchUpSchedule(tenantId, catchUpEveryMs), isRenewed);
      await keepOne(nightlySchedule(tenantId), isRenewed);
    },
  };
}

/** Tenants begin at different moments, so that they do not all call Stripe at once. */
function catchUpSchedule(tenantId: string, everyMs: number): ScheduleOptions {
  const offset = spread(tenantId, everyMs);
  return schedule(tenantId, {
    scheduleId: catchUpScheduleId(tenantId),
    workflowType: CATCH_UP_WORKFLOW_TYPE,
    spec: { intervals: [{ every: everyMs, offset }] },
    catchupWindow: CATCH_UP_WINDOW,
    runMax: CATCH_UP_RUN_MAX,
  });
}

function nightlySchedule(tenantId: string): ScheduleOptions {
  const offset = NIGHTLY_FROM_MS + spread(tenantId, NIGHTLY_SPREAD_MS);
  return schedule(tenantId, {
    scheduleId: nightlyScheduleId(tenantId),
    workflowType: NIGHTLY_WORKFLOW_TYPE,
    spec: { intervals: [{ every: DAY_MS, offset }] },
    catchupWindow: NIGHTLY_WINDOW,
    runMax: NIGHTLY_RUN_MAX,
  });
}

interface Upkeep {
  readonly scheduleId: string;
  readonly workflowType: string;
  readonly spec: ScheduleSpec;
  readonly catchupWindow: '1 minute' | '12 hours';
  readonly runMax: '3 hours' | '12 hours';
}

const schedule = (tenantId: string, upkeep: Upkeep): ScheduleOptions => ({
  scheduleId: upkeep.scheduleId,
  spec: upkeep.spec,
  // A round that takes longer than the interval is not joined by a second one.
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: upkeep.catchupWindow },
  action: {
    type: 'startWorkflow',
    workflowType: upkeep.workflowType,
    workflowId: upkeep.scheduleId,
    taskQueue: CARD_TASK_QUEUE,
    args: [{ tenantId }],
    workflowExecutionTimeout: upkeep.runMax,
  },
});

const SEED = 5_381;
const FACTOR = 33;

/** A number below the limit that is the same for a tenant each time, in whole seconds. */
function spread(tenantId: string, limitMs: number): number {
  let sum = SEED;
  for (const letter of tenantId) sum = (sum * FACTOR + (letter.codePointAt(0) ?? 0)) % 2 ** 31;
  return Math.floor((sum % limitMs) / 1000) * 1000;
}

async function within<T>(client: Client, call: () => Promise<T>): Promise<T> {
  try {
    return await boundedCall(client, CALL_DEADLINE_MS, call);
  } catch (error) {
    const isAway =
      error instanceof CallOverdueError ||
      error instanceof ServiceError ||
      (error instanceof Error && 'code' in error);
    throw isAway ? new WorkflowsUnavailableError(error.message, { cause: error }) : error;
  }
}
