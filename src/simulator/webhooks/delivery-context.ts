/** What deliveries need from the world around them. */
import type { AttemptOutcome } from './audit.ts';
import type { Delivery } from './delivery-queue.ts';
import type { RetrySchedule } from './retry-schedule.ts';

export type Address = Pick<Delivery, 'account' | 'endpoint' | 'event' | 'type'>;

export interface DeliveryTarget {
  readonly url: string;
  readonly signature: string;
  readonly body: string;
}

export interface Attempt extends Address {
  /** From 1 on. */
  readonly attempt: number;
  readonly outcome: AttemptOutcome;
}

export interface DeliveryContext {
  /** One POST. Never throws. */
  readonly post: (target: DeliveryTarget) => Promise<AttemptOutcome>;
  readonly schedule: RetrySchedule;
  /** Simulator time in milliseconds. */
  readonly nowMs: () => number;
  /** Asks for a call of `sendDue` with the delivery's endpoint at a moment of simulator time. */
  readonly remind: (at: number, delivery: Delivery) => void;
  /** Where it goes and what is sent, signed anew; undefined when the endpoint or the event is gone. */
  readonly target: (delivery: Delivery) => DeliveryTarget | undefined;
  /** A random number from 0 to 1 (exclusive), seeded. */
  readonly random: () => number;
  /** Told of each attempt that has ended. */
  readonly attempted: (attempt: Attempt) => void;
  /** An endpoint answered nothing with 2xx during the whole schedule of an event. */
  readonly exhausted: (endpoint: string) => void;
  readonly changed: () => void;
}
