/** The stored events, for people: what came, what became of it, and how it is applied once more. */
import type { AttentionItem } from './attention.ts';
import type { ByHand } from './audit-log.ts';
import type { PageOrRefusal, PageRequest } from './page.ts';

export type EventSource = 'webhook' | 'catch_up' | 'fetch' | 'decision';
export type EventStatus = 'pending' | 'applied' | 'ignored' | 'attention';

/** Without its body, which holds personal data. */
export interface EventSummary {
  /** As its sender names it. */
  readonly id: string;
  readonly tenantId: string | null;
  readonly stripeAccount: string | null;
  readonly type: string;
  readonly source: EventSource;
  readonly objectId: string | null;
  /** At its sender. */
  readonly createdAt: string;
  readonly receivedAt: string;
  readonly status: EventStatus;
  readonly reason: string | null;
  readonly attempts: number;
  /** Null once it is settled. */
  readonly nextTryAt: string | null;
  readonly settledAt: string | null;
  /** When its body was erased. */
  readonly erasedAt: string | null;
}

/** An entry of the ledger that was written with the event. */
export interface EventEntry {
  readonly entryId: string;
  readonly kind: string;
  readonly currency: string;
  readonly accountId: string | null;
  readonly authorizationId: string | null;
  readonly transactionId: string | null;
  readonly amountMinor: number;
  readonly postedAt: string;
}

/** A message to a card's workflow that was written with the event. */
export interface EventFact {
  readonly factId: string;
  readonly cardId: string;
  readonly kind: string;
  readonly createdAt: string;
  readonly signalledAt: string | null;
  readonly closedAt: string | null;
  readonly workflowId: string;
  /** The run that took it last. */
  readonly runId: string | null;
}

export interface EventReplay {
  readonly at: string;
  readonly actor: string;
  readonly by: string | null;
  readonly reason: string | null;
}

export interface EventFate extends EventSummary {
  readonly entries: readonly EventEntry[];
  readonly facts: readonly EventFact[];
  readonly attention: readonly AttentionItem[];
  readonly replays: readonly EventReplay[];
}

export interface EventFilter {
  readonly tenantId?: string | undefined;
  readonly type?: string | undefined;
  readonly status?: EventStatus | undefined;
  readonly source?: EventSource | undefined;
  readonly objectId?: string | undefined;
  /** Of its creation at the sender, inclusive and exclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** `erased`: its body is gone, so that nobody can say any more what it meant. */
export type ReplayOutcome = 'replayed' | 'unknown' | 'erased';

export interface Events {
  /** What came last first. */
  list(filter: EventFilter, page: PageRequest): Promise<PageOrRefusal<EventSummary>>;
  find(eventId: string): Promise<EventFate | undefined>;
  /** Has the event applied once more, and what it told the workflows sent anew. */
  replay(eventId: string, act: ByHand): Promise<ReplayOutcome>;
}
