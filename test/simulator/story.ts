/** What was sent about authorizations and transactions, in the order in which it happened. */
import type Stripe from 'stripe';
import type { Program } from './program.ts';

export interface Told {
  readonly type: string;
  readonly object: Record<string, unknown>;
  readonly previous: Record<string, unknown> | undefined;
}

/**
 * The events that reached the receiver, once all are there, oldest first. Deliveries may overtake each other, so the
 * order comes from the list of events; one that was listed but not sent is left out, and so is the other way round.
 */
export async function told(program: Program, prefix = 'issuing_'): Promise<Told[]> {
  await program.simulator.settle();
  const sent = new Set(program.receiver.received.map(({ event }) => event.id));
  const listed: Stripe.Event[] = [];
  for await (const event of program.stripe.events.list({ limit: 100 })) listed.push(event);
  return listed
    .toReversed()
    .filter(({ id, type }) => sent.has(id) && type.startsWith(prefix))
    .map((event) => ({
      type: event.type.replace('issuing_', ''),
      object: { ...event.data.object } as Record<string, unknown>,
      previous: event.data.previous_attributes as Record<string, unknown> | undefined,
    }));
}
