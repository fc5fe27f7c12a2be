/** What happened to a card, for people to read. Newest first; our decisions are in decisions.ts. */
import type { CardId } from '../domain/ids.ts';
import type { PageOrRefusal, PageRequest } from './page.ts';

export interface TimelineEntry {
  readonly id: string;
  readonly at: string;
  readonly kind: string;
  readonly phase: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface CardHistory {
  timeline(cardId: CardId, page: PageRequest): Promise<PageOrRefusal<TimelineEntry>>;
}
