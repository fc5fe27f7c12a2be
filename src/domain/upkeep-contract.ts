/** What every process agrees on about the work that is done for a tenant again and again. */

/**
 * The activities have a queue of their own: a long look at Stripe after an outage must take no slot from the cards. The
 * workflows themselves are steps of milliseconds, and run where the cards' do.
 */
export const UPKEEP_TASK_QUEUE = 'upkeep';

export const CATCH_UP_WORKFLOW_TYPE = 'catchUpTenant';
export const NIGHTLY_WORKFLOW_TYPE = 'checkTenant';

export const catchUpScheduleId = (tenantId: string): string => `catch-up/${tenantId}`;
export const nightlyScheduleId = (tenantId: string): string => `nightly/${tenantId}`;

export interface TenantArgument {
  readonly tenantId: string;
}

/** What a tenant's days said at the nightly look. */
export interface CheckedDays {
  readonly whole: number;
  /** Days that still differ. */
  readonly open: readonly string[];
  readonly unprovable: readonly string[];
}

/** Type of the failure by which a nightly look shows that a day is not whole. */
export const GAP_OPEN = 'GAP_OPEN';
