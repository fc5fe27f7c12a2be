/** A KYC provider as docs/kyc.md describes it, on a port of its own: what it was asked, and what it answers. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { signatureHeaderOf, signingSecret } from '../../src/platform/signature.ts';

type Json = Record<string, unknown>;

export interface KycProviderStandIn {
  readonly url: string;
  readonly requestSecret: string;
  readonly callbackSecret: string;
  /** `METHOD /path` of every call whose signature was right. */
  readonly calls: string[];
  /** Checks by their ids, as the provider shows them. */
  readonly checks: Map<string, Json>;
  /** The next calls are answered with this status instead; `done`: after the work. */
  fail(answer: { status: number; code?: string; done?: boolean; times?: number }): void;
  /** Changes a check. Returns the body and header of the callback that tells of it. */
  update(id: string, change: Json, options?: { eventId?: string }): SignedCallback;
  close(): Promise<void>;
}

export interface SignedCallback {
  readonly payload: string;
  readonly header: string;
}

export const signCallback = (payload: string, secret: string, ageS = 0): SignedCallback => ({
  payload,
  header: signatureHeaderOf(secret, {
    content: payload,
    timestampS: Math.floor(Date.now() / 1_000) - ageS,
  }),
});

export async function createKycProvider(): Promise<KycProviderStandIn> {
  const requestSecret = 'request-secret';
  const callbackSecret = 'callback-new';
  const calls: string[] = [];
  const checks = new Map<string, Json>();
  const byKey = new Map<string, { id: string; body: string }>();
  const failures: { status: number; code?: string; done?: boolean; left: number }[] = [];
  /** Rises with each change, as a provider's clock does. */
  let updated = Math.floor(Date.now() / 1_000);

  function made(key: string, text: string): { status: number; body: Json } {
    const earlier = byKey.get(key);
    if (earlier !== undefined) {
      if (earlier.body !== text) return { status: 409, body: {} };
      return { status: 200, body: checks.get(earlier.id) ?? {} };
    }
    const { tenantId, cardholderId, attempt } = JSON.parse(text) as Json;
    const id = `chk-${checks.size + 1}.${String(cardholderId).slice(-6)}`;
    const url = `https://kyc.example.com/check/${id}`;
    const check = { id, tenantId, cardholderId, attempt, status: 'requires_input', url };
    checks.set(id, { ...check, error: null, updated });
    byKey.set(key, { id, body: text });
    return { status: 201, body: checks.get(id) ?? {} };
  }

  function answer(method: string, target: URL, key: string, text: string) {
    if (method === 'POST' && target.pathname === '/v1/checks') return made(key, text);
    if (method === 'GET' && target.pathname === '/v1/checks') {
      const { searchParams: wanted } = target;
      const data = [...checks.values()].filter(
        (check) =>
          check['cardholderId'] === wanted.get('cardholderId') &&
          String(check['attempt']) === wanted.get('attempt'),
      );
      return { status: 200, body: { data } };
    }
    const check = checks.get(decodeURIComponent(target.pathname.replace('/v1/checks/', '')));
    return check === undefined ? { status: 404, body: {} } : { status: 200, body: check };
  }

  async function serve(request: http.IncomingMessage, response: http.ServerResponse) {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { method = '', url = '' } = request;
    const end = (status: number, body: Json): void =>
      void response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify(body));
    const isSigned = signingSecret({
      rawBody: Buffer.from(`${method} ${url}\n${text}`),
      signatureHeader: request.headers['kyc-signature'],
      secrets: [requestSecret],
    });
    if (isSigned === null) return end(401, {});
    calls.push(`${method} ${url}`);
    const failure = failures.find(({ left }) => left > 0);
    if (failure !== undefined) failure.left -= 1;
    const key = String(request.headers['idempotency-key']);
    const usual =
      failure === undefined || failure.done === true
        ? answer(method, new URL(url, 'http://provider'), key, text)
        : undefined;
    if (failure !== undefined) return end(failure.status, { error: { code: failure.code } });
    return end(usual?.status ?? 500, usual?.body ?? {});
  }

  const server = http.createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requestSecret,
    callbackSecret,
    calls,
    checks,
    fail: ({ times = 1, ...failure }) => void failures.push({ ...failure, left: times }),
    update(id, change, { eventId } = {}) {
      updated += 1;
      const check = { ...checks.get(id), ...change, updated };
      checks.set(id, check);
      const event = { id: eventId ?? `evt_${id}_${updated}`, type: 'kyc.check.updated' };
      const payload = JSON.stringify({ ...event, created: updated, data: { object: check } });
      return signCallback(payload, callbackSecret);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
