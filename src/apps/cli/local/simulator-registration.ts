/** Tells the simulator where our processes listen, with the official client as one would tell Stripe. */
import Stripe from 'stripe';
import type { WebhookEndpoint } from './stack-state.ts';

/** The simulator is on this machine; it answers in milliseconds or is broken. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Redactions are the one kind that `*` leaves out. */
const ENABLED_EVENTS: Stripe.WebhookEndpointCreateParams.EnabledEvent[] = [
  '*',
  'identity.verification_session.redacted',
];

export interface Registration {
  readonly simulatorUrl: string;
  readonly stripeKey: string;
  /** Where the ingress takes webhooks. */
  readonly webhookUrl: string;
  /** The endpoints of an earlier run, whose secrets are known. */
  readonly known: readonly WebhookEndpoint[];
}

/** A client of the official library that talks to the simulator. */
function simulatorClient(simulatorUrl: string, stripeKey: string): Stripe {
  const { hostname, port } = new URL(simulatorUrl);
  return new Stripe(stripeKey, {
    protocol: 'http',
    host: hostname,
    port,
    telemetry: false,
    // It has just said that it is ready, so a failed call is a fault that a retry would hide.
    maxNetworkRetries: 0,
    timeout: REQUEST_TIMEOUT_MS,
  });
}

/** One endpoint for our own account's events and one for those of connected accounts; returns both with their secrets. */
export async function registerWebhooks(
  registration: Registration,
): Promise<readonly WebhookEndpoint[]> {
  const stripe = simulatorClient(registration.simulatorUrl, registration.stripeKey);
  const present = await stripe.webhookEndpoints.list({ limit: 100 });
  const endpoints: WebhookEndpoint[] = [];
  for (const connect of [false, true]) {
    const known = registration.known.find((endpoint) => endpoint.connect === connect);
    const found = present.data.find(({ id }) => id === known?.id);
    if (known !== undefined && found !== undefined) {
      // Changed rather than made again, so that events still to be delivered find the new address.
      if (found.url !== registration.webhookUrl) {
        await stripe.webhookEndpoints.update(known.id, { url: registration.webhookUrl });
      }
      endpoints.push(known);
      continue;
    }
    const made = await stripe.webhookEndpoints.create({
      url: registration.webhookUrl,
      enabled_events: ENABLED_EVENTS,
      connect,
    });
    if (made.secret === undefined)
      throw new Error('The simulator returned an endpoint without its secret');
    endpoints.push({ id: made.id, secret: made.secret, connect });
  }
  return endpoints;
}

export interface RealtimeEndpoint {
  readonly simulatorUrl: string;
  readonly stripeKey: string;
  /** `platform`, or the id of a connected account. */
  readonly account: string;
  /** Where the authorizer takes requests. */
  readonly url: string;
  readonly secret: string;
}

/** Sets where the account's authorization requests go. Stripe has no API for it, so a control route does. */
export async function setRealtimeEndpoint(endpoint: RealtimeEndpoint): Promise<void> {
  const address = `${endpoint.simulatorUrl}/_sim/accounts/${endpoint.account}/realtime_endpoint`;
  const response = await fetch(address, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${endpoint.stripeKey}` },
    body: JSON.stringify({ url: endpoint.url, secret: endpoint.secret }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`The simulator refused the real-time endpoint (${response.status}): ${text}`);
  }
}
