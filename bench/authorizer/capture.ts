/** Lets the simulator ask a receiver of ours about a purchase, and keeps what it posted. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createStripe } from '../../src/adapters/stripe/client.ts';
import { createSimulator } from '../../src/simulator/index.ts';
import { STRIPE_ACCOUNT } from '../ledger/program.ts';
import { type RequestTemplate, toTemplate } from './request.ts';

/** Stands nowhere else in the event. */
const AMOUNT_MINOR = 43_217;

interface Event {
  readonly id: string;
  readonly created: number;
  readonly data: {
    readonly object: {
      readonly id: string;
      readonly card: { readonly id: string };
      readonly merchant_data: { readonly category: string };
    };
  };
}

export interface CapturedRequest {
  readonly template: RequestTemplate;
  /** The merchant's, so that limits by category can count it. */
  readonly category: string;
}

export async function captureRequest(): Promise<CapturedRequest> {
  const bodies: string[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString('utf8'));
      response.setHeader('content-type', 'application/json').end('{"approved":true}');
    });
  });
  await new Promise<void>((resolve) => {
    receiver.listen(0, '127.0.0.1', resolve);
  });
  const simulator = createSimulator();
  try {
    const apiBase = await simulator.listen();
    const { port } = receiver.address() as AddressInfo;
    await fetch(`${apiBase}/_sim/accounts/${simulator.platformAccount}/realtime_endpoint`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url: `http://127.0.0.1:${port}/` }),
    });
    await makePurchase(apiBase);
  } finally {
    await simulator.close();
    receiver.close();
  }
  const [body] = bodies;
  if (body === undefined) throw new Error('the simulator posted no request');
  return templateOf(body);
}

async function makePurchase(apiBase: string): Promise<void> {
  const stripe = createStripe({ secretKey: 'sk_test_bench', apiBase });
  const address = {
    line1: '510 Townsend St',
    city: 'San Francisco',
    state: 'CA',
    postal_code: '94103',
    country: 'US',
  };
  const cardholder = await stripe.issuing.cardholders.create({
    type: 'individual',
    name: 'Jenny Rosen',
    email: 'jenny.rosen@example.com',
    phone_number: '+18008675309',
    billing: { address },
    individual: {
      first_name: 'Jenny',
      last_name: 'Rosen',
      dob: { day: 1, month: 11, year: 1981 },
    },
    metadata: { customer: 'customer 12345' },
  });
  const card = await stripe.issuing.cards.create({
    cardholder: cardholder.id,
    currency: 'usd',
    type: 'virtual',
    status: 'active',
    metadata: { card: 'card_12345', tenant: 'ten_bench' },
  });
  await stripe.testHelpers.issuing.authorizations.create({ card: card.id, amount: AMOUNT_MINOR });
}

/** The event as a connected account's, whose tenant the benchmark has. */
function templateOf(body: string): CapturedRequest {
  const { id, created, data } = JSON.parse(body) as Event;
  const { object } = data;
  const template = toTemplate(body.replace('{', `{"account":"${STRIPE_ACCOUNT}",`), {
    '<request>': id,
    '<authorization>': object.id,
    '<card>': object.card.id,
    '<amount>': String(AMOUNT_MINOR),
    '<at>': String(created),
  });
  return { template, category: object.merchant_data.category };
}
