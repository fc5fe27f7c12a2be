/**
 * Changes of accounts. The account is locked first and gets a new version with each change, so that no decision
 * commits after it on older facts, and processes drop what they remember of it.
 */
import { type StatusCommand, statusAfter } from '../../domain/account-rules.ts';
import type { AccountId } from '../../domain/ids.ts';
import { invariant } from '../../domain/invariant.ts';
import type { Account, AccountChangeOutcome, AccountSettings } from '../../ports/accounts.ts';
import { tellAccountItems } from './account-items.ts';
import { type AccountRow, accountColumns, lockAccounts, toAccount } from './account-rows.ts';
import type { Queryable } from './pool.ts';

/** A frozen account may be changed as well: it moves no money, and its limit may have to go. */
export async function changeSettings(
  sql: Queryable,
  id: AccountId,
  { creditLimitMinor, allowPartial }: AccountSettings,
): Promise<AccountChangeOutcome> {
  const account = await lock(sql, id);
  if (account === undefined) return { kind: 'unknown_account' };
  if (account.status === 'closed') return { kind: 'is_closed' };
  const wanted: Account = {
    ...account,
    creditLimitMinor: creditLimitMinor ?? account.creditLimitMinor,
    allowPartial: allowPartial ?? account.allowPartial,
  };
  return { kind: 'changed', account: await store(sql, account, wanted) };
}

export async function changeStatus(
  sql: Queryable,
  id: AccountId,
  command: StatusCommand,
): Promise<AccountChangeOutcome> {
  const account = await lock(sql, id);
  if (account === undefined) return { kind: 'unknown_account' };
  const verdict = statusAfter(account, command);
  switch (verdict.kind) {
    case 'as_wanted':
      return { kind: 'changed', account };
    case 'becomes': {
      const { status, creditLimitMinor } = verdict;
      const wanted: Account = { ...account, status, creditLimitMinor };
      return { kind: 'changed', account: await store(sql, account, wanted) };
    }
    case 'not_empty': {
      const { availableMinor, heldMinor } = account;
      return { kind: 'not_empty', availableMinor, heldMinor };
    }
    case 'is_closed':
    case 'is_empty':
      return verdict;
  }
}

async function lock(sql: Queryable, id: AccountId): Promise<Account | undefined> {
  return (await lockAccounts(sql, [id])).get(id);
}

/** Nothing is written when nothing differs, so that a repeat makes no process read the account anew. */
async function store(sql: Queryable, before: Account, wanted: Account): Promise<Account> {
  const isSame =
    before.status === wanted.status &&
    before.creditLimitMinor === wanted.creditLimitMinor &&
    before.allowPartial === wanted.allowPartial;
  if (isSame) return before;
  const [row] = await sql<AccountRow[]>`
    update accounts set status = ${wanted.status}, credit_limit_minor = ${wanted.creditLimitMinor},
           allow_partial = ${wanted.allowPartial}, version = version + 1
     where account_id = ${before.id} returning ${accountColumns(sql)}`;
  invariant(row !== undefined, `account ${before.id} is locked, so it is there`);
  const after = toAccount(row);
  // A limit may be lowered below what is used of it: that is flagged until it is repaid, or raised again.
  await tellAccountItems(sql, before, after);
  return after;
}
