/**
 * Requests as Stripe sends them: a real event, as the simulator posts it, with other ids and another amount, signed in
 * Stripe's way. The event is about 3.4 kB.
 */
import { createHmac } from 'node:crypto';

/** What differs from request to request. */
export interface Asked {
  readonly requestId: string;
  readonly authorizationId: string;
  readonly stripeCardId: string;
  readonly amountMinor: number;
  /** Which of the plan's ports it goes to; the first when absent. */
  readonly target?: number;
}

/** A captured event cut where something differs: literal texts, and between them the names of what goes in. */
export type RequestTemplate = readonly string[];

const SLOTS = ['<request>', '<authorization>', '<card>', '<amount>', '<at>'] as const;
const BETWEEN_SLOTS = new RegExp(`(${SLOTS.join('|')})`);
const PATH = '/webhooks/stripe/authorizations';

/** Cuts the text where the ids, the amount and the time of the captured event stand. */
export function toTemplate(
  text: string,
  captured: Readonly<Record<(typeof SLOTS)[number], string>>,
): RequestTemplate {
  let marked = text;
  for (const slot of SLOTS) {
    if (!marked.includes(captured[slot])) throw new Error(`the captured event holds no ${slot}`);
    marked = marked.replaceAll(captured[slot], slot);
  }
  return marked.split(BETWEEN_SLOTS);
}

export function render(template: RequestTemplate, asked: Asked, atS: number): string {
  const values: Readonly<Record<string, string>> = {
    '<request>': asked.requestId,
    '<authorization>': asked.authorizationId,
    '<card>': asked.stripeCardId,
    '<amount>': String(asked.amountMinor),
    '<at>': String(atS),
  };
  let text = '';
  for (const piece of template) text += values[piece] ?? piece;
  return text;
}

/** The whole HTTP request, ready to be written to a connection. */
export function toWire(body: string, secret: string, atS: number): Buffer {
  const signature = createHmac('sha256', secret).update(`${atS}.${body}`).digest('hex');
  return Buffer.from(
    `POST ${PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n` +
      `Accept: */*\r\nContent-Type: application/json; charset=utf-8\r\nStripe-Signature: t=${atS},v1=${signature}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
