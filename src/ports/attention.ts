/** What only a person can settle. */
import type { PageOrRefusal, PageRequest } from './page.ts';

export interface AttentionItem {
  readonly id: string;
  /** Null while nobody knows whose it is. */
  readonly tenantId: string | null;
  readonly kind: string;
  /** What it is about: an id of ours or of Stripe. */
  readonly subject: string;
  readonly cardId: string | null;
  readonly accountId: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly openedAt: string;
  readonly closedAt: string | null;
  readonly resolution: string | null;
}

interface AttentionFilter {
  readonly tenantId?: string | undefined;
  readonly cardId?: string | undefined;
  readonly status: 'open' | 'closed' | 'all';
}

export interface AttentionList {
  list(filter: AttentionFilter, page: PageRequest): Promise<PageOrRefusal<AttentionItem>>;
}
