/** Whether a database can be used at all, asked before anything is built on it. */
import postgres from 'postgres';

/** A server that does not answer in this time is not reachable; 10 s covers a slow TLS handshake. */
const CONNECT_TIMEOUT_S = 10;

/** Connects once and rejects with the driver's or the server's error, e.g. for a wrong password. */
export async function checkConnection(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: CONNECT_TIMEOUT_S, onnotice: () => {} });
  try {
    await sql`select 1`;
  } finally {
    await sql.end();
  }
}
