/**
 * A tenant at a simulator whose clock is moved by hand, and nobody who delivers: what the inbox holds, it was given by
 * the test, or has found in the list.
 */
import type { Stripe } from 'stripe';
import { createCatchUpStore } from '../../src/adapters/postgres/catch-up-store.ts';
import { createCompletenessStore } from '../../src/adapters/postgres/completeness-store.ts';
import { createEventIntake } from '../../src/adapters/postgres/inbox-store.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createStripe } from '../../src/adapters/stripe/client.ts';
import { createEventLister } from '../../src/adapters/stripe/event-lister.ts';
import { COMPLETENESS_EVENT_TYPES } from '../../src/domain/event-types.ts';
import { idFrom, parseStripeAccountId, parseTenantId } from '../../src/domain/ids.ts';
import { createPace } from '../../src/platform/pace.ts';
import type { IncomingEvent } from '../../src/ports/event-intake.ts';
import type { IssuerTenant } from '../../src/ports/issuer.ts';
import type { CompletenessPorts } from '../../src/reconciliation/completeness.ts';
import { createSimulator, type SimulatorOptions } from '../../src/simulator/index.ts';
import { createTestDatabase } from '../support/database.ts';

/** Far above what the tests do in a second: they are about what is read, not how fast. */
const CALLS_PER_S = 500;
const NOTHING = { looked: 0, stored: 0 };

export interface TenantWorld {
  readonly sql: Sql;
  readonly databaseUrl: string;
  readonly stripeUrl: string;
  readonly ports: CompletenessPorts;
  readonly tenant: IssuerTenant;
  readonly stripe: Stripe;
  /** Calls that reached Stripe's list of events. */
  readonly calls: string[];
  /** From which second on objects were read again, each time. */
  readonly rereads: number[];
  readonly nowS: () => number;
  pass(seconds: number): Promise<void>;
  control(method: string, path: string, body: object): Promise<unknown>;
  /** Makes so many events, of cardholders. */
  make(count: number): Promise<void>;
  /** What Stripe lists, the newest first. */
  listed(): Promise<readonly IncomingEvent[]>;
  /** Delivers events as the receiver of webhooks stores them. */
  deliver(events: readonly IncomingEvent[]): Promise<readonly string[]>;
  stored(): Promise<readonly { eventId: string; source: string }[]>;
  close(): Promise<void>;
}

export async function createTenantWorld(
  options: { readonly stripeAccount?: string; readonly simulator?: Partial<SimulatorOptions> } = {},
): Promise<TenantWorld> {
  const database = await createTestDatabase();
  const sql = createSql({ url: database.appUrl, poolSize: 4, name: 'test-reconciliation' });
  const calls: string[] = [];
  const rereads: number[] = [];
  const simulator = createSimulator({
    clock: 'virtual',
    onCall: ({ method, path }) => {
      if (path.startsWith('/v1/events')) calls.push(`${method} ${path}`);
    },
    ...options.simulator,
  });
  const url = await simulator.listen();
  const account = options.stripeAccount;
  const stripe = createStripe({ secretKey: 'sk_test_reconciliation', apiBase: url });
  const state = { nowS: 0, made: 0 };

  const control = async (method: string, path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${url}${path}`, { method, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const pass = async (seconds: number): Promise<void> => {
    const answer = (await control('POST', '/_sim/clock/advance', { seconds })) as { now: number };
    state.nowS = answer.now;
  };
  await pass(0);
  if (account !== undefined) await control('POST', '/_sim/accounts', { id: account });
  const tenant: IssuerTenant = {
    tenantId: parseTenantId(idFrom('tenant', 'reconciled')),
    stripeAccount: account === undefined ? null : parseStripeAccountId(account),
  };
  await sql`
    insert into tenants (tenant_id, stripe_account, name) values (${tenant.tenantId}, ${tenant.stripeAccount}, 'Test')`;
  const ports: CompletenessPorts = {
    lister: createEventLister(stripe),
    pace: createPace(CALLS_PER_S),
    store: createCatchUpStore(sql),
    completeness: createCompletenessStore(sql),
    async reread(_tenant, sinceS) {
      rereads.push(sinceS);
      return {
        cards: { looked: 3, stored: 1 },
        cardholders: NOTHING,
        authorizations: NOTHING,
        transactions: NOTHING,
        disputes: NOTHING,
      };
    },
  };
  const request = account === undefined ? {} : { stripeAccount: account };

  return {
    sql,
    databaseUrl: database.appUrl,
    stripeUrl: url,
    ports,
    tenant,
    stripe,
    calls,
    rereads,
    nowS: () => state.nowS,
    pass,
    control,
    async make(count) {
      for (let n = 0; n < count; n += 1) {
        state.made += 1;
        await stripe.issuing.cardholders.create(
          {
            name: `Person ${'abcdefghij'[state.made % 10]}`,
            type: 'individual',
            billing: {
              address: { line1: '1 Main St', city: 'Berlin', postal_code: '10115', country: 'DE' },
            },
          },
          request,
        );
      }
    },
    async listed() {
      const events: IncomingEvent[] = [];
      let after: string | null = null;
      do {
        const query = { createdFromS: 0, createdBeforeS: state.nowS + 1, after };
        const types = COMPLETENESS_EVENT_TYPES.slice(0, 20);
        const page = await ports.lister.list(tenant.stripeAccount, { ...query, types });
        events.push(...page.events);
        after = page.hasMore ? (page.events.at(-1)?.eventId ?? null) : null;
      } while (after !== null);
      return events;
    },
    async deliver(events) {
      const intake = createEventIntake(sql);
      return Promise.all(events.map((event) => intake.store(event)));
    },
    stored: () => sql<{ eventId: string; source: string }[]>`
      select event_id as "eventId", source from inbox order by inbox_id`,
    async close() {
      await sql.end();
      await simulator.close();
      await database.drop();
    },
  };
}
