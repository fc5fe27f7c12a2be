/** Keys of the API: looked up by the ingress, made and revoked by the owner of the schema. */
import { randomUUID } from 'node:crypto';
import type { ApiScope } from '../../domain/api-scopes.ts';
import { idFrom } from '../../domain/ids.ts';
import type { ApiKey, ApiKeys } from '../../ports/api-keys.ts';
import type { ByHand } from '../../ports/audit-log.ts';
import { addAudit } from './audit-log-store.ts';
import type { Queryable, Sql } from './pool.ts';

/** Asked with each request, so that a revoked key is of no use from the commit on. */
export const createApiKeys = (sql: Queryable): ApiKeys => ({
  async find(hash) {
    const [row] = await sql<ApiKey[]>`
      select api_key_id as id, name, scope from api_keys
       where key_hash = ${Buffer.from(hash)} and revoked_at is null`;
    return row;
  },

  async noteUse(id) {
    await sql`
      update api_keys set last_used_at = date_trunc('minute', now())
       where api_key_id = ${id} and last_used_at is distinct from date_trunc('minute', now())`;
  },
});

export interface ListedApiKey extends ApiKey {
  readonly createdAt: Date;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

export interface ApiKeyDraft {
  readonly name: string;
  readonly scope: ApiScope;
  readonly hash: Uint8Array;
}

/** Stores a new key; undefined when one of this name is in use. */
export const createApiKey = (
  sql: Sql,
  { name, scope, hash }: ApiKeyDraft,
  act: ByHand,
): Promise<ApiKey | undefined> =>
  sql.begin(async (tx) => {
    const id = idFrom('apiKey', randomUUID().replaceAll('-', ''));
    const made = await tx`
      insert into api_keys (api_key_id, name, scope, key_hash)
      values (${id}, ${name}, ${scope}, ${Buffer.from(hash)})
      on conflict (name) where revoked_at is null do nothing returning 1`;
    if (made.length === 0) return undefined;
    const details = { name, scope };
    await addAudit(tx, act, { action: 'api_key.created', subject: id, details });
    return { id, name, scope };
  });

/** Revokes a key; undefined when there is none of this id that is in use. */
export const revokeApiKey = (sql: Sql, id: string, act: ByHand): Promise<ApiKey | undefined> =>
  sql.begin(async (tx) => {
    const [row] = await tx<ApiKey[]>`
      update api_keys set revoked_at = now() where api_key_id = ${id} and revoked_at is null
      returning api_key_id as id, name, scope`;
    if (row === undefined) return undefined;
    const { name, scope } = row;
    await addAudit(tx, act, { action: 'api_key.revoked', subject: id, details: { name, scope } });
    return row;
  });

/** Those in use, and after them those that were revoked. */
export const listApiKeys = (sql: Sql): Promise<ListedApiKey[]> => sql<ListedApiKey[]>`
  select api_key_id as id, name, scope, created_at as "createdAt", last_used_at as "lastUsedAt",
         revoked_at as "revokedAt"
    from api_keys order by revoked_at is not null, created_at, api_key_id`;
