/** What every part of the demo needs: the public surfaces, and the tenants that its cards belong to. */
import Stripe from 'stripe';
import { createIssuingClient, type IssuingClient } from '../../../client/index.ts';
import type { Stack } from '../local/stack.ts';
import { DEMO_CONNECTED_ACCOUNT } from '../local/stack-wiring.ts';
import { createShopper, type Shopper } from './shopper.ts';
import { createSimulatorControl, type SimulatorControl } from './simulator-control.ts';

/** Each takes up to 3 s: the program goes on when a worker, or all of Temporal, is away for a while. */
const API_ATTEMPTS = 12;

export interface DemoProgram {
  readonly stack: Stack;
  readonly api: IssuingClient;
  readonly stripe: Stripe;
  readonly control: SimulatorControl;
  readonly shopper: Shopper;
  readonly connectedAccount: string;
  readonly tenants: { readonly platform: string; readonly connected: string };
}

/** Where the authorizer takes real-time requests. */
export const AUTHORIZATION_PATH = '/webhooks/stripe/authorizations';

/** Registers the two tenants: the platform's own Stripe account and a connected one. */
export async function openProgram(stack: Stack): Promise<DemoProgram> {
  const { ingress: baseUrl } = stack.urls;
  const api = createIssuingClient({ baseUrl, apiKey: stack.apiKey, attempts: API_ATTEMPTS });
  const simulator = new URL(stack.urls.simulator);
  const stripe = new Stripe(stack.stripeKey, {
    host: simulator.hostname,
    port: Number(simulator.port),
    protocol: 'http',
    telemetry: false,
  });
  const control = createSimulatorControl(stack.urls.simulator);
  await control.addAccount(DEMO_CONNECTED_ACCOUNT);
  const endpoint = `${stack.urls.authorizer}${AUTHORIZATION_PATH}`;
  await control.setRealtimeEndpoint(DEMO_CONNECTED_ACCOUNT, endpoint, stack.signingSecret);
  const platform = await api.tenants.create({ name: 'Demo platform' });
  const connected = await api.tenants.create({
    name: 'Demo connected account',
    stripeAccount: DEMO_CONNECTED_ACCOUNT,
  });
  return {
    stack,
    api,
    stripe,
    control,
    shopper: createShopper(stripe, control),
    connectedAccount: DEMO_CONNECTED_ACCOUNT,
    tenants: { platform: platform.id, connected: connected.id },
  };
}
