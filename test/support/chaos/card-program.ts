/** The cards that a chaos run spends with: made through our API like a company's own, and known to the simulator. */

import { liveCard } from '../../../src/apps/cli/demo/journey.ts';
import { type CardPlan, planDemo } from '../../../src/apps/cli/demo/plan.ts';
import { type DemoProgram, openProgram } from '../../../src/apps/cli/demo/program.ts';
import type { Stack } from '../../../src/apps/cli/local/stack.ts';
import { createIssuingClient } from '../../../src/client/index.ts';

export interface SpendingCard {
  readonly cardId: string;
  readonly accountId: string;
  readonly fundsMinor: number;
}

/** Most of the traffic's purchases are covered, and some cards run dry. */
const FUNDS_MINOR = 2_000_000;
/** Without a limit of its own Stripe would let a card spend 500 USD a day. */
const PURCHASE_MAX_MINOR = 500_000;
/** More would only wait for one another on two cores. */
const AT_ONCE = 8;
/** Parts are away for seconds; commands are repeated until they are back. */
const API_ATTEMPTS = 40;

export async function openChaosProgram(stack: Stack): Promise<DemoProgram> {
  const program = await openProgram(stack);
  const { ingress: baseUrl } = stack.urls;
  const api = createIssuingClient({ baseUrl, apiKey: stack.apiKey, attempts: API_ATTEMPTS });
  // A margin is ours alone: without it what is held follows from Stripe's objects.
  for (const tenant of Object.values(program.tenants)) {
    await api.tenants.change(tenant, { fxMarginBp: 0 });
  }
  return { ...program, api };
}

/** Every third belongs to the connected account. */
const plansOf = (count: number, seed: number): readonly CardPlan[] =>
  planDemo(count, seed).map((plan, index) => ({
    ...plan,
    type: 'virtual',
    arrival: 'plain',
    isConnected: index % 3 === 2,
    isFrozenOnce: false,
    isCancelled: false,
    fundsMinor: FUNDS_MINOR,
    purchases: [],
  }));

/** Active cards with funds. */
export async function makeSpendingCards(
  program: DemoProgram,
  count: number,
  seed: number,
): Promise<readonly SpendingCard[]> {
  const waiting = [...plansOf(count, seed)];
  const made: SpendingCard[] = [];
  const { signal } = new AbortController();
  const lane = async (): Promise<void> => {
    for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
      const { cardId, accountId } = await liveCard(plan, { program, signal, onCard: () => {} });
      await program.api.cards.setControls(cardId, {
        limits: [{ interval: 'per_authorization', amountMinor: PURCHASE_MAX_MINOR }],
      });
      made.push({ cardId, accountId, fundsMinor: plan.fundsMinor });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return made;
}
