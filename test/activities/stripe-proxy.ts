/** Stands between our client and the simulator, and disturbs single answers: what Stripe did is done all the same. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the caller sees in place of the true answer. */
export interface Disturbance {
  /** Part of `METHOD /path`, e.g. `POST /v1/issuing/cards`. */
  readonly on: string;
  readonly status: number;
  readonly error: Readonly<Record<string, string>>;
  /** True: Stripe does the work first, and only its answer is replaced. */
  readonly done: boolean;
  readonly times?: number;
}

export interface StripeProxy {
  readonly url: string;
  /** `METHOD /path key=… account=…` of every call that got through, in order. */
  readonly calls: string[];
  disturb(disturbance: Disturbance): void;
  close(): Promise<void>;
}

export async function createStripeProxy(target: string): Promise<StripeProxy> {
  const calls: string[] = [];
  const pending: { disturbance: Disturbance; left: number }[] = [];

  async function answer(request: http.IncomingMessage, response: http.ServerResponse) {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const name = `${request.method} ${request.url}`;
    const found = pending.find(
      ({ disturbance, left }) => left > 0 && name.startsWith(disturbance.on),
    );
    if (found !== undefined) found.left -= 1;
    if (found === undefined || found.disturbance.done) {
      const { 'idempotency-key': key, 'stripe-account': account } = request.headers;
      calls.push(`${name} key=${String(key)} account=${String(account)}`);
      const { host: _, 'content-length': __, connection: ___, ...headers } = request.headers;
      const body = request.method === 'POST' ? Buffer.concat(chunks).toString() : null;
      const upstream = await fetch(`${target}${request.url}`, {
        method: request.method ?? 'GET',
        headers: headers as Record<string, string>,
        body,
      });
      const text = await upstream.text();
      if (found === undefined) {
        // Views are ranked by Stripe's clock.
        const date = upstream.headers.get('date') ?? '';
        response.writeHead(upstream.status, { 'content-type': 'application/json', date }).end(text);
        return;
      }
    }
    const { status, error } = found.disturbance;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error }));
  }

  const server = http.createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    disturb: (disturbance) => void pending.push({ disturbance, left: disturbance.times ?? 1 }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
