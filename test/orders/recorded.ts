/** A script as it was recorded: its steps in true order, and what the simulator says was true after each. */
import type { Json } from '../../src/adapters/stripe/wire.ts';
import type { MoneySighting } from '../../src/domain/books.ts';
import type { AuthorizationId, StripeCardId } from '../../src/domain/ids.ts';
import type { MemoryCommand } from '../support/memory-books.ts';
import type { Variant } from './option.ts';
import type { Decided } from './real-time.ts';
import type { Script } from './script.ts';

/**
 * What can be moved: an event, the commit of a decision of ours, a command of the API, the moment at which our side
 * learns of the card.
 */
export type Step =
  | {
      readonly kind: 'event';
      readonly event: Json;
      readonly sighting: MoneySighting;
      /** Of an event about an authorization: what the merchant may still capture by rule, in truth. */
      readonly remainingMinor: number | null;
    }
  | { readonly kind: 'decision'; readonly decided: Decided }
  | { readonly kind: 'command'; readonly command: MemoryCommand }
  | { readonly kind: 'card'; readonly stripeCardId: StripeCardId };

/** An authorization as a call would have fetched it. */
export interface Look {
  readonly authorizationId: AuthorizationId;
  /** How many steps had happened in truth. */
  readonly position: number;
  /** Stripe's clock when the call was sent. */
  readonly atS: number;
  readonly event: Json;
  readonly sighting: MoneySighting;
  readonly remainingMinor: number;
}

export interface Recorded {
  readonly name: string;
  readonly script: Script;
  readonly variant: Variant;
  readonly currency: string;
  readonly fundsMinor: number;
  /** In the order of their making; the second replaces the first. */
  readonly stripeCardIds: readonly StripeCardId[];
  readonly steps: readonly Step[];
  /** Of scripts that may tie, oldest first; the last are of the end. */
  readonly looks: readonly Look[];
  /** Stripe's clock at the end. */
  readonly endS: number;
}

/** The command with this reference, as a step. */
export const commandStep = ({ steps }: Recorded, externalRef: string): number =>
  steps.findIndex((s) => s.kind === 'command' && s.command.externalRef === externalRef);
