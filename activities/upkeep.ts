/** What is done for a tenant again and again: reading Stripe's list of events, and comparing days and objects. */
import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { CheckedDays, TenantArgument } from '../src/domain/upkeep-contract.ts';
import type { IssuerTenant } from '../src/ports/issuer.ts';
import { type CatchUpOutcome, catchUp } from '../src/reconciliation/catch-up.ts';
import { type CompletenessPorts, checkDays } from '../src/reconciliation/completeness.ts';

/** Compares a tenant's objects with Stripe's and repairs what differs; answers counts. */
export type RepairDrift = (
  tenant: IssuerTenant,
  signal: AbortSignal,
) => Promise<Readonly<Record<string, number>>>;

export interface UpkeepPorts extends CompletenessPorts {
  readonly repairDrift: RepairDrift;
}

export function createUpkeepActivities(ports: UpkeepPorts) {
  async function tenantOf({ tenantId }: TenantArgument): Promise<IssuerTenant> {
    const tenant = await ports.store.tenant(tenantId);
    if (tenant !== undefined) return tenant;
    throw ApplicationFailure.nonRetryable(`there is no tenant ${tenantId}`, 'UNKNOWN_TENANT');
  }

  return {
    /** May find another reader at it, which is as well. */
    async catchUpEvents(argument: TenantArgument): Promise<CatchUpOutcome> {
      // A later try of the same run takes up the lease that a worker left behind when it died.
      const { runId } = activityInfo().workflowExecution ?? { runId: activityInfo().activityId };
      const run = { holder: runId, signal: cancellationSignal() };
      return catchUp(ports, await tenantOf(argument), run);
    },

    async checkDays(argument: TenantArgument): Promise<CheckedDays> {
      const options = { isFilling: true, signal: cancellationSignal() };
      const reports = await checkDays(ports, await tenantOf(argument), options);
      const daysThat = (isMeant: (state: string) => boolean): readonly string[] =>
        reports.filter(({ state }) => isMeant(state)).map(({ day }) => day);
      return {
        whole: daysThat((state) => state === 'whole').length,
        open: daysThat((state) => state === 'open' || state === 'unchecked'),
        unprovable: daysThat((state) => state === 'unprovable'),
      };
    },

    async repairDrift(argument: TenantArgument): Promise<Readonly<Record<string, number>>> {
      return ports.repairDrift(await tenantOf(argument), cancellationSignal());
    },
  };
}

export type UpkeepActivities = ReturnType<typeof createUpkeepActivities>;
