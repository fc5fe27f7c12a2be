/** Captures sent to the ingress as Stripe sends them, and when each is in the books. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import Stripe from 'stripe';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import type { Stack } from '../../src/apps/cli/local/stack.ts';

/** How often the inbox is looked at; what is seen is late by half of it. */
const LOOK_EVERY_MS = 4;
/** What is not booked by then is lost. */
const BOOKED_WITHIN_MS = 30_000;
const MS_PER_SECOND = 1_000;

export interface Sent {
  /** From the moment when it was due until the answer was read, and until a look showed it in the books. */
  readonly answered: readonly number[];
  readonly booked: readonly number[];
}

export interface Sending {
  readonly stack: Stack;
  readonly sql: Sql;
  readonly stripeCards: readonly string[];
  readonly perSecond: number;
  /** Ends the sending; without it `seconds` do. */
  readonly signal?: AbortSignal;
  readonly seconds: number;
}

/** Each leaves when it is due, whether or not those before it were answered. */
export async function sendCaptures(sending: Sending): Promise<Sent> {
  const { stack, stripeCards, perSecond, seconds } = sending;
  const answered: number[] = [];
  const booked: number[] = [];
  /** Due times, by event. */
  const open = new Map<string, number>();
  const posts: Promise<void>[] = [];
  const begin = performance.now();
  const watching = watch(sending.sql, open, booked);
  for (let index = 0; index < perSecond * seconds && sending.signal?.aborted !== true; index += 1) {
    const dueMs = begin + (index / perSecond) * MS_PER_SECOND;
    const early = dueMs - performance.now();
    if (early > 0) await delay(early);
    const id = `evt_${randomUUID().replaceAll('-', '')}`;
    open.set(id, dueMs);
    const card = stripeCards[index % stripeCards.length] ?? '';
    posts.push(post(stack, id, card).then(() => void answered.push(performance.now() - dueMs)));
  }
  await Promise.all(posts);
  await watching.end();
  return { answered, booked };
}

function watch(sql: Sql, open: Map<string, number>, booked: number[]) {
  const state = { isLast: false };
  const look = async (): Promise<void> => {
    const deadline = () => performance.now() - BOOKED_WITHIN_MS;
    while (!state.isLast || open.size > 0) {
      const rows =
        open.size === 0
          ? []
          : await sql<{ event_id: string }[]>`
              select event_id from inbox
               where event_id = any (${[...open.keys()]}) and status = 'applied'`;
      const nowMs = performance.now();
      for (const { event_id: id } of rows) {
        booked.push(nowMs - (open.get(id) ?? nowMs));
        open.delete(id);
      }
      const [oldest] = open.values();
      if (oldest !== undefined && oldest < deadline()) throw new Error('a capture was not booked');
      await delay(LOOK_EVERY_MS);
    }
  };
  const looking = look();
  // The failure is told at the end.
  looking.catch(() => {});
  return {
    end(): Promise<void> {
      state.isLast = true;
      return looking;
    },
  };
}

async function post(stack: Stack, eventId: string, card: string): Promise<void> {
  const created = Math.floor(Date.now() / MS_PER_SECOND);
  const payload = JSON.stringify({
    id: eventId,
    object: 'event',
    type: 'issuing_transaction.created',
    created,
    api_version: '2026-10-28.endive',
    livemode: false,
    data: {
      object: {
        id: `ipi_${randomUUID().replaceAll('-', '')}`,
        type: 'capture',
        card,
        authorization: null,
        amount: -100,
        currency: 'usd',
        created,
        merchant_data: {
          name: 'Bench',
          category: 'bakeries',
          category_code: '5462',
          country: 'US',
        },
      },
    },
  });
  const signature = Stripe.webhooks.generateTestHeaderString({
    payload,
    secret: stack.webhookSecret,
  });
  const response = await fetch(`${stack.urls.ingress}/webhooks/stripe`, {
    method: 'POST',
    body: payload,
    headers: { 'content-type': 'application/json', 'stripe-signature': signature },
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`the ingress answered ${response.status}: ${answer}`);
}
