/** `npm run completeness`: compares Stripe's list of events with ours, a day at a time, and says what is missing. */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createCatchUpStore } from '../../../adapters/postgres/catch-up-store.ts';
import { createCompletenessStore } from '../../../adapters/postgres/completeness-store.ts';
import { createDriftStore } from '../../../adapters/postgres/drift-store.ts';
import { createSql, type Sql } from '../../../adapters/postgres/pool.ts';
import { createStripe } from '../../../adapters/stripe/client.ts';
import { createEventLister } from '../../../adapters/stripe/event-lister.ts';
import { interpretEvent } from '../../../adapters/stripe/interpret-event.ts';
import { createStripeReader } from '../../../adapters/stripe/reader.ts';
import { completenessConfig, processEnvironment } from '../../../platform/config.ts';
import { createPace } from '../../../platform/pace.ts';
import type { DayReport } from '../../../ports/completeness.ts';
import { type IssuerTenant, IssuerUnavailableError } from '../../../ports/issuer.ts';
import {
  type CompletenessPorts,
  checkDay,
  checkDays,
} from '../../../reconciliation/completeness.ts';
import { pacedReader } from '../../../reconciliation/paced-reader.ts';
import { createReread } from '../../../reconciliation/reread.ts';
import { namingDatabase, withoutPassword } from '../database-address.ts';
import { localDatabaseUrl } from '../ledger-verify/local-database.ts';
import { projectRoot } from '../local/module-command.ts';
import { localStripe, type StripeAddress } from '../reconcile/local-stripe.ts';
import type { CompletenessArguments } from './completeness-arguments.ts';
import { dayLines, isGap, summaryText } from './completeness-text.ts';

/** Events come within a second or two; what differs for longer has not just happened. */
const SETTLED_AFTER_MS = 3_000;
/** A person waits, so that Stripe counts as away after some seconds. */
const TRIES_MAX = 3;
const GAP_EXIT_CODE = 1;
const CANNOT_LOOK_EXIT_CODE = 2;

/**
 * @returns the exit code: 0 without a gap, 1 while one is open, 2 when some tenant could not be looked at, or when there
 * is no tenant that the named day concerns. Throws when the database cannot be used.
 */
export async function runCompleteness(argv: CompletenessArguments): Promise<number> {
  const { database, stripe, callsPerS } = await whatToCompare();
  const sql = createSql({ url: database.url, poolSize: 2, name: 'issuing-completeness' });
  say(
    `Comparing events of ${withoutPassword(database.url)} with Stripe's list at ${stripe.apiBase} …`,
  );
  try {
    return await namingDatabase(database, () => compare(argv, portsOver(sql, stripe, callsPerS)));
  } finally {
    await sql.end();
  }
}

/** What is given, or the parts of a local stack that runs in this checkout. */
async function whatToCompare() {
  const { given, callsPerS } = completenessConfig(processEnvironment());
  if (given !== undefined) {
    const database = { name: 'DATABASE_URL', url: given.databaseUrl };
    return { database, stripe: given.stripe, callsPerS };
  }
  const folder = join(projectRoot, '.local');
  const url = await localDatabaseUrl(folder);
  const database = { name: 'the local stack', url };
  return { database, stripe: await localStripe(folder), callsPerS };
}

function portsOver(sql: Sql, address: StripeAddress, callsPerS: number): CompletenessPorts {
  const stripe = createStripe(address);
  const pace = createPace(callsPerS);
  return {
    lister: createEventLister(stripe),
    pace,
    triesMax: TRIES_MAX,
    store: createCatchUpStore(sql),
    completeness: createCompletenessStore(sql),
    reread: createReread({
      store: createDriftStore(sql),
      reader: pacedReader(createStripeReader(stripe), { pace, triesMax: TRIES_MAX }),
      interpret: interpretEvent,
      settled: () => setTimeout(SETTLED_AFTER_MS),
    }),
  };
}

async function compare(argv: CompletenessArguments, ports: CompletenessPorts): Promise<number> {
  const reports: DayReport[] = [];
  let failures = 0;
  for (const tenant of await tenantsOf(argv, ports)) {
    try {
      const found = await lookAt(argv, ports, tenant);
      for (const report of found) console.log(dayLines(report));
      reports.push(...found);
    } catch (error) {
      // The accounts of others may be asked all the same.
      if (!(error instanceof IssuerUnavailableError)) throw error;
      failures += 1;
      say(`${tenant.tenantId}: ${error.message}`);
    }
  }
  // A slip in the day must not pass for its proof.
  const isOfNobody = argv.day !== null && reports.length === 0 && failures === 0;
  console.log(isOfNobody ? 'Nothing was compared.' : summaryText(reports, failures));
  if (isOfNobody || failures > 0) return CANNOT_LOOK_EXIT_CODE;
  return reports.some(isGap) ? GAP_EXIT_CODE : 0;
}

async function tenantsOf(
  { tenantId }: CompletenessArguments,
  { store }: CompletenessPorts,
): Promise<readonly IssuerTenant[]> {
  if (tenantId === null) return store.tenants();
  const tenant = await store.tenant(tenantId);
  if (tenant === undefined) throw new Error(`There is no tenant ${tenantId}`);
  return [tenant];
}

async function lookAt(
  { day, isFilling }: CompletenessArguments,
  ports: CompletenessPorts,
  tenant: IssuerTenant,
): Promise<readonly DayReport[]> {
  if (day === null) return checkDays(ports, tenant, { isFilling });
  const report = await checkDay(ports, tenant, day, { isFilling });
  if (report !== undefined) return [report];
  say(`${tenant.tenantId}: the day is to come, or was before the tenant was registered`);
  return [];
}

/** Reports and the outcome go to standard output alone. */
const say = (line: string): void => console.error(line);
