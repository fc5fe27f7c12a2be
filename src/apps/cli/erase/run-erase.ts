/** `npm run erase`: takes a cardholder's personal data out of every row, as the owner of the database. */
import { userInfo } from 'node:os';
import { type Erasure, eraseHolder } from '../../../adapters/postgres/erasure/erase-holder.ts';
import type { ErasureObstacle } from '../../../adapters/postgres/erasure/holder-traces.ts';
import { createSql } from '../../../adapters/postgres/pool.ts';
import { namingDatabase } from '../database-address.ts';
import { ownerDatabase } from '../ledger-verify/local-database.ts';
import type { EraseArguments } from './erase-arguments.ts';

/** A month's part of a busy inbox is read in minutes; an hour means that it is stuck. */
const STATEMENT_TIMEOUT_MS = 3_600_000;

/** @returns the exit code: 0 when it is done or was only looked at, 1 when something stands against it. Throws when it could not be done. */
export async function runErase({ cardholderId, isConfirmed }: EraseArguments): Promise<number> {
  const database = await ownerDatabase();
  const sql = createSql({
    url: database.url,
    poolSize: 1,
    name: 'issuing-erase',
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  try {
    const erasure = await namingDatabase(database, () =>
      eraseHolder(sql, {
        cardholderId,
        isConfirmed,
        byHand: {
          actor: `command:${userInfo().username}`,
          by: null,
          reason: 'asked to be forgotten',
          requestId: null,
        },
        onPart: (part, erased) => console.error(`  ${part}: ${erased} events emptied`),
      }),
    );
    console.log(erasureText(cardholderId, erasure));
    return erasure.kind === 'erased' || erasure.kind === 'looked' ? 0 : 1;
  } finally {
    await sql.end();
  }
}

/** What the command says at its end. */
export function erasureText(cardholderId: string, erasure: Erasure): string {
  switch (erasure.kind) {
    case 'unknown':
      return `There is no cardholder ${cardholderId}.`;
    case 'refused':
      return [
        `${cardholderId} cannot be erased yet:`,
        ...erasure.obstacles.map((obstacle) => `  ${obstacleText(obstacle)}`),
      ].join('\n');
    case 'looked':
      return (
        `${cardholderId} has ${counted(erasure.traces.cardIds.length, 'closed card')}, and ${counted(erasure.events, 'event')} ` +
        'with a body. Nothing was changed. What is erased cannot be brought back: run it again with --yes.'
      );
    case 'erased': {
      const rows = Object.entries(erasure.rows).map(([table, count]) => `${table} ${count}`);
      return `${cardholderId} is erased. Rows emptied: ${rows.join(', ')}.`;
    }
  }
}

function obstacleText(obstacle: ErasureObstacle): string {
  switch (obstacle.kind) {
    case 'open_cards':
      return `These cards are not closed: ${obstacle.cardIds.join(', ')}. Cancel them, and wait until all is settled.`;
    case 'events_waiting':
      return `${counted(obstacle.count, 'event')} wait to be applied. Repeat this once the relay has done so.`;
    case 'open_items':
      return `These attention items are open: ${obstacle.itemIds.join(', ')}. Settle them first.`;
  }
}

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;
