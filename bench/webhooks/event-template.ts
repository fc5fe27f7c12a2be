/** Deliveries as Stripe posts them: an event of the simulator's with ids of its own each time, signed. About 4 kB. */
import { createHmac } from 'node:crypto';
import { STRIPE_ACCOUNT, stripeCardId } from '../ledger/program.ts';
import type { Templates } from '../ledger/templates.ts';

const SLOTS = ['<event>', '<object>', '<card>', '<created>'] as const;
const BETWEEN_SLOTS = new RegExp(`(${SLOTS.join('|')})`);
export const PATH = '/webhooks/stripe';
/** Signs the events of the benchmark. */
export const SECRET = 'whsec_benchmark0123456789abcdefghijkl';

/** The body cut where something differs. */
export type EventTemplate = readonly string[];

export function eventTemplate({ authorization }: Templates): EventTemplate {
  const { object } = authorization['data'] as { object: Readonly<Record<string, unknown>> };
  const text = JSON.stringify({
    ...authorization,
    id: '<event>',
    account: STRIPE_ACCOUNT,
    created: '<created>',
    data: {
      object: { ...object, id: '<object>', card: { ...(object['card'] as object), id: '<card>' } },
    },
  });
  return text.replace('"<created>"', '<created>').split(BETWEEN_SLOTS);
}

export interface Posted {
  readonly number: number;
  readonly cards: number;
  /** Stripe's time of the event and of its signature, which holds for five minutes. */
  readonly atS: number;
}

export function render(template: EventTemplate, { number, cards, atS }: Posted): string {
  const id = String(number).padStart(20, '0');
  const values: Readonly<Record<string, string>> = {
    '<event>': `evt_${id}`,
    '<object>': `iauth_${id}`,
    '<card>': stripeCardId(number % cards),
    '<created>': String(atS),
  };
  return template.map((piece) => values[piece] ?? piece).join('');
}

/** The whole HTTP request, ready to be written to a connection. */
export function toWire(body: string, atS: number, secret = SECRET): Buffer {
  const signature = createHmac('sha256', secret).update(`${atS}.${body}`).digest('hex');
  return Buffer.from(
    `POST ${PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n` +
      `Accept: */*\r\nContent-Type: application/json; charset=utf-8\r\nStripe-Signature: t=${atS},v1=${signature}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
