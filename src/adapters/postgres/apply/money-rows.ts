/** The rows of a batch that are about money: locks, loads, asks the pure core, writes. */
import { applySightings } from '../../../domain/apply-sightings.ts';
import type { AccountState, Books, MoneySighting, SeenOutcome } from '../../../domain/books.ts';
import type { Sighting } from '../../../domain/sighting.ts';
import { cardOf, nameAwaiting, recordsOfKnownCards } from '../../../domain/sighting-intake.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Transaction } from '../pool.ts';
import { parkOrGiveUp, type ReadRow, type RowOutcome } from './inbox-row.ts';
import { type LockMode, loadBooks, lockAccounts } from './load-books.ts';
import { namedBy } from './named.ts';
import { writeBooks } from './write-books.ts';

const MS_PER_SECOND = 1000;

export const isMoney = (sighting: Sighting): sighting is MoneySighting =>
  sighting.kind === 'authorization' ||
  sighting.kind === 'transaction' ||
  sighting.kind === 'decision' ||
  sighting.kind === 'card_recorded';

export type ReadMoneyRow = ReadRow & { readonly sighting: MoneySighting };

/**
 * Moves the books to what the rows say. In the mode `skip` the rows of accounts that somebody else has locked are left
 * as they are, without an outcome.
 */
export async function applyMoneyRows(
  tx: Transaction,
  rows: readonly ReadMoneyRow[],
  clock: Clock,
  mode: LockMode,
): Promise<readonly RowOutcome[]> {
  if (rows.length === 0) return [];
  const seen = rows.map(({ row, tenantId, sighting }) => ({
    key: row.inbox_id,
    tenantId,
    sighting,
  }));
  const named = namedBy(seen);
  const accounts = await lockAccounts(tx, named, mode);
  const books = await loadBooks(tx, named, accounts);
  const locked = lockedCards(books, accounts);
  const ready = seen.filter((row) => {
    const card = cardOf(books, nameAwaiting(books, row));
    const cards = card === undefined ? recordsOfKnownCards(books, row).map((r) => r.card) : [card];
    return cards.every(({ stripeCardId }) => locked.has(stripeCardId));
  });
  const change = applySightings(books, ready, Math.floor(clock.nowMs() / MS_PER_SECOND));
  await writeBooks(tx, change);
  return rows.flatMap(({ row }) => {
    const outcome = change.outcomes.get(row.inbox_id);
    return outcome === undefined ? [] : [rowOutcome(row, outcome)];
  });
}

/** Cards whose account is locked by us: one that became known a moment ago is not among them. */
function lockedCards(books: Books, accounts: readonly AccountState[]): ReadonlySet<string> {
  const ids = new Set(accounts.map((account) => account.accountId));
  const cards = [...books.cards.values()].filter((card) => ids.has(card.accountId));
  return new Set(cards.map((card) => card.stripeCardId));
}

function rowOutcome(row: ReadRow['row'], outcome: SeenOutcome): RowOutcome {
  switch (outcome.kind) {
    case 'parked':
      return parkOrGiveUp(row, outcome.reason);
    case 'attention':
      return { row, status: 'attention', reason: outcome.reason, hasItem: outcome.hasItem };
    case 'applied':
      return { row, status: 'applied', reason: outcome.reason };
  }
}
