/** Databases on a server whose administrator we are: the local stack's and the tests'. */
import postgres from 'postgres';

/** An embedded server answers at once; a longer wait would only hide that it does not. */
const CONNECT_TIMEOUT_S = 10;
const DUPLICATE_DATABASE = '42P04';

/**
 * Creates the database unless it exists. `adminUrl` connects to any other database of the server.
 * The name is quoted as an identifier, and must not hold a quote itself.
 */
export async function ensureDatabase(adminUrl: string, name: string): Promise<void> {
  if (!/^[a-z_][a-z0-9_]*$/.test(name)) throw new Error(`${name} is not a plain database name`);
  const sql = postgres(adminUrl, {
    max: 1,
    connect_timeout: CONNECT_TIMEOUT_S,
    onnotice: () => {},
  });
  try {
    await sql.unsafe(`create database "${name}"`);
  } catch (error) {
    if (!(error instanceof postgres.PostgresError) || error.code !== DUPLICATE_DATABASE)
      throw error;
  } finally {
    await sql.end();
  }
}
