/** What happened to a card, for people to read: its life, our decisions, its money, and what needed a person. */
import type { CardId } from '../domain/ids.ts';
import type { PageOrRefusal, PageRequest } from './page.ts';

export type TimelineSource = 'lifecycle' | 'decision' | 'money' | 'attention';

export interface TimelineEntry {
  readonly id: string;
  /** When it was written here: by one clock, so that what followed from something comes after it. */
  readonly at: string;
  readonly source: TimelineSource;
  readonly kind: string;
  /** The phase that the card was in; null for what is not of its life. */
  readonly phase: string | null;
  /** One line for people. */
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface TimelineRequest extends PageRequest {
  /** One source alone; all in one order without it. */
  readonly source?: TimelineSource | undefined;
}

export interface CardHistory {
  /** Newest first; entries of one moment have an order too, so that a page begins exactly where the one before ended. */
  timeline(cardId: CardId, page: TimelineRequest): Promise<PageOrRefusal<TimelineEntry>>;
}
