/** The schedules by which each tenant's upkeep is started. */

export interface UpkeepSchedules {
  /**
   * Makes a tenant's schedules where they are missing. `isRenewed` also brings those that are there to today's
   * definition; one that somebody has paused stays paused.
   * @throws WorkflowsUnavailableError when they cannot be reached.
   */
  keep(tenantId: string, isRenewed: boolean): Promise<void>;
}
