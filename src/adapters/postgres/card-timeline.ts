/** What happened to a card, for people to read. What its workflow saves is in card-store.ts. */
import { jsonText } from './json-column.ts';
import type { Queryable } from './pool.ts';

export async function addTimeline(
  sql: Queryable,
  card: { readonly id: string; readonly tenantId: string; readonly phase: string | null },
  kind: string,
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  await sql`
    insert into card_timeline (tenant_id, card_id, kind, phase, body)
    values (${card.tenantId}, ${card.id}, ${kind}, ${card.phase}, ${jsonText(body)}::text::jsonb)`;
}
