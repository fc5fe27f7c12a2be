/** Attention items: at most one open per kind and subject. */
import { randomUUID } from 'node:crypto';
import { idFrom } from '../../domain/ids.ts';
import type { Queryable } from './pool.ts';

export interface AttentionDraft {
  readonly tenantId: string | null;
  readonly kind: string;
  /** What it is about: an id. */
  readonly subject: string;
  readonly cardId?: string | null;
  readonly accountId?: string | null;
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Opens an item; when one is open already for the kind and subject, its details are renewed. */
export async function openAttention(sql: Queryable, draft: AttentionDraft): Promise<void> {
  const itemId = idFrom('attention', randomUUID().replaceAll('-', ''));
  const details = JSON.stringify(draft.details ?? {});
  await sql`
    insert into attention_items (item_id, tenant_id, kind, subject, card_id, account_id, details)
    values (${itemId}, ${draft.tenantId}, ${draft.kind}, ${draft.subject}, ${draft.cardId ?? null},
      ${draft.accountId ?? null}, ${details}::text::jsonb)
    on conflict (coalesce(tenant_id, ''), kind, subject) where closed_at is null
    do update set details = excluded.details`;
}

/** Closes the open item of the kind and subject, if there is one. */
export async function closeAttention(
  sql: Queryable,
  item: { readonly kind: string; readonly subject: string; readonly resolution: string },
): Promise<void> {
  await sql`
    update attention_items set closed_at = clock_timestamp(), resolution = ${item.resolution}
     where kind = ${item.kind} and subject = ${item.subject} and closed_at is null`;
}
