/** The rounds that schedules start for each tenant. A round that fails is left to the next one. */
import { ApplicationFailure } from '@temporalio/common';
import { proxyActivities } from '@temporalio/workflow';
import type { UpkeepActivities } from '../activities/upkeep.ts';
import {
  type CheckedDays,
  GAP_OPEN,
  type TenantArgument,
  UPKEEP_TASK_QUEUE,
} from '../src/domain/upkeep-contract.ts';

const stripe = proxyActivities<UpkeepActivities>({
  taskQueue: UPKEEP_TASK_QUEUE,
  // A million events are read in about 20 minutes; progress is kept a day at a time.
  startToCloseTimeout: '2h',
  // The worker sends heartbeats for all activities; without them a worker that died is noticed after two hours.
  heartbeatTimeout: '8s',
  // Each call was repeated already; Stripe being away for longer is a matter for the next round.
  retry: { initialInterval: '10s', backoffCoefficient: 3, maximumAttempts: 4 },
});

/** Every few minutes: what no delivery has brought. */
export async function catchUpTenant(argument: TenantArgument): Promise<void> {
  await stripe.catchUpEvents(argument);
}

/** Every night: the proof of the days that are over, then the objects themselves. Fails while a day is not whole. */
export async function checkTenant(argument: TenantArgument): Promise<void> {
  const days = await stripe.checkDays(argument).catch(asError);
  await stripe.repairDrift(argument);
  if (days instanceof Error) throw days;
  failWhileOpen(days);
}

/** What cannot be compared now is no reason to leave the objects unrepaired. */
const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));

function failWhileOpen({ open }: CheckedDays): void {
  if (open.length === 0) return;
  throw ApplicationFailure.nonRetryable(`these days are not whole: ${open.join(', ')}`, GAP_OPEN);
}
