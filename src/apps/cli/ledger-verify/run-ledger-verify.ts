/** `npm run ledger:verify`: re-computes the books and says whether they are right. */
import { join } from 'node:path';
import { createSql } from '../../../adapters/postgres/pool.ts';
import {
  type Difference,
  type Verification,
  verifyLedger,
} from '../../../adapters/postgres/verify/verify-ledger.ts';
import { interpretEvent } from '../../../adapters/stripe/interpret-event.ts';
import { systemClock } from '../../../platform/clock.ts';
import { ledgerVerifyConfig, processEnvironment } from '../../../platform/config.ts';
import { namingDatabase } from '../database-address.ts';
import { projectRoot } from '../local/module-command.ts';
import { localDatabaseUrl } from './local-database.ts';

/** The window over a very busy account takes seconds; an hour on one page means that it is stuck. */
const STATEMENT_TIMEOUT_MS = 3_600_000;
/** Enough to see what kind of thing went wrong; more is a list that nobody reads. */
const DIFFERENCES_ALL_MAX = 100;
/** Small books are done before anybody wants to hear of progress. */
const PROGRESS_EVERY_MS = 2_000;
const MS_PER_SECOND = 1000;

/** @returns the exit code: 0 when the books are right, 1 when a difference was found. Throws when they cannot be read. */
export async function runLedgerVerify(all: boolean): Promise<number> {
  const { databaseUrl, clockOffsetMs } = ledgerVerifyConfig(processEnvironment());
  // As the relay's: time alone ends what is held on top of a fuel purchase.
  const nowS = Math.floor(systemClock(clockOffsetMs).nowMs() / MS_PER_SECOND);
  const database =
    databaseUrl === undefined
      ? { name: 'the local stack', url: await localDatabaseUrl(join(projectRoot, '.local')) }
      : { name: 'DATABASE_URL', url: databaseUrl };
  const startedAt = performance.now();
  const verification = await namingDatabase(database, () => verify(database.url, { all, nowS }));
  const seconds = (performance.now() - startedAt) / MS_PER_SECOND;
  console.log(outcomeText(verification, seconds));
  return verification.differences.length === 0 ? 0 : 1;
}

async function verify(
  url: string,
  { all, nowS }: { readonly all: boolean; readonly nowS: number },
): Promise<Verification> {
  const sql = createSql({
    url,
    poolSize: 1,
    name: 'issuing-ledger-verify',
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    isReadOnly: true,
  });
  try {
    return await verifyLedger(sql, {
      interpret: interpretEvent,
      nowS,
      differencesMax: all ? DIFFERENCES_ALL_MAX : 1,
      onProgress: progressPrinter((line) => console.log(line)),
    });
  } finally {
    await sql.end();
  }
}

function progressPrinter(print: (line: string) => void): (rows: string, count: number) => void {
  let toldAt = performance.now();
  return (rows, count) => {
    if (performance.now() - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = performance.now();
    print(`  ${grouped(count)} ${rows} …`);
  };
}

/** What the command says at its end. */
export function outcomeText({ differences, counts }: Verification, seconds: number): string {
  const looked = counts.map(({ rows, count }) => `${grouped(count)} ${rows}`).join(', ');
  const took = `${looked}; ${seconds.toFixed(1)} s`;
  if (differences.length === 0) return `The books are right: ${took}.`;
  return [...differences.map(differenceText), `The books are wrong. Looked at ${took}.`].join('\n');
}

const differenceText = ({ what, expected, found }: Difference): string =>
  `${what}\n  expected  ${expected}\n  found     ${found}`;

const grouped = (count: number): string => count.toLocaleString('en-US');
