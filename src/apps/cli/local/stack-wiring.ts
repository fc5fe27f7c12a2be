/** Puts our processes together: their ports, what the simulator is told of them, and how each is started. */
import { join } from 'node:path';
import { modulePath, nodeCommand, projectRoot } from './module-command.ts';
import { createPart } from './part.ts';
import type { PortPicker } from './ports.ts';
import { answersOk } from './readiness.ts';
import { registerWebhooks, setRealtimeEndpoint } from './simulator-registration.ts';
import { type AppName, appEnvironment, type Wiring } from './stack-apps.ts';
import type { ServiceContext, StripeAddresses } from './stack-services.ts';

/** The connected account whose real-time requests the stack's authorizer accepts besides the platform's. */
export const DEMO_CONNECTED_ACCOUNT = 'acct_demo_connected';

const DEFAULT_PORTS: Readonly<Record<AppName, number>> = {
  ingress: 3000,
  authorizer: 3001,
  worker: 3002,
  relay: 3003,
};
/** The worker bundles its workflows at start, beside the start of everything else on maybe two cores. */
const APP_READY_MS = 90_000;

export async function pickAppPorts(ports: PortPicker): Promise<Readonly<Record<AppName, number>>> {
  const [ingress, authorizer, worker, relay] = await Promise.all([
    ports.pick(DEFAULT_PORTS.ingress),
    ports.pick(DEFAULT_PORTS.authorizer),
    ports.pick(DEFAULT_PORTS.worker),
    ports.pick(DEFAULT_PORTS.relay),
  ]);
  return { ingress, authorizer, worker, relay };
}

/** Registers our addresses at the simulator. With a real Stripe account a person has done that. */
export async function wireStripe(
  context: ServiceContext,
  stripe: StripeAddresses,
  urls: { readonly ingress: string; readonly authorizer: string },
): Promise<Pick<Wiring, 'webhookSecrets' | 'signingSecrets'>> {
  if (context.config.stripe !== undefined) {
    const { webhookSecrets, signingSecrets } = context.config.stripe;
    return {
      webhookSecrets,
      signingSecrets: signingSecrets.map((s) => `${s.account}=${s.secret}`),
    };
  }
  const { folder } = context;
  const { secrets, webhookEndpoints } = folder.state();
  const simulatorUrl = stripe.apiBase;
  const endpoints = await registerWebhooks({
    simulatorUrl,
    stripeKey: stripe.key,
    webhookUrl: `${urls.ingress}/webhooks/stripe`,
    known: webhookEndpoints,
  });
  await folder.update({ webhookEndpoints: endpoints });
  await setRealtimeEndpoint({
    simulatorUrl,
    stripeKey: stripe.key,
    account: 'platform',
    url: `${urls.authorizer}/webhooks/stripe/authorizations`,
    secret: secrets.signingSecret,
  });
  return {
    webhookSecrets: endpoints.map((endpoint) => endpoint.secret),
    signingSecrets: ['platform', DEMO_CONNECTED_ACCOUNT].map(
      (account) => `${account}=${secrets.signingSecret}`,
    ),
  };
}

/** An address on which a process listens for everybody is reached here through the loopback one. */
export const reachableHost = (host: string): string =>
  host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;

/** Starts one of our processes and resolves when it is ready. */
export async function startApp(
  context: ServiceContext,
  app: AppName,
  wiring: Wiring,
  module: string | undefined,
): Promise<void> {
  const port = wiring.ports[app];
  const url = `http://${reachableHost(wiring.host)}:${port}`;
  const part = createPart(context.supervisor, {
    name: app,
    service: {
      ...nodeCommand(module ?? modulePath(`src/apps/${app}/main`)),
      env: appEnvironment(app, context.env, wiring),
      cwd: projectRoot,
      stage: 'app',
      logFile: join(context.folder.logs, `${app}.log`),
      stopSignal: 'SIGTERM',
    },
    ready: () => answersOk(`${url}/readyz`),
    readyTimeoutMs: APP_READY_MS,
    onCrash: context.onCrash,
  });
  await context.ports.release(port);
  await part.start();
  context.keep(part);
  context.say(`${app.padEnd(11)} ready   ${url}`);
}
