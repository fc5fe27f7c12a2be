/** Figures over everything: what became of the events, and the trial balance. */
import { invariant } from '../../domain/invariant.ts';
import type {
  InboxSummary,
  ProgramFigures,
  TrialBalance,
  TrialBalanceRow,
} from '../../ports/figures.ts';
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
          from inbox where source in ('webhook', 'catch_up')`;
      invariant(row !== undefined, 'an aggregate returns one row');
      return row;
    },

    async trialBalance(tenantId) {
      // The position is joined to the balances, so that both are of one snapshot even when there is no balance.
      const rows = await sql<PositionedRow[]>`
        select now() as "asOf", r.rolled_up_at as "rolledUpAt", b.tenant_id as "tenantId", b.currency, b.kind,
               b.balance_minor as "balanceMinor"
          from ledger_roll_up r
          left join trial_balance b
            on true ${tenantId === undefined ? sql`` : sql`and b.tenant_id = ${tenantId}`}
         order by b.tenant_id, b.currency, b.kind`;
      const [position] = rows;
      invariant(position !== undefined, 'the position of the roll-up is one row');
      const data = rows.flatMap(balanceOf);
      return {
        data,
        perCurrency: sumsOf(data),
        asOf: position.asOf.toISOString(),
        rolledUpAt: position.rolledUpAt?.toISOString() ?? null,
      };
    },
  };
}

type PositionedRow = { readonly asOf: Date; readonly rolledUpAt: Date | null } & (
  | TrialBalanceRow
  | { readonly tenantId: null }
);

function balanceOf(row: PositionedRow): TrialBalanceRow[] {
  if (row.tenantId === null) return [];
  const { tenantId, currency, kind, balanceMinor } = row;
  return [{ tenantId, currency, kind, balanceMinor }];
}

function sumsOf(rows: readonly TrialBalanceRow[]): TrialBalance['perCurrency'] {
  const sums = new Map<string, number>();
  for (const { currency, balanceMinor } of rows) {
    sums.set(currency, (sums.get(currency) ?? 0) + balanceMinor);
  }
  return [...sums].map(([currency, sumMinor]) => ({ currency, sumMinor }));
}
