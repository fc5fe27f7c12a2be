/** What happens to Postgres, and how it comes back. */
import { setTimeout as delay } from 'node:timers/promises';
import { createSql } from '../../src/adapters/postgres/pool.ts';
import type { Part } from '../../src/apps/cli/local/part.ts';
import { childrenOf } from './postgres-cpu.ts';

export interface Fault {
  readonly name: string;
  /** About how long Postgres is away. */
  readonly lastsS: number;
  begin(server: Part): Promise<void>;
  /** Resolves when it is over; Postgres may answer earlier. */
  end(server: Part): Promise<void>;
}

const DEAD_S = 1;
const TRY_EVERY_MS = 5;
/** A server that is not back yet may take a connection and say nothing. */
const TRY_TIMEOUT_MS = 250;
const GIVEN_UP_MS = 60_000;

/** The server with all its processes, those of its clients among them. */
async function signalAll(server: Part, signal: NodeJS.Signals): Promise<void> {
  const postmaster = server.pid();
  if (postmaster === undefined) throw new Error('Postgres is not running');
  for (const pid of [postmaster, ...(await childrenOf(postmaster))]) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself between the look and the signal.
    }
  }
}

export const faults = (haltedS: number): readonly Fault[] => [
  {
    name: `halted for ${haltedS} s`,
    lastsS: haltedS,
    async begin(server) {
      await signalAll(server, 'SIGSTOP');
      await delay(haltedS * 1000);
    },
    end: (server) => signalAll(server, 'SIGCONT'),
  },
  {
    name: 'killed',
    // With the recovery.
    lastsS: DEAD_S + 2,
    async begin(server) {
      // Stopped first, so that none of them sees another's end and writes anything more.
      await signalAll(server, 'SIGSTOP');
      await signalAll(server, 'SIGKILL');
      await server.kill('SIGKILL');
      await delay(DEAD_S * 1000);
    },
    end: (server) => server.start(),
  },
  {
    name: 'restarted',
    lastsS: 1,
    begin: (server) => server.stop(),
    end: (server) => server.start(),
  },
];

/** When a new session got its first answer, by the wall clock. */
export async function whenItAnswers(url: string): Promise<number> {
  const deadline = Date.now() + GIVEN_UP_MS;
  while (Date.now() < deadline) {
    const sql = createSql({ url, poolSize: 1, name: 'bench-probe' });
    const answer = sql`select 1`.then(
      () => true,
      () => false,
    );
    const late = delay(TRY_TIMEOUT_MS, false, { ref: false });
    const isBack = await Promise.race([answer, late]);
    const atMs = Date.now();
    void sql.end({ timeout: 0 }).catch(() => {});
    if (isBack) return atMs;
    await delay(TRY_EVERY_MS);
  }
  throw new Error('Postgres did not come back');
}
