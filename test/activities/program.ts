/** A card program in a database of its own, the simulator as its Stripe, and the activities over both. */
import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import {
  type ActivityPorts,
  type CardActivities,
  createActivities,
} from '../../activities/index.ts';
import { createExternalProvider } from '../../src/adapters/kyc/external-provider.ts';
import { createAttemptStore } from '../../src/adapters/postgres/attempt-store.ts';
import { createCardStore } from '../../src/adapters/postgres/card-store.ts';
import { createHolderStore } from '../../src/adapters/postgres/holder-store.ts';
import { createManualReview } from '../../src/adapters/postgres/manual-review.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createVerificationStore } from '../../src/adapters/postgres/verification-store.ts';
import { createCardIssuer } from '../../src/adapters/stripe/card-issuer.ts';
import { createStripe } from '../../src/adapters/stripe/client.ts';
import { createStripeIdentity } from '../../src/adapters/stripe/identity.ts';
import type { ReplacementReason } from '../../src/domain/card-facts.ts';
import { type CardId, idFrom, parseCardholderId, parseCardId } from '../../src/domain/ids.ts';
import { createSimulator, type Simulator } from '../../src/simulator/index.ts';
import { createTestDatabase } from '../support/database.ts';
import { createKycProvider, type KycProviderStandIn } from '../support/kyc-provider.ts';
import { createStripeProxy, type StripeProxy } from './stripe-proxy.ts';

const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const random = (): string => randomUUID().replaceAll('-', '');
export const SECRET_NAME = 'Jenny Rosen';

export interface Program {
  readonly sql: Sql;
  /** Of the schema's owner, who may do what no process may. */
  readonly ownerUrl: string;
  readonly proxy: StripeProxy;
  readonly simulator: Simulator;
  readonly provider: KycProviderStandIn;
  readonly ports: ActivityPorts;
  readonly activities: CardActivities;
  /** Moves our clock; Stripe's stands still. */
  later(ms: number): void;
  /** A requested card; with `holderOf` its holder is that of another card. */
  card(options?: {
    readonly type?: 'virtual' | 'physical';
    readonly tenant?: string;
    readonly holderOf?: CardId;
    readonly holderType?: 'individual' | 'company';
    /** Added to the usual profile of a new holder. */
    readonly profile?: object;
    /** Added to the usual parcel of a physical card. */
    readonly shipping?: object;
    readonly secondLine?: string;
    readonly options?: object;
    readonly controls?: object;
    readonly replaces?: { readonly cardId: CardId; readonly reason: ReplacementReason };
  }): Promise<CardId>;
  tenant(stripeAccount: string | null): Promise<string>;
  /** Everything Stripe holds of a kind, over all accounts. */
  atStripe(kind: 'cards' | 'cardholders'): Promise<readonly Record<string, unknown>[]>;
  control(method: string, path: string, body: object): Promise<void>;
  /** Runs an activity as a worker would, with its own context. */
  run<T>(activity: () => Promise<T>, scheduledMs?: number): Promise<T>;
  close(): Promise<void>;
}

export async function createProgram(): Promise<Program> {
  const database = await createTestDatabase();
  const sql = createSql({ url: database.appUrl, poolSize: 6, name: 'test-activities' });
  const simulator = createSimulator();
  const target = await simulator.listen();
  const proxy = await createStripeProxy(target);
  const provider = await createKycProvider();
  const stripe = createStripe({ secretKey: 'sk_test_activities', apiBase: proxy.url });
  let offsetMs = 0;
  const ports: ActivityPorts = {
    cards: createCardStore(sql),
    holders: createHolderStore(sql),
    attempts: createAttemptStore(sql),
    issuer: createCardIssuer(stripe),
    verifications: createVerificationStore(sql),
    kyc: {
      stripe_identity: createStripeIdentity(stripe),
      manual: createManualReview(sql),
      external: createExternalProvider({ url: provider.url, secret: provider.requestSecret }),
    },
    clock: { nowMs: () => Date.now() + offsetMs },
  };
  const activities = createActivities(ports);

  async function tenant(stripeAccount: string | null): Promise<string> {
    const tenantId = idFrom('tenant', random());
    await sql`insert into tenants (tenant_id, stripe_account, name) values (${tenantId}, ${stripeAccount}, 'Test')`;
    return tenantId;
  }
  const platform = await tenant(null);

  async function newHolder(
    tenantId: string,
    type: 'individual' | 'company',
    changes: object,
  ): Promise<string> {
    const cardholderId = parseCardholderId(idFrom('cardholder', random()));
    const profile = {
      name: SECRET_NAME,
      email: `${random()}@example.com`,
      // Stripe asks for it where cards are European.
      phoneNumber: '+4930123456',
      billing: { line1: '1 Main St', city: 'Berlin', postalCode: '10115', country: 'DE' },
      ...(type === 'company'
        ? {}
        : {
            individual: {
              firstName: 'Jenny',
              lastName: 'Rosen',
              dob: { day: 1, month: 2, year: 1990 },
            },
          }),
      ...changes,
    };
    await sql`
      insert into cardholders (tenant_id, cardholder_id, customer_ref, type, profile)
      values (${tenantId}, ${cardholderId}, ${random()}, ${type}, ${JSON.stringify(profile)}::text::jsonb)`;
    return cardholderId;
  }

  return {
    sql,
    ownerUrl: database.ownerUrl,
    proxy,
    simulator,
    provider,
    ports,
    activities,
    tenant,
    later: (ms) => void (offsetMs += ms),
    async card(wanted = {}) {
      const { type = 'virtual', tenant: tenantId = platform, holderOf, replaces } = wanted;
      const { holderType = 'individual', profile = {} } = wanted;
      const cardId = parseCardId(idFrom('card', random()));
      const accountId = idFrom('account', random());
      const [other] =
        holderOf === undefined
          ? []
          : await sql<
              { id: string }[]
            >`select cardholder_id as id from cards where card_id = ${holderOf}`;
      const cardholderId = other?.id ?? (await newHolder(tenantId, holderType, profile));
      const shipping =
        type === 'virtual'
          ? null
          : {
              name: SECRET_NAME,
              service: 'express',
              line1: '1 Main St',
              city: 'Berlin',
              postalCode: '10115',
              country: 'DE',
              ...wanted.shipping,
            };
      await sql`insert into accounts (tenant_id, account_id, customer_ref, currency) values (${tenantId}, ${accountId}, ${random()}, 'eur')`;
      await sql`
        insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, shipping, second_line,
                           options, controls, replacement_for, replacement_reason)
        values (${tenantId}, ${cardId}, ${cardholderId}, ${accountId}, ${type}, 'eur',
                ${shipping === null ? null : JSON.stringify(shipping)}::text::jsonb,
                ${wanted.secondLine ?? null}, ${JSON.stringify(wanted.options ?? {})}::text::jsonb,
                ${JSON.stringify(wanted.controls ?? {})}::text::jsonb,
                ${replaces?.cardId ?? null}, ${replaces?.reason ?? null})`;
      return cardId;
    },
    async atStripe(kind) {
      const answer = await fetch(`${target}/_sim/objects`);
      const { accounts } = (await answer.json()) as {
        accounts: readonly Record<typeof kind, readonly Record<string, unknown>[]>[];
      };
      return accounts.flatMap((account) => account[kind]);
    },
    async control(method, path, body) {
      const content = { method, body: JSON.stringify(body) };
      const answer = await fetch(`${target}/_sim${path}`, content);
      if (!answer.ok) throw new Error(await answer.text());
    },
    run: (activity, scheduledMs = Date.now()) =>
      new MockActivityEnvironment({ scheduledTimestampMs: scheduledMs }, { logger: quiet }).run(
        activity,
      ),
    async close() {
      await sql.end();
      await proxy.close();
      await provider.close();
      await simulator.close();
      await database.drop();
    },
  };
}
