/** What happened to a card, for people to read: its timeline and our decisions. Newest first. */
import type { CardId } from '../domain/ids.ts';
import type { PageOrRefusal, PageRequest } from './page.ts';

export interface TimelineEntry {
  readonly id: string;
  readonly at: string;
  readonly kind: string;
  readonly phase: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface DecisionRecord {
  readonly id: string;
  readonly requestId: string;
  readonly authorizationId: string;
  readonly cardId: string;
  readonly approved: boolean;
  readonly reason: string;
  readonly askedMinor: number;
  readonly approvedMinor: number;
  readonly currency: string;
  readonly availableBeforeMinor: number | null;
  readonly confirmed: boolean;
  readonly decidedAt: string;
  readonly timings: Readonly<Record<string, unknown>>;
}

export interface CardHistory {
  timeline(cardId: CardId, page: PageRequest): Promise<PageOrRefusal<TimelineEntry>>;
  decisions(cardId: CardId, page: PageRequest): Promise<PageOrRefusal<DecisionRecord>>;
}
