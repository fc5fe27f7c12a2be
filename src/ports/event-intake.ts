/** Where every verified event is stored before anything is done with it. */
import type { TenantId } from '../domain/ids.ts';

export interface IncomingEvent {
  readonly eventId: string;
  /** The connected account the event belongs to; null for the platform's own. */
  readonly stripeAccount: string | null;
  /** Where the sender names our tenant; else it follows from the account. */
  readonly tenantId?: TenantId;
  readonly type: string;
  readonly objectId: string | null;
  /** Rows of one group are applied together. */
  readonly groupKey: string;
  /** Stripe's seconds. */
  readonly created: number;
  /** The body as it was signed. */
  readonly payload: string;
}

export interface EventIntake {
  /** Resolves after the commit. A repeat of a stored event is `duplicate` and stores nothing. */
  store(event: IncomingEvent): Promise<'stored' | 'duplicate'>;
}
