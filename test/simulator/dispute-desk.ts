/** A program whose cardholders dispute things: what the tests of disputes share. The clock is virtual. */
import type Stripe from 'stripe';
import type { SimulatorOptions } from '../../src/simulator/index.ts';
import { type Program, startProgram } from './program.ts';

export const DAY = 86_400;

export type Evidence = Stripe.Issuing.DisputeCreateParams.Evidence;
export const FRAUD: Evidence = {
  reason: 'fraudulent',
  fraudulent: { explanation: 'It was not me.' },
};

type Dispute = Stripe.Issuing.Dispute;

export const idOf = (reference: string | { id: string }): string =>
  typeof reference === 'string' ? reference : reference.id;

export type Desk = Awaited<ReturnType<typeof openDesk>>;

export async function openDesk(options: Partial<SimulatorOptions> = {}) {
  const program: Program = await startProgram({ clock: 'virtual', ...options });
  const { stripe, simulator, receiver } = program;
  const control = (method: string, path: string, body?: object) =>
    program.control(method, path, body);
  await program.subscribe();
  const card = await program.card();

  const capture = (amount = 5_000, of: { id: string } = card) =>
    stripe.testHelpers.issuing.transactions.createForceCapture({ card: of.id, amount });

  /** A draft about a new capture. */
  async function draft(evidence: Evidence = FRAUD): Promise<Dispute> {
    const transaction = await capture();
    return stripe.issuing.disputes.create({ transaction: transaction.id, evidence });
  }

  return {
    stripe,
    simulator,
    card,
    control,
    newCard: () => program.card(),
    settle: () => simulator.settle(),
    advance: (days: number) => control('POST', '/_sim/clock/advance', { seconds: days * DAY }),
    now: async (): Promise<number> => Number((await control('GET', '/_sim/health'))['now']),
    capture,
    draft,
    submitted: async (evidence: Evidence = FRAUD): Promise<Dispute> =>
      stripe.issuing.disputes.submit((await draft(evidence)).id),
    /** What the network does. */
    sim: (dispute: { id: string }, step: string, body?: object) =>
      control('POST', `/_sim/issuing/disputes/${dispute.id}/${step}`, body),
    /** The events about a dispute so far, without the prefix, in order. */
    async events(dispute: { id: string }): Promise<string[]> {
      const listed = await stripe.events.list({ type: 'issuing_dispute.*', limit: 100 });
      return listed.data
        .filter(({ data }) => 'id' in data.object && data.object.id === dispute.id)
        .map((event) => event.type.replace('issuing_dispute.', ''))
        .toReversed();
    },
    /** The events of a type that have arrived since the last `clear()`. */
    async delivered(type: string): Promise<Stripe.Event[]> {
      await simulator.settle();
      return receiver.events(type);
    },
    async clear(): Promise<void> {
      await simulator.settle();
      receiver.received.length = 0;
    },
    close: () => program.close(),
  };
}
