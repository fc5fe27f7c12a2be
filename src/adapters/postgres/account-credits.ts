/** Books money that a customer paid in: funding → available. Runs inside the transaction of its API call. */
import { parseAccountId, parseTenantId } from '../../domain/ids.ts';
import { invariant } from '../../domain/invariant.ts';
import { move } from '../../domain/ledger.ts';
import { minorUnits, parseCurrency } from '../../domain/money.ts';
import type { AccountStatus, Credit, CreditOutcome, NewCredit } from '../../ports/accounts.ts';
import { writeEntry } from './ledger.ts';
import { flagOverdraft } from './overdraft.ts';
import type { Queryable } from './pool.ts';

const MS_PER_SECOND = 1000;

interface CreditRow {
  entry_id: number;
  account_id: string;
  currency: string;
  amount_minor: number;
  external_ref: string | null;
  available_after_minor: number;
  posted_at: Date;
}

function toCredit(row: CreditRow): Credit {
  const currency = parseCurrency(row.currency);
  invariant(currency !== undefined, `entry ${row.entry_id} has an unknown currency`);
  return {
    entryId: String(row.entry_id),
    accountId: parseAccountId(row.account_id),
    currency,
    amountMinor: minorUnits(row.amount_minor),
    externalRef: row.external_ref,
    availableMinor: minorUnits(row.available_after_minor),
    postedAt: row.posted_at.toISOString(),
  };
}

/**
 * Books the credit under the lock of its account, so that two calls with one reference cannot both pass.
 * A repeat is recognised before the status is looked at: it changes nothing, so a frozen account answers it too.
 */
export async function bookCredit(sql: Queryable, credit: NewCredit): Promise<CreditOutcome> {
  const { accountId, amountMinor, externalRef, atMs } = credit;
  const [account] = await sql<{ tenant_id: string; currency: string; status: AccountStatus }[]>`
    select tenant_id, currency, status from accounts where account_id = ${accountId} for no key update`;
  if (account === undefined) return { kind: 'unknown_account' };
  const earlier = externalRef === null ? undefined : await findCredit(sql, accountId, externalRef);
  if (earlier !== undefined) {
    if (earlier.amountMinor !== amountMinor) {
      return { kind: 'ref_reused', entryId: earlier.entryId };
    }
    return { kind: 'booked', credit: earlier };
  }
  if (account.status !== 'open') return { kind: 'not_open', status: account.status };
  const currency = parseCurrency(account.currency);
  invariant(currency !== undefined, `account ${accountId} has an unknown currency`);
  const entryId = await writeEntry(
    sql,
    { tenantId: parseTenantId(account.tenant_id), currency, accountId },
    {
      kind: 'credit',
      authorizationId: null,
      transactionId: null,
      effectiveS: Math.floor(atMs / MS_PER_SECOND),
      postings: move('funding', 'available', amountMinor),
    },
    externalRef === null ? {} : { externalRef },
  );
  await flagOverdraft(sql, { tenantId: account.tenant_id, accountId });
  const [row] = await sql<CreditRow[]>`${creditRows(sql)} where e.entry_id = ${entryId}`;
  invariant(row !== undefined, 'an entry just written is there');
  return { kind: 'booked', credit: toCredit(row) };
}

const creditRows = (sql: Queryable) => sql`
  select e.entry_id, e.account_id, e.currency, p.amount_minor, e.external_ref,
         p.available_after_minor, p.posted_at
    from journal_entries e join postings p using (entry_id)`;

async function findCredit(
  sql: Queryable,
  accountId: string,
  externalRef: string,
): Promise<Credit | undefined> {
  const [row] = await sql<CreditRow[]>`
    ${creditRows(sql)}
     where e.account_id = ${accountId} and e.external_ref = ${externalRef} and e.kind = 'credit'`;
  return row === undefined ? undefined : toCredit(row);
}
