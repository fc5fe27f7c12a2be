/** What the deliverer needs of the world: where events go, how they are signed, and what a failure leads to. */
import { API_VERSION, type SimulatorOptions } from '../options.ts';
import { outcomeOf } from '../webhooks/audit.ts';
import { Deliverer } from '../webhooks/delivery.ts';
import type { DeliveryTarget } from '../webhooks/delivery-context.ts';
import type { Delivery } from '../webhooks/delivery-queue.ts';
import type { Poster } from '../webhooks/poster.ts';
import { activeSecrets, realSeconds, signatureHeader } from '../webhooks/signature.ts';
import type { Account, EventRow } from './account.ts';
import type { Agenda } from './agenda.ts';
import type { SimulatorClock } from './clock.ts';
import type { Sequence } from './sequence.ts';
import type { Watch } from './watch.ts';

/** What of a world deliveries have to do with. */
interface Delivering {
  readonly options: SimulatorOptions;
  readonly clock: SimulatorClock;
  readonly sequence: Sequence;
  readonly agenda: Agenda;
  readonly poster: Poster;
  readonly deliverer: Deliverer;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly platform: Account;
  readonly watch: Watch;
  readonly onChange: () => void;
  eventJson(account: Account, event: EventRow, apiVersion: string): string;
}

export function createDeliverer(world: Delivering): Deliverer {
  const { options, clock, poster } = world;
  return new Deliverer({
    post: async ({ url, body, signature }) =>
      outcomeOf(
        await poster.post({
          url,
          body,
          headers: {
            'stripe-signature': signature,
            'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
            accept: '*/*; q=0.5, application/xml',
          },
          timeoutMs: options.deliveryTimeoutMs,
        }),
      ),
    schedule: options.retrySchedule,
    nowMs: () => clock.nowMs(),
    remind: (at, { account, endpoint }) =>
      world.agenda.add({ at, task: 'deliver', account, id: endpoint }),
    target: (delivery) => findTarget(world, delivery),
    random: () => world.sequence.fraction('delivery'),
    attempted: (attempt) => world.watch.publish({ kind: 'delivery', ...attempt }),
    exhausted: (endpoint) => disableExhausted(world, endpoint),
    changed: () => world.onChange(),
  });
}

function findTarget(world: Delivering, delivery: Delivery): DeliveryTarget | undefined {
  const account = world.accounts.get(delivery.account);
  const event = account?.events.get(delivery.event);
  const endpoint =
    account?.endpoints.get(delivery.endpoint) ?? world.platform.endpoints.get(delivery.endpoint);
  if (account === undefined || event === undefined) return undefined;
  if (endpoint === undefined || endpoint.status === 'disabled') return undefined;
  // An event never changes, so this is the same text at each attempt.
  const body = world.eventJson(account, event, endpoint.api_version ?? API_VERSION);
  const secrets = activeSecrets(endpoint, world.clock.now());
  return { url: endpoint.url, body, signature: signatureHeader(body, secrets, realSeconds()) };
}

function disableExhausted(world: Delivering, endpoint: string): void {
  const { disableEndpoints, retrySchedule } = world.options;
  if (disableEndpoints === 'never') return;
  if (disableEndpoints === 'live' && retrySchedule !== 'live') return;
  for (const { endpoints } of world.accounts.values()) {
    const row = endpoints.get(endpoint);
    if (row !== undefined) endpoints.put({ ...row, status: 'disabled' });
  }
  world.deliverer.forget(endpoint);
}
