/** The simulator's control routes: what happens at Stripe without an API call, and what the simulator saw. */

export interface SimulatorControl {
  addAccount(id: string): Promise<void>;
  setRealtimeEndpoint(account: string, url: string, secret: string): Promise<void>;
  verifyIdentity(sessionId: string): Promise<void>;
  failIdentity(sessionId: string, error: { code: string; reason: string }): Promise<void>;
  declineNextAfterApproval(stripeCardId: string): Promise<void>;
  standIn(stripeCardId: string, amount: number): Promise<void>;
  webhooks(): Promise<WebhookFigures>;
  resend(eventId: string): Promise<void>;
  objects(): Promise<readonly AccountObjects[]>;
}

export interface WebhookFigures {
  /** Events made; one may go to several endpoints. */
  readonly events: number;
  readonly deliveries: {
    readonly sent: number;
    readonly succeeded: number;
    readonly failed: number;
  };
  /** Deliveries still to be made. */
  readonly pending: number;
  /** From sending a real-time request to reading its answer. */
  readonly answerTimes: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
}

/** The final objects of one Stripe account, as the simulator's API would show them. */
export interface AccountObjects {
  readonly id: string;
  readonly cards: readonly SimulatedCard[];
  readonly cardholders: readonly {
    readonly id: string;
    readonly metadata: Readonly<Record<string, string>>;
  }[];
  readonly authorizations: readonly SimulatedAuthorization[];
  readonly transactions: readonly SimulatedTransaction[];
}

export interface SimulatedCard {
  readonly id: string;
  readonly status: string;
  /** Null for a virtual card. */
  readonly shipping: { readonly status: string } | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface SimulatedAuthorization {
  readonly id: string;
  readonly amount: number;
  readonly approved: boolean;
  readonly status: string;
  readonly currency: string;
  readonly card: { readonly id: string };
}

export interface SimulatedTransaction {
  readonly id: string;
  readonly type: string;
  /** Signed: captures are negative. */
  readonly amount: number;
  readonly currency: string;
  readonly card: string | { readonly id: string };
}

/** Control routes answer at once; one that does not is a simulator that hangs. */
const TIMEOUT_MS = 10_000;

export function createSimulatorControl(baseUrl: string): SimulatorControl {
  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${baseUrl}/_sim${path}`, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`${method} /_sim${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }
  const post = async (path: string, body: object = {}): Promise<void> => {
    await call('POST', path, body);
  };
  return {
    addAccount: (id) => post('/accounts', { id }),
    setRealtimeEndpoint: async (account, url, secret) => {
      await call('PUT', `/accounts/${account}/realtime_endpoint`, { url, secret });
    },
    verifyIdentity: (id) => post(`/identity/verification_sessions/${id}/verify`),
    failIdentity: (id, error) => post(`/identity/verification_sessions/${id}/fail`, error),
    declineNextAfterApproval: (id) => post(`/issuing/cards/${id}/decline_next_after_approval`),
    standIn: (card, amount) =>
      post('/issuing/authorizations/stand_in', { card, amount, currency: 'usd' }),
    webhooks: () => call('GET', '/webhooks'),
    resend: (id) => post(`/webhooks/${id}/resend`),
    objects: async () =>
      (await call<{ accounts: readonly AccountObjects[] }>('GET', '/objects')).accounts,
  };
}
