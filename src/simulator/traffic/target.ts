/** The simulator that the traffic goes to: the official client for `/v1`, and its clock. */
import Stripe from 'stripe';

/** A simulator on the same machine answers its health route in milliseconds. */
const HEALTH_TIMEOUT_MS = 2_000;
/** The clock's route passes over all that expires meanwhile, which takes a while in a large simulator. */
const CLOCK_TIMEOUT_MS = 30_000;

export interface TargetOptions {
  /** `http://host:port` */
  readonly url: string;
  readonly key: string;
  /** A connected account; undefined for the platform's own. */
  readonly account: string | undefined;
}

export interface Target {
  readonly stripe: Stripe;
  /** Simulator time in Unix seconds. Rejects when no simulator answers. */
  now(): Promise<number>;
  /** Moves simulator time ahead by whole seconds; the time afterwards. */
  advance(seconds: number): Promise<number>;
  /** The ids of active cards, oldest first, at most `limit`. */
  activeCards(limit: number): Promise<readonly string[]>;
}

export function openTarget({ url, key, account }: TargetOptions): Target {
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === 'https:';
  const stripe = new Stripe(key, {
    host: hostname,
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    protocol: secure ? 'https' : 'http',
    telemetry: false,
    ...(account === undefined ? {} : { stripeAccount: account }),
  });
  const base = url.replace(/\/+$/, '');
  return {
    stripe,
    now: () => readNow(`${base}/_sim/health`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) }),
    advance: (seconds) =>
      readNow(`${base}/_sim/clock/advance`, {
        method: 'POST',
        body: JSON.stringify({ seconds }),
        signal: AbortSignal.timeout(CLOCK_TIMEOUT_MS),
      }),
    async activeCards(limit) {
      const cards = stripe.issuing.cards.list({ status: 'active', limit: Math.min(limit, 100) });
      const found = await cards.autoPagingToArray({ limit });
      return found.map(({ id }) => id).toReversed();
    },
  };
}

async function readNow(url: string, init: RequestInit): Promise<number> {
  const response = await fetch(url, init);
  const answer: unknown = response.ok ? await response.json() : undefined;
  const now = typeof answer === 'object' && answer !== null && 'now' in answer ? answer.now : null;
  if (typeof now === 'number') return now;
  throw new Error(`${url} answered ${response.status} without a time; it is not a simulator.`);
}
