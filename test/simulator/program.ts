/**
 * A card program in miniature: a simulator on a free port, the official client, and a receiver of webhooks and
 * real-time requests. Every answer and every event is validated against the API description on its way.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import {
  createSimulator,
  type Simulator,
  type SimulatorOptions,
} from '../../src/simulator/index.ts';
import { validateAnswer, validateEvent } from './openapi.ts';

export interface Received {
  readonly event: Stripe.Event;
  readonly headers: http.IncomingHttpHeaders;
  readonly raw: string;
}

/** What the receiver answers; `undefined` keeps the caller waiting for ever. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
type Responder = (received: Received) => Reply | undefined | Promise<Reply | undefined>;

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  respond: Responder;
  types(): string[];
  events(type: string): Stripe.Event[];
  close(): Promise<void>;
}

/** The answer of a correct real-time endpoint. */
export const decision = (received: Received, body: object): Reply => ({
  headers: { 'stripe-version': received.event.api_version ?? '' },
  body: JSON.stringify(body),
});

/** What a failed validation or a wrong answer throws, must fail the test and not vanish in a server. */
export async function startReceiver(port = 0): Promise<Receiver> {
  const received: Received[] = [];
  const problems: unknown[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString('utf8');
      const entry = { event: JSON.parse(raw) as Stripe.Event, headers: request.headers, raw };
      try {
        validateEvent(entry.event);
      } catch (error) {
        problems.push(error);
      }
      received.push(entry);
      const send = (reply: Reply | undefined): void => {
        if (reply !== undefined)
          response.writeHead(reply.status ?? 200, reply.headers).end(reply.body);
      };
      Promise.resolve(receiver.respond(entry)).then(send, (error) => problems.push(error));
    });
  });
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received,
    respond: () => ({}),
    types: () => received.map(({ event }) => event.type),
    events: (type) => received.map(({ event }) => event).filter((event) => event.type === type),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
      if (problems.length > 0) throw problems[0];
    },
  };
  return receiver;
}

export interface Program {
  readonly simulator: Simulator;
  readonly stripe: Stripe;
  readonly receiver: Receiver;
  /** Calls a control route; throws when it refuses. */
  control(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
  /** Sends events of the platform to the receiver; returns the endpoint with its secret. */
  subscribe(params?: Partial<Stripe.WebhookEndpointCreateParams>): Promise<Stripe.WebhookEndpoint>;
  /** Makes the receiver the platform's real-time endpoint. */
  decideWith(respond: Responder): Promise<void>;
  cardholder(
    params?: Partial<Stripe.Issuing.CardholderCreateParams>,
  ): Promise<Stripe.Issuing.Cardholder>;
  /** An active virtual card in US dollars of a new cardholder, with a limit that is out of the way. */
  card(params?: Partial<Stripe.Issuing.CardCreateParams>): Promise<Stripe.Issuing.Card>;
  close(): Promise<void>;
}

/** The official client, with every answer validated. */
export function connect(simulator: Simulator, config: Partial<Stripe.StripeConfig> = {}): Stripe {
  const validatingFetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const body = await response.text();
    const path = new URL(input instanceof Request ? input.url : input).pathname;
    validateAnswer(
      { method: init?.method ?? 'GET', path, status: response.status },
      JSON.parse(body),
    );
    return new Response(body, { status: response.status, headers: response.headers });
  };
  return new Stripe('sk_test_simulator', {
    host: '127.0.0.1',
    port: simulator.port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
    httpClient: Stripe.createFetchHttpClient(validatingFetch),
    ...config,
  });
}

export const ADDRESS = {
  line1: '510 Townsend Street',
  city: 'San Francisco',
  postal_code: '94103',
  country: 'US',
};

/** Seconds; a test that waits for a repeat does not wait long, and a receiver may be away for some seconds. */
const QUICK_RETRIES = [0.02, 0.04, 0.1, 0.2, 0.4, 0.8, 1.6];

export async function startProgram(options: Partial<SimulatorOptions> = {}): Promise<Program> {
  const simulator = createSimulator({ retrySchedule: QUICK_RETRIES, ...options });
  await simulator.listen();
  const stripe = connect(simulator);
  const receiver = await startReceiver();
  const program: Program = {
    simulator,
    stripe,
    receiver,
    control: (method, path, body) => control(simulator, method, path, body),
    subscribe: (params) =>
      stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: ['*'], ...params }),
    async decideWith(respond) {
      receiver.respond = (received) =>
        received.event.type === 'issuing_authorization.request' ? respond(received) : {};
      await program.control('PUT', '/_sim/accounts/platform/realtime_endpoint', {
        url: receiver.url,
      });
    },
    cardholder: (params) =>
      stripe.issuing.cardholders.create({
        name: 'Jenny Rosen',
        email: 'jenny@example.com',
        billing: { address: ADDRESS },
        ...params,
      }),
    async card(params) {
      const cardholder = params?.cardholder ?? (await program.cardholder()).id;
      return stripe.issuing.cards.create({
        cardholder,
        currency: 'usd',
        type: 'virtual',
        status: 'active',
        spending_controls: { spending_limits: [{ amount: 10_000_000, interval: 'daily' }] },
        ...params,
      });
    },
    async close() {
      await simulator.close();
      await receiver.close();
    },
  };
  return program;
}

async function control(
  simulator: Simulator,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${simulator.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok)
    throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

/** The error that a call ends with; throws when it succeeds. */
export async function refusal(
  call: Promise<unknown>,
): Promise<InstanceType<typeof Stripe.errors.StripeError>> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof Stripe.errors.StripeError) return outcome;
  throw new Error(`expected a refusal, got ${String(outcome)}`);
}
