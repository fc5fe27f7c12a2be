/** Metrics of a process, and the small HTTP server on which health and metrics of a background process are read. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Registry } from 'prom-client';

export type MetricsRegistry = Registry;

/** A registry of its own for each process (and each test), with the usual Node.js metrics in it. */
export function createMetrics(processName: string): MetricsRegistry {
  const registry = new Registry();
  registry.setDefaultLabels({ process: processName });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** What `/readyz` answers: ready, or what is missing, in words for an operator and without secrets. */
export type Readiness =
  | { readonly ready: true }
  | { readonly ready: false; readonly reason: string };

export interface OpsServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly registry: MetricsRegistry;
  /** Asked for each `/readyz`; a rejection counts as not ready. */
  readonly ready: () => Promise<Readiness> | Readiness;
}

export interface OpsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `GET /healthz` (the process runs), `GET /readyz` (200 or 503) and `GET /metrics` (Prometheus text). */
export async function createOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    answer(options, path, response).catch((error: unknown) => {
      sendJson(response, 500, { error: String(error) });
    });
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return { port, close: () => close(server) };
}

async function answer(
  options: OpsServerOptions,
  path: string,
  response: ServerResponse,
): Promise<void> {
  switch (path) {
    case '/healthz':
      return sendJson(response, 200, { status: 'ok' });
    case '/readyz': {
      const state = await readiness(options);
      return sendJson(response, state.ready ? 200 : 503, state);
    }
    case '/metrics': {
      const text = await options.registry.metrics();
      response.writeHead(200, { 'content-type': options.registry.contentType }).end(text);
      return;
    }
    default:
      return sendJson(response, 404, { error: 'not found' });
  }
}

async function readiness(options: OpsServerOptions): Promise<Readiness> {
  try {
    return await options.ready();
  } catch (error) {
    return { ready: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function listen(server: Server, options: OpsServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    // Scrapers keep their connection open; it must not hold up the end of the process.
    server.closeAllConnections();
  });
}
