/** `npm run api-keys`: makes, lists and revokes keys of the API, as the owner of the database. */
import { userInfo } from 'node:os';
import {
  createApiKey,
  type ListedApiKey,
  listApiKeys,
  revokeApiKey,
} from '../../../adapters/postgres/api-key-store.ts';
import { createSql, type Sql } from '../../../adapters/postgres/pool.ts';
import { apiKeyHash, newApiKeyToken } from '../../../platform/api-key-token.ts';
import type { ByHand } from '../../../ports/audit-log.ts';
import { namingDatabase } from '../database-address.ts';
import { ownerDatabase } from '../ledger-verify/local-database.ts';
import type { ApiKeysArguments } from './api-keys-arguments.ts';

/** @returns the exit code: 0 when it is done, 1 when there is no such key, or one of this name already. Throws when it cannot look. */
export async function runApiKeys(argv: ApiKeysArguments): Promise<number> {
  const database = await ownerDatabase();
  const sql = createSql({ url: database.url, poolSize: 1, name: 'issuing-api-keys' });
  try {
    return await namingDatabase(database, () => run(sql, argv));
  } finally {
    await sql.end();
  }
}

const onThisMachine = (): ByHand => ({
  actor: `command:${userInfo().username}`,
  by: null,
  reason: null,
  requestId: null,
});

function run(sql: Sql, argv: ApiKeysArguments): Promise<number> {
  switch (argv.what) {
    case 'create':
      return create(sql, argv);
    case 'list':
      return list(sql);
    case 'revoke':
      return revoke(sql, argv.id);
  }
}

async function create(
  sql: Sql,
  { name, scope }: Extract<ApiKeysArguments, { what: 'create' }>,
): Promise<number> {
  const token = newApiKeyToken();
  const made = await createApiKey(sql, { name, scope, hash: apiKeyHash(token) }, onThisMachine());
  if (made === undefined) {
    console.error(`A key named ${name} is in use. Choose another name, or revoke it first.`);
    return 1;
  }
  console.error(
    `${made.id}, named ${name}, may ${scope}. It is shown this once; only its hash is kept:`,
  );
  // Alone on standard output, so that it can be piped to where secrets are kept.
  console.log(token);
  return 0;
}

async function list(sql: Sql): Promise<number> {
  console.log(listText(await listApiKeys(sql)));
  return 0;
}

async function revoke(sql: Sql, id: string): Promise<number> {
  const revoked = await revokeApiKey(sql, id, onThisMachine());
  if (revoked === undefined) {
    console.error(`No key ${id} is in use.`);
    return 1;
  }
  console.log(`${id}, named ${revoked.name}, is revoked: its next request is refused.`);
  return 0;
}

const HEADER = ['id', 'name', 'scope', 'created', 'last use', 'revoked'] as const;

export function listText(listed: readonly ListedApiKey[]): string {
  if (listed.length === 0) return 'No key was made yet. Those of API_KEYS are not listed here.';
  const rows = listed.map(({ id, name, scope, createdAt, lastUsedAt, revokedAt }) => [
    id,
    name,
    scope,
    minuteOf(createdAt),
    lastUsedAt === null ? 'never' : minuteOf(lastUsedAt),
    revokedAt === null ? '' : minuteOf(revokedAt),
  ]);
  const lines = [[...HEADER], ...rows];
  const widths = HEADER.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Digits of `2026-11-23T09:30`. */
const TO_THE_MINUTE = 16;
const minuteOf = (at: Date): string => at.toISOString().slice(0, TO_THE_MINUTE).replace('T', ' ');
