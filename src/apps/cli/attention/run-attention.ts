/** `npm run attention`: what needs a person, and what to do about it. */
import { join } from 'node:path';
import { createAttentionStore } from '../../../adapters/postgres/attention-store.ts';
import { createSql, type Sql } from '../../../adapters/postgres/pool.ts';
import { invariant } from '../../../domain/invariant.ts';
import { attentionConfig, processEnvironment } from '../../../platform/config.ts';
import type { AttentionItem } from '../../../ports/attention.ts';
import { namingDatabase } from '../database-address.ts';
import { localDatabaseUrl } from '../ledger-verify/local-database.ts';
import { projectRoot } from '../local/module-command.ts';
import { attentionText } from './attention-text.ts';

/** More than anybody reads at once; the API lists them all. */
const SHOWN_MAX = 500;

export interface AttentionArguments {
  readonly tenantId?: string;
  readonly cardId?: string;
}

/** @returns the exit code: 0, whatever is open. Throws when the database cannot be read. */
export async function runAttention(argv: AttentionArguments): Promise<number> {
  const { databaseUrl } = attentionConfig(processEnvironment());
  const database =
    databaseUrl === undefined
      ? { name: 'the local stack', url: await localDatabaseUrl(join(projectRoot, '.local')) }
      : { name: 'DATABASE_URL', url: databaseUrl };
  const sql = createSql({
    url: database.url,
    poolSize: 1,
    name: 'issuing-attention',
    isReadOnly: true,
  });
  try {
    const { items, hasMore } = await namingDatabase(database, () => newestOpen(sql, argv));
    console.log(attentionText(items, hasMore));
    return 0;
  } finally {
    await sql.end();
  }
}

/** The newest of the open items, the newest last: what a terminal shows at its end is read first. */
async function newestOpen(
  sql: Sql,
  argv: AttentionArguments,
): Promise<{ readonly items: readonly AttentionItem[]; readonly hasMore: boolean }> {
  const filter = { ...argv, status: 'open' } as const;
  const page = await createAttentionStore(sql).list(filter, { limit: SHOWN_MAX });
  invariant(page !== 'bad_cursor', 'the first page needs no cursor');
  return { items: page.data.toReversed(), hasMore: page.nextCursor !== null };
}
