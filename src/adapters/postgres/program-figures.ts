/** Figures over everything: what became of the events, and the trial balance. */
import { invariant } from '../../domain/invariant.ts';
import type { InboxSummary, ProgramFigures, TrialBalanceRow } from '../../ports/figures.ts';
import type { Queryable } from './pool.ts';

export function createProgramFigures(sql: Queryable): ProgramFigures {
  return {
    async inbox() {
      const [row] = await sql<InboxSummary[]>`
        select count(*) as received,
               count(*) filter (where status = 'pending') as pending,
               count(*) filter (where status = 'applied') as applied,
               count(*) filter (where status = 'ignored') as ignored,
               count(*) filter (where status = 'attention') as attention
          from inbox where source = 'webhook'`;
      invariant(row !== undefined, 'an aggregate returns one row');
      return row;
    },

    trialBalance: (tenantId) => sql<TrialBalanceRow[]>`
      select tenant_id as "tenantId", currency, kind, balance_minor as "balanceMinor"
        from trial_balance
       where true ${tenantId === undefined ? sql`` : sql`and tenant_id = ${tenantId}`}
       order by tenant_id, currency, kind`,
  };
}
