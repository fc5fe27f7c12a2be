/** `npm run completeness`: compares Stripe's list of events with ours, a day at a time, and says what is missing. */
import { createCatchUpStore } from '../../../adapters/postgres/catch-up-store.ts';
import { createCompletenessStore } from '../../../adapters/postgres/completeness-store.ts';
import { createDriftStore } from '../../../adapters/postgres/drift-store.ts';
import { createSql, type Sql } from '../../../adapters/postgres/pool.ts';
import { createStripe } from '../../../adapters/stripe/client.ts';
import { createEventLister } from '../../../adapters/stripe/event-lister.ts';
import { interpretEvent } from '../../../adapters/stripe/interpret-event.ts';
import { createStripeReader } from '../../../adapters/stripe/reader.ts';
import { createPace } from '../../../platform/pace.ts';
import type { DayReport } from '../../../ports/completeness.ts';
import { type IssuerTenant, IssuerUnavailableError } from '../../../ports/issuer.ts';
import {
  type CompletenessPorts,
  checkDay,
  checkDays,
} from '../../../reconciliation/completeness.ts';
import { driftPortsOver } from '../../../reconciliation/drift-ports.ts';
import { createReread } from '../../../reconciliation/reread.ts';
import { namingDatabase, withoutPassword } from '../database-address.ts';
import { comparedSides, TRIES_MAX } from '../reconcile/compared-sides.ts';
import type { StripeAddress } from '../reconcile/local-stripe.ts';
import type { CompletenessArguments } from './completeness-arguments.ts';
import { dayLines, isGap, summaryText } from './completeness-text.ts';

const GAP_EXIT_CODE = 1;
const CANNOT_LOOK_EXIT_CODE = 2;

/**
 * @returns the exit code: 0 without a gap, 1 while one is open, 2 when some tenant could not be looked at, or when there
 * is no tenant that the named day concerns. Throws when the database cannot be used.
 */
export async function runCompleteness(argv: CompletenessArguments): Promise<number> {
  const { database, stripe, callsPerS } = await comparedSides();
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

function portsOver(sql: Sql, address: StripeAddress, callsPerS: number): CompletenessPorts {
  const stripe = createStripe(address);
  const pacing = { pace: createPace(callsPerS), triesMax: TRIES_MAX };
  const portsFor = driftPortsOver({
    ...pacing,
    store: createDriftStore(sql),
    reader: createStripeReader(stripe),
    interpret: interpretEvent,
  });
  return {
    ...pacing,
    lister: createEventLister(stripe),
    store: createCatchUpStore(sql),
    completeness: createCompletenessStore(sql),
    reread: createReread(portsFor),
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
