/** Empties the answers of the API that tell of a cardholder, of an event about them, or of what a person did about either. */
import type { Sql } from '../pool.ts';
import type { HolderTraces } from './holder-traces.ts';

/** The key stays taken, so that a repeat makes nothing anew. All answers are read, so none is written before all are found. */
export async function eraseAnswers(
  sql: Sql,
  { names }: HolderTraces,
  subjects: readonly string[],
): Promise<number> {
  // Of the many subjects those that a person has dealt with: no other answer shows one.
  const dealtWith = await sql<{ subject: string }[]>`
    select distinct subject from audit_log where subject = any (${[...subjects]})`;
  const told = [...names, ...dealtWith.map(({ subject }) => subject)];
  const found = await sql<{ caller: string; key: string }[]>`
    select caller, key from idempotency_keys
     where not body ? 'erased' and exists (select from unnest(${told}::text[]) name where strpos(body::text, name) > 0)`;
  const { count } = await sql`
    update idempotency_keys
       set body = jsonb_strip_nulls(jsonb_build_object('id', body -> 'id', 'erased', true))
     where (caller, key) in (select * from unnest(${found.map(({ caller }) => caller)}::text[],
                                                  ${found.map(({ key }) => key)}::text[]))`;
  return count;
}
