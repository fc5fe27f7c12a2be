/** What must be so after crashes: one of each at Stripe, and every card in the phase that its plan leads to. */
import { doubles } from '../../../src/apps/cli/demo/fold.ts';
import type { JourneyEnd } from '../../../src/apps/cli/demo/journey.ts';
import { phasesOf } from '../../../src/apps/cli/demo/phases.ts';
import type { DemoProgram } from '../../../src/apps/cli/demo/program.ts';
import { phasesOfPlan } from './crash-plan.ts';

/** One card, in the terms in which it is compared. */
export interface CardFigures {
  readonly plan: string;
  readonly phases: readonly string[];
  /** At the simulator. */
  readonly liveCards: number;
  readonly cardholders: number;
  readonly verificationSessions: number;
}

const named = ({ plan }: JourneyEnd): string => `${plan.number} ${plan.type} ${plan.arrival}`;

export const expectedFigures = (end: JourneyEnd): CardFigures => ({
  plan: named(end),
  phases: phasesOfPlan(end.plan),
  liveCards: end.plan.isCancelled ? 0 : 1,
  cardholders: 1,
  verificationSessions: 1,
});

export async function figuresOf(
  program: DemoProgram,
  ends: readonly JourneyEnd[],
): Promise<readonly CardFigures[]> {
  const objects = await program.control.objects();
  const cards = objects.flatMap((account) => account.cards);
  const holders = objects.flatMap((account) => account.cardholders);
  const sessions = await sessionsByHolder(program);
  return Promise.all(
    ends.map(async (end) => {
      const { cardholderId } = await program.api.cards.get(end.cardId);
      const timeline = await program.api.cards.timeline(end.cardId, { limit: 100 });
      return {
        plan: named(end),
        phases: phasesOf(timeline.data),
        liveCards: cards.filter(
          ({ status, metadata }) => metadata['card_id'] === end.cardId && status !== 'canceled',
        ).length,
        cardholders: holders.filter(({ metadata }) => metadata['cardholder_id'] === cardholderId)
          .length,
        verificationSessions: sessions.get(cardholderId) ?? 0,
      };
    }),
  );
}

async function sessionsByHolder({ stripe, connectedAccount }: DemoProgram) {
  const counts = new Map<string, number>();
  for (const options of [{}, { stripeAccount: connectedAccount }]) {
    const sessions = stripe.identity.verificationSessions.list({ limit: 100 }, options);
    for await (const { client_reference_id: holder } of sessions) {
      if (holder !== null) counts.set(holder, (counts.get(holder) ?? 0) + 1);
    }
  }
  return counts;
}

/** Of all cards at once: cards and customers that Stripe has twice. */
export const doubled = async ({ control }: DemoProgram): Promise<readonly string[]> =>
  doubles(await control.objects());
