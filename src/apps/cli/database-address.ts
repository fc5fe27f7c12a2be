/** Failures of a given database, told in terms of the setting that names it. */
import { MigrationError } from '../../adapters/postgres/migration-files.ts';

/** The address for the screen, without its password and parameters, which may hold one too. */
export function withoutPassword(url: string): string {
  const parsed = new URL(url);
  parsed.password = '';
  parsed.search = '';
  return parsed.href;
}

/** A setting of an address of Postgres. */
export interface DatabaseSetting {
  /** The variable, or a word for a database of our own. */
  readonly name: string;
  readonly url: string;
}

/**
 * Runs the work, which uses the database of this setting. A bare `connect ECONNREFUSED` becomes a sentence with
 * the variable and the address; what the migrations say of themselves is clear already.
 */
export async function namingDatabase<T>(
  { name, url }: DatabaseSetting,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MigrationError || !hasCode(error)) throw error;
    throw new Error(`${name}: ${withoutPassword(url)} cannot be used: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** Errors of the system, of the driver and of the server have a code; ours do not. */
const hasCode = (error: unknown): error is Error & { readonly code: string } =>
  error instanceof Error && 'code' in error && typeof error.code === 'string';

/** A host with several addresses fails with an error that holds one for each, and has no message itself. */
function reasonOf(error: Error & { readonly code: string }): string {
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  const message = error.message === '' && inner instanceof Error ? inner.message : error.message;
  return message === '' ? error.code : message;
}
