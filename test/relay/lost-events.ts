/**
 * A card program whose events are all lost: the simulator asks for decisions, which are made and held as the authorizer
 * does it, but has no webhook endpoint. Time is the simulator's, and stands still unless it is moved.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Stripe } from 'stripe';
import { createDecisionStore } from '../../src/adapters/postgres/decision-store.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import type { LookResult } from '../../src/adapters/postgres/unconfirmed-store.ts';
import {
  createAuthorizationFetcher,
  createAuthorizationLister,
} from '../../src/adapters/stripe/authorization-fetcher.ts';
import { readAskedRequest } from '../../src/adapters/stripe/read-request.ts';
import type { Json } from '../../src/adapters/stripe/wire.ts';
import { createHoldLooker, type HoldLooker } from '../../src/apps/relay/unconfirmed.ts';
import type { AuthorizationRequest } from '../../src/domain/authorization-request.ts';
import { idFrom } from '../../src/domain/ids.ts';
import { createSimulator, type Simulator } from '../../src/simulator/index.ts';
import { askStore } from '../support/ask-decision.ts';
import { type CardProgram, createCardProgram } from '../support/card-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

/** Stripe's answer within this, or the call has failed. */
const CALL_TIMEOUT_MS = 1_000;
const FUNDS_MINOR = 1_000_000_000;

/** `answers`: as decided; `silent`: decided, but Stripe never hears of it. */
type Mode = 'answers' | 'silent';

export interface LostEvents {
  readonly sql: Sql;
  readonly stripe: Stripe;
  readonly looker: HoldLooker;
  /** Method and path of each call that looked for authorizations. */
  readonly calls: string[];
  readonly errors: unknown[];
  readonly ended: Partial<Record<LookResult, number>>;
  mode: Mode;
  readonly nowS: () => number;
  pass(seconds: number): Promise<void>;
  control(method: string, path: string, body: object): Promise<void>;
  /** A tenant with an account and a card that is active at Stripe too. */
  program(stripeAccount?: string | null): Promise<CardProgram>;
  /** One more card on the program's account. */
  card(program: CardProgram): Promise<string>;
  /** A purchase that is decided and held here. Answers its id. */
  buy(program: CardProgram, amount: number, card?: string): Promise<string>;
  /** Decides a request that Stripe never made. */
  decide(request: AuthorizationRequest): Promise<void>;
  close(): Promise<void>;
}

export async function loseEvents(): Promise<LostEvents> {
  const database = await createTestDatabase();
  const sql = createSql({ url: database.appUrl, poolSize: 6, name: 'test-unconfirmed' });
  const store = createDecisionStore(() => sql, { nowMs: () => Date.now() });
  const calls: string[] = [];
  const simulator = createSimulator({
    clock: 'virtual',
    onCall: ({ method, path }) => {
      if (path.startsWith('/v1/issuing/authorizations')) calls.push(`${method} ${path}`);
    },
  });
  const stripe = clientOf(await simulator.listen());
  const errors: unknown[] = [];
  const ended: Partial<Record<LookResult, number>> = {};
  const state = { mode: 'answers' as Mode, nowS: 0 };
  const control = createControl(simulator);
  state.nowS = (await control('POST', '/_sim/clock/advance', { seconds: 0 })).now;

  const decide = async (request: AuthorizationRequest) => {
    const reply = await askStore(store, request);
    if (reply.kind !== 'decided') throw new Error(`not decided: ${JSON.stringify(reply)}`);
    return reply;
  };
  const endpoint = await startEndpoint(async (event) => {
    const request = readAskedRequest(event, state.nowS);
    if (request?.kind !== 'readable') throw new Error('the simulator sent no readable request');
    const { approved, decisionId } = await decide(request);
    if (state.mode === 'silent') return null;
    return { approved, metadata: { [request.requestId]: decisionId } };
  });
  const optionsOf = async ({ tenantId }: CardProgram): Promise<Stripe.RequestOptions> => {
    const [row] = await sql<{ account: string | null }[]>`
      select stripe_account as account from tenants where tenant_id = ${tenantId}`;
    return row?.account == null ? {} : { stripeAccount: row.account };
  };
  const looker = createHoldLooker(
    sql,
    { fetcher: createAuthorizationFetcher(stripe), lister: createAuthorizationLister(stripe) },
    {
      clock: { nowMs: () => state.nowS * 1000 },
      onError: (error) => errors.push(error),
      onCall: () => {},
      onEnd: (result, count) => {
        ended[result] = (ended[result] ?? 0) + count;
      },
    },
  );

  return {
    sql,
    stripe,
    looker,
    calls,
    errors,
    ended,
    get mode() {
      return state.mode;
    },
    set mode(mode) {
      state.mode = mode;
    },
    nowS: () => state.nowS,
    async pass(seconds) {
      state.nowS = (await control('POST', '/_sim/clock/advance', { seconds })).now;
    },
    async control(method, path, body) {
      await control(method, path, body);
    },
    async program(stripeAccount = null) {
      if (stripeAccount !== null) await control('POST', '/_sim/accounts', { id: stripeAccount });
      const path = `/_sim/accounts/${stripeAccount ?? 'platform'}/realtime_endpoint`;
      await control('PUT', path, { url: endpoint.url });
      const stripeCardId = await createCard(stripe, stripeAccount);
      return createCardProgram(sql, { stripeAccount, stripeCardId, fundsMinor: FUNDS_MINOR });
    },
    async card(program) {
      const { stripeAccount } = await optionsOf(program);
      const stripeCardId = await createCard(stripe, stripeAccount ?? null);
      await addCard(sql, program, stripeCardId);
      return stripeCardId;
    },
    async buy(program, amount, card = program.stripeCardId) {
      const options = await optionsOf(program);
      const { id } = await stripe.testHelpers.issuing.authorizations.create(
        { card, amount },
        // Waits for our answer, or for Stripe's limit of 2 s.
        { ...options, timeout: 10_000 },
      );
      return id;
    },
    async decide(request) {
      await decide(request);
    },
    close: () => closeAll(database, sql, simulator, endpoint),
  };
}

function clientOf(url: string): Stripe {
  const { hostname: host, port } = new URL(url);
  return new Stripe('sk_test_unconfirmed', {
    host,
    port,
    protocol: 'http',
    timeout: CALL_TIMEOUT_MS,
    maxNetworkRetries: 0,
    telemetry: false,
  });
}

const createControl =
  (simulator: Simulator) =>
  async (method: string, path: string, body: object): Promise<{ now: number }> => {
    const response = await fetch(`${simulator.url}${path}`, { method, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return (await response.json()) as { now: number };
  };

async function createCard(stripe: Stripe, stripeAccount: string | null): Promise<string> {
  const options = { ...(stripeAccount === null ? {} : { stripeAccount }), timeout: 10_000 };
  const address = { line1: '1 Main St', city: 'Boston', postal_code: '02110', country: 'US' };
  const cardholder = await stripe.issuing.cardholders.create(
    { name: 'Jenny Rosen', billing: { address } },
    options,
  );
  const { id } = await stripe.issuing.cards.create(
    {
      cardholder: cardholder.id,
      currency: 'usd',
      type: 'virtual',
      status: 'active',
      spending_controls: {
        spending_limits: [{ amount: FUNDS_MINOR, interval: 'daily' }],
      },
    },
    options,
  );
  return id;
}

async function addCard(sql: Sql, program: CardProgram, stripeCardId: string): Promise<void> {
  const { tenantId, cardholderId, accountId } = program;
  const cardId = idFrom('card', stripeCardId.replaceAll(/\W|_/g, ''));
  await sql`
    insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, stripe_card_id)
    values (${tenantId}, ${cardId}, ${cardholderId}, ${accountId}, 'virtual', 'usd', 'active', ${stripeCardId})`;
  await sql`
    insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
    values (${tenantId}, ${stripeCardId}, ${cardId}, 1, 'active', '4242', 12, 2030)`;
}

interface Endpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** Answers real-time requests; null keeps Stripe waiting until it decides by itself. */
async function startEndpoint(answer: (event: Json) => Promise<object | null>): Promise<Endpoint> {
  const problems: unknown[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const event = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Json;
      answer(event).then(
        (body) => {
          if (body === null) return;
          const headers = { 'stripe-version': String(event['api_version']) };
          response.writeHead(200, headers).end(JSON.stringify(body));
        },
        (error: unknown) => {
          problems.push(error);
          response.writeHead(500).end();
        },
      );
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
      if (problems.length > 0) throw problems[0];
    },
  };
}

async function closeAll(
  database: TestDatabase,
  sql: Sql,
  simulator: Simulator,
  endpoint: Endpoint,
): Promise<void> {
  await simulator.close();
  await sql.end();
  await database.drop();
  await endpoint.close();
}
