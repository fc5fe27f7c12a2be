/** One chaos run: traffic, cards that begin and end meanwhile, deliveries that go wrong, and parts that are killed. */
import { liveCard } from '../../../src/apps/cli/demo/journey.ts';
import { planDemo } from '../../../src/apps/cli/demo/plan.ts';
import type { DemoProgram } from '../../../src/apps/cli/demo/program.ts';
import { eventually } from '../eventually.ts';
import type { SpendingCard } from './card-program.ts';
import { type DeliveryFault, type Kill, planChaos } from './chaos-plan.ts';
import type { ProcessManager } from './process-manager.ts';
import type { TrafficRun } from './traffic-run.ts';

/** The part of the simulator's control routes that disturbs. */
export async function control(
  { stack }: DemoProgram,
  method: 'POST' | 'PUT',
  path: string,
  body: object = {},
): Promise<void> {
  const response = await fetch(`${stack.urls.simulator}/_sim${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  if (!response.ok)
    throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
}

export const disturbDeliveries = (program: DemoProgram, rules: readonly DeliveryFault[]) =>
  control(program, 'PUT', '/webhooks/faults', { rules });

const eventsMade = async ({ control: simulator }: DemoProgram): Promise<number> =>
  (await simulator.webhooks()).events;

export interface KillWish {
  readonly manager: ProcessManager;
  readonly kills: number;
  readonly seed: number;
  /** About how many events the traffic makes. */
  readonly events: number;
  /** No kill is waited for longer. */
  readonly timeoutMs: number;
}

/** Kills and revives while traffic runs. Resolves with what was done; rejects when the traffic was over too early. */
export async function killUnderTraffic(
  program: DemoProgram,
  traffic: TrafficRun,
  wish: KillWish,
): Promise<readonly Kill[]> {
  /** Resolves when so many more events were made. */
  const pass = async (count: number): Promise<void> => {
    const begin = await eventsMade(program);
    const isThere = async () =>
      traffic.isOver() || (await eventsMade(program)) >= begin + Math.floor(count);
    await eventually(isThere, { timeoutMs: wish.timeoutMs, everyMs: 50 });
    if (traffic.isOver()) throw new Error('the traffic ended before the last kill');
  };
  const plan = planChaos(wish.kills, wish.seed, wish.events);
  for (const { parts, aliveEvents, deadEvents } of plan) {
    await pass(aliveEvents);
    await Promise.all(parts.map((part) => wish.manager.kill(part)));
    await pass(deadEvents);
    await Promise.all(parts.map((part) => wish.manager.revive(part)));
  }
  return plan;
}

/** Numbers of customers that no spending card has. */
const LIVES_FROM = 1_000;

export interface Lives {
  /** The cards, once each has come to where its plan ends. */
  readonly ended: Promise<readonly SpendingCard[]>;
}

/** Cards of every kind, from KYC on, while all of that happens; some are cancelled at the end. */
export function beginLives(
  program: DemoProgram,
  wish: { readonly count: number; readonly seed: number; readonly deadlineMs: number },
): Lives {
  const { signal } = new AbortController();
  const plans = planDemo(LIVES_FROM + wish.count, wish.seed).slice(LIVES_FROM);
  const ended = Promise.all(
    plans.map(async (plan): Promise<SpendingCard> => {
      // What a purchase is answered depends on who is dead, so these cards buy nothing.
      const quiet = { ...plan, isFrozenOnce: false, isCancelled: false, purchases: [] };
      const { deadlineMs } = wish;
      const end = await liveCard(quiet, { program, signal, deadlineMs, onCard: () => {} });
      const { cardId, accountId } = end;
      if (plan.isFrozenOnce) await program.api.cards.freeze(cardId, { reason: 'lost for a while' });
      if (plan.isCancelled) await program.api.cards.cancel(cardId, { reason: 'lost' });
      return { cardId, accountId, fundsMinor: plan.fundsMinor };
    }),
  );
  ended.catch(() => {});
  return { ended };
}

/** Stripe itself ends a card: nobody here asked for it, so its event is all that tells. */
export const cancelAtStripe = (program: DemoProgram, stripeCardId: string) =>
  control(program, 'POST', `/issuing/cards/${stripeCardId}/cancel`);

/** Until every delivery was made or given up, and every stored event is worked off. */
export async function settled(program: DemoProgram, timeoutMs: number): Promise<void> {
  await eventually(
    async () => {
      const { pending } = await program.control.webhooks();
      const inbox = pending === 0 ? await program.api.inbox.summary() : undefined;
      if (inbox?.pending === 0) return true;
      throw new Error(`${pending} deliveries and ${inbox?.pending ?? 'some'} rows are pending`);
    },
    { timeoutMs, everyMs: 200 },
  );
}
