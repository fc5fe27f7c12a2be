/** The inbox seen from the relay: what waits is applied group by group, each in one transaction. */
import type { Sighting } from '../domain/sighting.ts';

/** A parsed body, with texts that can be kept. */
export type StoredEvent = Readonly<Record<string, unknown>>;

/** Turns a stored event into what it means; pure. Throws when the event cannot be read. */
export type Interpret = (type: string, event: StoredEvent) => Sighting;

export interface ApplyCounts {
  readonly applied: number;
  readonly ignored: number;
  readonly parked: number;
  readonly attention: number;
}
