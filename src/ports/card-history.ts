/** What happened to a card, for people to read: its timeline, decisions and purchases. Newest first. */
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

export interface Authorization {
  readonly id: string;
  readonly tenantId: string;
  readonly cardId: string;
  readonly accountId: string;
  readonly stripeCardId: string;
  readonly currency: string;
  readonly status: 'pending' | 'closed' | 'reversed' | 'expired';
  readonly heldMinor: number;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
  readonly flags: string[];
  readonly createdAt: string;
}

export interface TransactionRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly type: 'capture' | 'refund';
  readonly authorizationId: string | null;
  /** Null while the card is unknown; the money is in suspense then. */
  readonly cardId: string | null;
  readonly accountId: string | null;
  readonly stripeCardId: string;
  readonly currency: string;
  readonly amountMinor: number;
  readonly flags: string[];
  readonly createdAt: string;
}

export interface CardHistory {
  timeline(cardId: CardId, page: PageRequest): Promise<PageOrRefusal<TimelineEntry>>;
  decisions(cardId: CardId, page: PageRequest): Promise<PageOrRefusal<DecisionRecord>>;
  authorization(id: string): Promise<Authorization | undefined>;
  transactions(
    filter: { readonly cardId?: string | undefined; readonly tenantId?: string | undefined },
    page: PageRequest,
  ): Promise<PageOrRefusal<TransactionRecord>>;
}
