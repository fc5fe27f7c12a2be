/** The two sides that a command compares: our database and a Stripe, or both of a local stack. */
import { join } from 'node:path';
import { comparisonConfig, processEnvironment } from '../../../platform/config.ts';
import type { DatabaseSetting } from '../database-address.ts';
import { localDatabaseUrl } from '../ledger-verify/local-database.ts';
import { projectRoot } from '../local/module-command.ts';
import { localStripe, type StripeAddress } from './local-stripe.ts';

/** A person waits, so that Stripe counts as away after some seconds. */
export const TRIES_MAX = 3;

export interface ComparedSides {
  readonly database: DatabaseSetting;
  readonly stripe: StripeAddress;
  /** The processes call Stripe too. */
  readonly callsPerS: number;
}

/** What is given, or the parts of a local stack that runs in this checkout. Throws a sentence when there is neither. */
export async function comparedSides(): Promise<ComparedSides> {
  const { given, callsPerS } = comparisonConfig(processEnvironment());
  if (given !== undefined) {
    const database = { name: 'DATABASE_URL', url: given.databaseUrl };
    return { database, stripe: given.stripe, callsPerS };
  }
  const folder = join(projectRoot, '.local');
  const url = await localDatabaseUrl(folder);
  const database = { name: 'the local stack', url };
  return { database, stripe: await localStripe(folder), callsPerS };
}
