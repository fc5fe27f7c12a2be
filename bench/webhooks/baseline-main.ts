/**
 * The baselines' process: the ingress' own HTTP application with another store. `signature` stores nothing, `insert` makes
 * one INSERT an event, each on a connection of the pool.
 *
 * Arguments: the store, the port, the signing secret, the database's address, the size of the pool.
 */
import { createApiKeys } from '../../src/adapters/postgres/api-key-store.ts';
import { createChangeFeed } from '../../src/adapters/postgres/change-feed.ts';
import { isDatabaseOutage } from '../../src/adapters/postgres/database-outage.ts';
import { createAnswers } from '../../src/adapters/postgres/idempotency-store.ts';
import { createSql } from '../../src/adapters/postgres/pool.ts';
import { createRecords } from '../../src/adapters/postgres/records.ts';
import { createCardWorkflows } from '../../src/adapters/temporal/card-workflows.ts';
import { createTemporalClient } from '../../src/adapters/temporal/connection.ts';
import { buildApp } from '../../src/apps/ingress/app.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import type { EventIntake } from '../../src/ports/event-intake.ts';

const [kind = 'signature', port = '0', secret = '', url = '', poolSize = '1'] =
  process.argv.slice(2);
const sql = createSql({ url, poolSize: Number(poolSize), name: 'bench-baseline' });
const temporal = createTemporalClient({ address: '127.0.0.1:1', namespace: 'none' });

const nothing: EventIntake['store'] = () => Promise.resolve('stored');
const insert: EventIntake['store'] = async (event) => {
  const stored = await sql`
    insert into inbox (tenant_id, stripe_account, event_id, source, type, object_id, group_key, created, payload)
    values ((select tenant_id from tenants where stripe_account = ${event.stripeAccount}), ${event.stripeAccount},
            ${event.eventId}, 'webhook', ${event.type}, ${event.objectId}, ${event.groupKey}, ${event.created},
            ${event.payload})
    on conflict do nothing returning event_id`;
  return stored.length === 1 ? 'stored' : 'duplicate';
};

const app = await buildApp({
  ports: {
    records: createRecords(sql),
    answers: createAnswers(sql),
    events: { store: kind === 'insert' ? insert : nothing },
    workflows: createCardWorkflows(temporal.client),
    clock: systemClock(0),
    kycProviders: [],
    ping: () => Promise.resolve(),
    isOutage: isDatabaseOutage,
    changes: createChangeFeed(sql),
    apiKeys: createApiKeys(sql),
  },
  apiKeys: ['bench'],
  webhookSecrets: [{ signs: 'any', secret }],
  livemode: false,
  kycCallbackSecrets: [],
  logger: createLogger({ name: 'baseline', level: 'info' }),
  metrics: createMetrics('baseline'),
});
await app.listen({ host: '127.0.0.1', port: Number(port) });
process.once('SIGTERM', () => process.exit(0));
