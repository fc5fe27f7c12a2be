/** What one card costs in Temporal's actions: until it is active, for each purchase, and under a steady rate of events. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Purchase } from '../../src/apps/cli/demo/plan.ts';
import type { Payer } from '../../src/apps/cli/demo/shopper.ts';
import type { Bar, Figures } from '../report.ts';
import { type Context, DIGEST_INTERVAL_MS, type Section } from './context.ts';
import { ACTION_KINDS, type Actions, minus, totalOf } from './count-actions.ts';
import type { ActiveCard } from './physical-card.ts';

const TO_ACTIVE_MAX = 20;
const CAPTURED_AT_ONCE_MAX = 1;
const CAPTURED_LATER_MAX = 2;
const PER_EVENT_MAX = 0.05;

const PURCHASES = 5;
const PURCHASES_QUICK = 2;
/** Long enough that the next purchase begins a window of its own. */
const WINDOW_OVER_MS = 1.25 * DIGEST_INTERVAL_MS;
const PRODUCTION_INTERVAL_S = 900;
const EVENTS_PER_SECOND = 10;
const RATE_S = 60;
const RATE_QUICK_S = 12;
const AMOUNT_MINOR = 1_000;
const PURCHASE: Purchase = { kind: 'captured', amount: AMOUNT_MINOR };
/** An authorization made, its capture, and the authorization closed by it. */
const EVENTS_PER_PURCHASE = 3;

export async function toActive({ card, actionsOf, actionsUntil }: Context): Promise<Section> {
  const { workflowId } = await card();
  const actions = await actionsUntil(workflowId, 'active');
  // What comes after it: Stripe's echo of the activation, and the timer of the dormant card.
  const since = minus(await actionsOf(workflowId), actions);
  const name = 'physical card until active';
  return {
    results: { [name]: figures(actions), 'in the seconds after it': figures(since) },
    bars: [bar(name, TO_ACTIVE_MAX, totalOf(actions))],
  };
}

export async function purchases(context: Context): Promise<Section> {
  const active = await context.card();
  const count = context.quick ? PURCHASES_QUICK : PURCHASES;
  // The first purchase of a card changes what it is shown as, which is counted apart.
  await buyAtOnce(context, active);
  const atOnce = await average(context, active, { count, buy: () => buyAtOnce(context, active) });
  const later = await average(context, active, { count, buy: () => buyLater(context, active) });
  return {
    results: {
      'lone purchase, captured in its window': atOnce.figures,
      'lone purchase, captured later': later.figures,
    },
    bars: [
      bar('purchase captured in its digest window', CAPTURED_AT_ONCE_MAX, atOnce.each),
      bar('purchase captured later', CAPTURED_LATER_MAX, later.each),
    ],
  };
}

async function average(
  context: Context,
  { cardId, workflowId }: ActiveCard,
  { count, buy }: { readonly count: number; readonly buy: () => Promise<void> },
) {
  const before = await context.actionsOf(workflowId);
  for (let n = 0; n < count; n += 1) await buy();
  const spent = minus(await context.actionsOf(workflowId), before);
  const unsaved = await unsavedPurchases(context, cardId);
  // What is put off here is paid for later, beyond what this run sees.
  const shown = { purchases: count, ...figures(spent), 'told and not saved yet': unsaved };
  return { each: totalOf(spent) / count, figures: shown };
}

async function unsavedPurchases({ sql }: Context, cardId: string): Promise<number> {
  const [row] = await sql<{ unsaved: number }[]>`
    select s.purchases - coalesce((c.state ->> 'purchases')::bigint, 0) as unsaved
      from card_spending s join cards c using (card_id) where card_id = ${cardId}`;
  return row?.unsaved ?? 0;
}

const payerOf = ({ stripeCardId }: ActiveCard): Payer => ({
  stripeCardId,
  options: {},
  fundsMinor: AMOUNT_MINOR,
});

async function buyAtOnce({ program, digestsSent }: Context, active: ActiveCard): Promise<void> {
  await program.shopper.buy(payerOf(active), PURCHASE);
  await delay(WINDOW_OVER_MS);
  await digestsSent(active.cardId);
}

async function buyLater({ program, digestsSent }: Context, active: ActiveCard): Promise<void> {
  const payer = payerOf(active);
  const { id } = await program.shopper.authorize(payer, AMOUNT_MINOR);
  await delay(WINDOW_OVER_MS);
  await digestsSent(active.cardId);
  await program.shopper.capture(payer, id, AMOUNT_MINOR);
  await delay(WINDOW_OVER_MS);
  await digestsSent(active.cardId);
}

export async function rate(context: Context): Promise<Section> {
  const active = await context.card();
  await buyAtOnce(context, active);
  const before = await context.actionsOf(active.workflowId);
  const { inbox } = context.program.api;
  const receivedBefore = (await inbox.summary()).received;
  const wanted = EVENTS_PER_SECOND * (context.quick ? RATE_QUICK_S : RATE_S);
  const startedMs = performance.now();
  for (let n = 0; n * EVENTS_PER_PURCHASE < wanted; n += 1) {
    const dueMs = startedMs + (n * EVENTS_PER_PURCHASE * 1_000) / EVENTS_PER_SECOND;
    await delay(Math.max(0, dueMs - performance.now()));
    await context.program.shopper.buy(payerOf(active), PURCHASE);
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  await delay(WINDOW_OVER_MS);
  await context.digestsSent(active.cardId);
  const spent = minus(await context.actionsOf(active.workflowId), before);
  const events = (await inbox.summary()).received - receivedBefore;
  const perEvent = totalOf(spent) / events;
  // What is spent goes with the digests, and there are as many fewer as their interval is longer.
  const scaled = (perEvent * DIGEST_INTERVAL_MS) / (PRODUCTION_INTERVAL_S * 1_000);
  const name = `${EVENTS_PER_SECOND} events/s`;
  return {
    results: {
      [name]: {
        events,
        'events/s': rounded(events / seconds),
        'digest interval s': DIGEST_INTERVAL_MS / 1_000,
        ...figures(spent),
        'per event': rounded(perEvent),
        [`per event at ${PRODUCTION_INTERVAL_S} s`]: scaled.toExponential(1),
      },
    },
    bars: [bar(`${name}, actions per event`, PER_EVENT_MAX, perEvent)],
  };
}

/** Kinds that did not occur are left out. */
function figures(actions: Actions): Figures {
  const shown = ACTION_KINDS.filter((kind) => actions[kind] > 0).map(
    (kind) => [kind, actions[kind]] as const,
  );
  return { actions: totalOf(actions), ...Object.fromEntries(shown) };
}

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

const bar = (name: string, max: number, got: number): Bar => ({
  name,
  goal: `<= ${max} actions`,
  got: `${rounded(got)} actions`,
  ok: got <= max,
});
