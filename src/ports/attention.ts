/** What only a person can settle. */
import type { ByHand } from './audit-log.ts';
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
  /** The person who settled it; null when the missing piece did. */
  readonly resolvedBy: string | null;
  /** What to do about it, for people. */
  readonly remedy: string;
}

interface AttentionFilter {
  readonly tenantId?: string | undefined;
  readonly cardId?: string | undefined;
  readonly status: 'open' | 'closed' | 'all';
}

/** `follows_state`: it closes with the state that it tells of, and by nobody's word. */
export type ResolveOutcome =
  | { readonly kind: 'resolved' | 'closed_before' | 'follows_state'; readonly item: AttentionItem }
  | { readonly kind: 'unknown' };

export interface AttentionList {
  list(filter: AttentionFilter, page: PageRequest): Promise<PageOrRefusal<AttentionItem>>;
  /** Closes an item that a person has settled. */
  resolve(itemId: string, act: Resolving): Promise<ResolveOutcome>;
}

export type Resolving = ByHand & { readonly by: string; readonly reason: string };
