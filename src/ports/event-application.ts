/** The inbox seen from the relay: what waits is applied group by group, each in one transaction. */
import type { Sighting } from '../domain/sighting.ts';

/** Turns a stored event into what it means; pure. Throws when the event cannot be read. */
export type Interpret = (type: string, event: Readonly<Record<string, unknown>>) => Sighting;

export interface ApplyCounts {
  readonly applied: number;
  readonly ignored: number;
  readonly parked: number;
  readonly attention: number;
}
