/** Changes a stored authorization as the relay does, which has no privilege to update it by itself. */
import type { Sql } from '../../src/adapters/postgres/pool.ts';

/** `fields` are columns with their values. */
export async function changeAuthorization(
  sql: Sql,
  authorizationId: string,
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  await sql`
    select post_entries(null, (
      select json_agg(to_jsonb(z) || jsonb_build_object('anchored_s', extract(epoch from anchored_at))
               || ${JSON.stringify(fields)}::text::jsonb)
        from authorizations z where authorization_id = ${authorizationId}), null, null)`;
}
