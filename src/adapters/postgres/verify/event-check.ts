/** Stored events: every clearing record that an applied event shows is on the books, with Stripe's amount. */
import type { ObservedTransaction } from '../../../domain/authorization-state.ts';
import { storableValue } from '../../../platform/storable-text.ts';
import type { Interpret, StoredEvent } from '../../../ports/event-application.ts';
import type { Transaction } from '../pool.ts';
import { type Difference, differences, type LedgerCheck, pageOfRows } from './ledger-check.ts';

/** Events at once: a few kB each. */
const EVENTS_PER_PAGE = 500;

interface EventRow {
  id: string;
  event_id: string;
  type: string;
  payload: string;
}

/** `interpret` reads an event as the relay does. */
export const createEventCheck = (interpret: Interpret): LedgerCheck => ({
  rows: 'events about money',
  start: '0',
  async page(tx, after) {
    const rows = await tx<EventRow[]>`
      select inbox_id::text as id, event_id, type, payload from inbox
       where inbox_id > ${after}::text::bigint and status = 'applied' and payload is not null
         and (type like 'issuing_transaction.%' or type like 'issuing_authorization.%')
       order by inbox_id limit ${EVENTS_PER_PAGE}`;
    const shown = rows.flatMap((row) => seenIn(interpret, row));
    return pageOfRows(rows, EVENTS_PER_PAGE, await compare(tx, shown));
  },
});

interface Seen {
  readonly eventId: string;
  readonly transaction: ObservedTransaction;
}

function seenIn(interpret: Interpret, { event_id: eventId, type, payload }: EventRow): Seen[] {
  const sighting = interpret(type, storableValue(payload) as StoredEvent);
  const transactions =
    sighting.kind === 'transaction'
      ? [sighting.transaction]
      : sighting.kind === 'authorization'
        ? sighting.transactions
        : [];
  return transactions.map((transaction) => ({ eventId, transaction }));
}

async function compare(tx: Transaction, shown: readonly Seen[]): Promise<readonly Difference[]> {
  if (shown.length === 0) return [];
  const ids = [...new Set(shown.map(({ transaction }) => transaction.transactionId))];
  const rows = await tx<{ id: string; type: string; currency: string; amount: string }[]>`
    select transaction_id as id, type, currency, amount_minor::text as amount
      from transactions where transaction_id = any (${ids})`;
  const booked = new Map(rows.map((row) => [row.id, `${row.type} ${row.amount} ${row.currency}`]));
  return shown.flatMap(({ eventId, transaction }) => {
    const { transactionId, type, amountMinor, currency } = transaction;
    return differences(`clearing record ${transactionId}`, [
      [
        `as event ${eventId} shows it`,
        `${type} ${amountMinor} ${currency}`,
        booked.get(transactionId),
      ],
    ]);
  });
}
