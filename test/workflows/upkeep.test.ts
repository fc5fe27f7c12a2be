/** The schedules of a tenant on a real server: made once, kept as they are wanted, and what they start. */

import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createUpkeepSchedules } from '../../src/adapters/temporal/schedules.ts';
import { CARD_TASK_QUEUE } from '../../src/domain/card-contract.ts';
import {
  type CheckedDays,
  catchUpScheduleId,
  nightlyScheduleId,
  type TenantArgument,
  UPKEEP_TASK_QUEUE,
} from '../../src/domain/upkeep-contract.ts';
import { eventually } from '../support/eventually.ts';
import { createRealServer } from '../support/real-temporal.ts';

const TENANT = 'ten_scheduled';
const WITHIN = { timeoutMs: 30_000 };

let server: TestWorkflowEnvironment;
let workers: readonly Worker[];
let runs: readonly Promise<void>[];
const ran: string[] = [];
const answers: { days: CheckedDays } = { days: { whole: 1, open: [], unprovable: [] } };

beforeAll(async () => {
  server = await createRealServer();
  const common = { connection: server.nativeConnection, namespace: server.namespace ?? 'default' };
  const said = (name: string) => async (argument: TenantArgument) => {
    ran.push(`${name} ${argument.tenantId}`);
    return {};
  };
  workers = [
    await Worker.create({
      ...common,
      taskQueue: CARD_TASK_QUEUE,
      workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    }),
    await Worker.create({
      ...common,
      taskQueue: UPKEEP_TASK_QUEUE,
      activities: {
        catchUpEvents: said('catchUpEvents'),
        repairDrift: said('repairDrift'),
        async checkDays({ tenantId }: TenantArgument): Promise<CheckedDays> {
          ran.push(`checkDays ${tenantId}`);
          return answers.days;
        },
      },
    }),
  ];
  runs = workers.map((worker) => worker.run());
}, 120_000);
afterAll(async () => {
  for (const worker of workers) worker.shutdown();
  await Promise.all(runs);
  await server.teardown();
});

const schedules = (catchUpEveryMs: number) =>
  createUpkeepSchedules(server.client, { catchUpEveryMs });
const handle = (id: string) => server.client.schedule.getHandle(id);

const lastRun = (scheduleId: string) =>
  eventually(async () => {
    const { info } = await handle(scheduleId).describe();
    const action = info.recentActions.at(-1)?.action;
    if (action?.type !== 'startWorkflow') return undefined;
    const { workflowId, firstExecutionRunId } = action.workflow;
    const run = server.client.workflow.getHandle(workflowId, firstExecutionRunId);
    const { status } = await run.describe();
    return status.name === 'RUNNING' ? undefined : { run, status: status.name };
  }, WITHIN);

describe('the schedules of a tenant', () => {
  it('are made once, and brought to what is wanted now when that is asked for', async () => {
    await schedules(600_000).keep(TENANT, true);
    await schedules(60_000).keep(TENANT, false);
    const everyMs = async () => {
      const { spec } = await handle(catchUpScheduleId(TENANT)).describe();
      return spec.intervals?.map(({ every }) => every);
    };
    expect(await everyMs()).toEqual([600_000]);
    await handle(catchUpScheduleId(TENANT)).pause('a person looks at it');
    await schedules(60_000).keep(TENANT, true);
    expect(await everyMs()).toEqual([60_000]);
    const { state, policies } = await handle(catchUpScheduleId(TENANT)).describe();
    expect(state).toMatchObject({ paused: true, note: 'a person looks at it' });
    expect(policies).toMatchObject({ overlap: 'SKIP' });
  });

  it('start the catch-up of the tenant', async () => {
    await schedules(600_000).keep(TENANT, false);
    await handle(catchUpScheduleId(TENANT)).trigger();
    expect((await lastRun(catchUpScheduleId(TENANT))).status).toBe('COMPLETED');
    expect(ran).toContain(`catchUpEvents ${TENANT}`);
  });

  it('compare days and then objects at night, and fail while a day is not whole', async () => {
    await schedules(600_000).keep(TENANT, false);
    ran.length = 0;
    answers.days = { whole: 3, open: ['2026-11-23'], unprovable: [] };
    await handle(nightlyScheduleId(TENANT)).trigger();
    const { run, status } = await lastRun(nightlyScheduleId(TENANT));
    expect(ran).toEqual([`checkDays ${TENANT}`, `repairDrift ${TENANT}`]);
    expect(status).toBe('FAILED');
    await expect(run.result()).rejects.toMatchObject({
      cause: { type: 'GAP_OPEN', message: 'these days are not whole: 2026-11-23' },
    });
  });
});
