/** An account below its limit: only the network can bring it there, and a person should know while it lasts. */
import { closeAttention, openAttention } from './attention.ts';
import type { Queryable } from './pool.ts';

const KIND = 'account_overdrawn';

/** Only what the network forces on us can overdraw an account; it is flagged, and the flag goes when it is repaid. */
export async function flagOverdraft(
  sql: Queryable,
  owner: { readonly tenantId: string; readonly accountId: string },
): Promise<void> {
  const [row] = await sql<{ available_minor: number; credit_limit_minor: number }[]>`
    select available_minor, credit_limit_minor from accounts where account_id = ${owner.accountId}`;
  if (row !== undefined && row.available_minor + row.credit_limit_minor < 0) {
    await openAttention(sql, {
      tenantId: owner.tenantId,
      kind: KIND,
      subject: owner.accountId,
      accountId: owner.accountId,
      details: { availableMinor: row.available_minor, creditLimitMinor: row.credit_limit_minor },
    });
    return;
  }
  const resolution = 'the balance is back above the limit';
  await closeAttention(sql, { kind: KIND, subject: owner.accountId, resolution });
}
