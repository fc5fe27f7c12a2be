/** Books what the API commands: money paid in and out, moved between accounts, and taken back again. */
import {
  type AccountStanding,
  type Movement,
  movementPostings,
  movementRefusal,
} from '../../domain/account-rules.ts';
import { type AccountId, parseAccountId } from '../../domain/ids.ts';
import { invariant } from '../../domain/invariant.ts';
import { add, type MinorUnits, minorUnits } from '../../domain/money.ts';
import type { BookedEntry, BookingOutcome } from '../../ports/accounts.ts';
import { tellAccountItems } from './account-items.ts';
import { knownCurrency, lockAccounts } from './account-rows.ts';
import { exactTime } from './exact-time.ts';
import type { Queryable } from './pool.ts';

const MS_PER_SECOND = 1000;

export interface Booking {
  readonly kind: 'credit' | 'debit' | 'transfer' | 'correction';
  /** Whose command it is, and whose reference. */
  readonly accountId: AccountId;
  /** Where the money goes; null is the tenant's `funding`. */
  readonly from: AccountId | null;
  readonly to: AccountId | null;
  readonly amountMinor: MinorUnits;
  readonly externalRef: string | null;
  readonly correctsEntryId?: string;
  readonly atMs: number;
}

/**
 * Books under the locks of the accounts, so that two calls with one reference cannot both pass. A repeat is
 * recognised before anything else is looked at: it changes nothing, so a frozen account answers it too.
 */
export async function book(sql: Queryable, booking: Booking): Promise<BookingOutcome> {
  const ids = [booking.from, booking.to].filter((id) => id !== null);
  const accounts = await lockAccounts(sql, ids);
  const missing = ids.find((id) => !accounts.has(id));
  if (missing !== undefined) return { kind: 'unknown_account', accountId: missing };
  const earlier = await findByReference(sql, booking);
  if (earlier !== undefined) {
    return isSame(earlier, booking)
      ? { kind: 'booked', entry: earlier }
      : { kind: 'ref_reused', entryId: earlier.entryId };
  }
  const correction = await findCorrection(sql, booking);
  if (correction !== undefined) return { kind: 'already_corrected', entryId: correction };
  const standing = (id: AccountId | null): AccountStanding | null =>
    id === null ? null : (accounts.get(id) ?? null);
  const movement: Movement = {
    from: standing(booking.from),
    to: standing(booking.to),
    amountMinor: booking.amountMinor,
  };
  const refusal = movementRefusal(movement);
  if (refusal !== null) return refusal;
  const entryId = await write(sql, booking, movement);
  // Money that comes in may bring an account back above its limit; money that goes out is never below it.
  const { to } = movement;
  if (to !== null) {
    const availableMinor = add(to.availableMinor, booking.amountMinor);
    await tellAccountItems(sql, to, { ...to, availableMinor });
  }
  const [entry] = await findEntries(sql, sql`e.entry_id = ${entryId}`);
  invariant(entry !== undefined, 'an entry just written is there');
  return { kind: 'booked', entry };
}

const counterOf = ({ accountId, from, to }: Booking): AccountId | null =>
  from === accountId ? to : from;

/** What a reference stands for: the same again is a repeat, anything else a mistake of the caller. */
const isSame = (entry: BookedEntry, booking: Booking): boolean =>
  entry.kind === booking.kind &&
  entry.amountMinor === booking.amountMinor &&
  entry.counterAccountId === counterOf(booking) &&
  entry.correctsEntryId === (booking.correctsEntryId ?? null);

async function write(sql: Queryable, booking: Booking, movement: Movement): Promise<number> {
  const owner = movement.from?.id === booking.accountId ? movement.from : movement.to;
  invariant(owner !== null, 'a booking touches the account that commands it');
  const { tenantId, currency } = owner;
  const [row] = await sql<{ entry_id: number }[]>`
    insert into journal_entries (tenant_id, currency, kind, account_id, counter_account_id, external_ref,
      corrects_entry_id, effective_at)
    values (${tenantId}, ${currency}, ${booking.kind}, ${booking.accountId}, ${counterOf(booking)},
      ${booking.externalRef}, ${booking.correctsEntryId ?? null}::text::bigint,
      to_timestamp(${booking.atMs / MS_PER_SECOND}))
    returning entry_id`;
  invariant(row !== undefined, 'an insert returns its row');
  for (const { accountId, debit, credit } of movementPostings(movement)) {
    await sql`
      insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id)
      values (${row.entry_id}, ${tenantId}, ${currency}, ${debit}, ${credit}, ${booking.amountMinor}, ${accountId})`;
  }
  return row.entry_id;
}

async function findByReference(
  sql: Queryable,
  { accountId, externalRef }: Booking,
): Promise<BookedEntry | undefined> {
  if (externalRef === null) return undefined;
  const [entry] = await findEntries(
    sql,
    sql`e.account_id = ${accountId} and e.external_ref = ${externalRef}`,
  );
  return entry;
}

/** The entry that has corrected the same one before. Both lock the account of the corrected entry. */
async function findCorrection(
  sql: Queryable,
  { correctsEntryId }: Booking,
): Promise<string | undefined> {
  if (correctsEntryId === undefined) return undefined;
  const [row] = await sql<{ id: string }[]>`
    select entry_id::text as id from journal_entries where corrects_entry_id = ${correctsEntryId}::text::bigint`;
  return row?.id;
}

/** Entries of commands, with the posting of the account that commanded them. */
export async function findEntries(
  sql: Queryable,
  condition: ReturnType<Queryable>,
): Promise<readonly BookedEntry[]> {
  const rows = await sql<
    (Omit<BookedEntry, 'currency' | 'accountId' | 'amountMinor' | 'availableMinor'> & {
      accountId: string;
      currency: string;
      amountMinor: number;
      availableMinor: number;
    })[]
  >`
    select e.entry_id::text as "entryId", e.kind, e.account_id as "accountId",
           e.counter_account_id as "counterAccountId", e.currency, p.amount_minor as "amountMinor",
           e.external_ref as "externalRef", e.corrects_entry_id::text as "correctsEntryId",
           p.available_after_minor as "availableMinor", ${exactTime(sql, sql`p.posted_at`)} as "postedAt"
      from journal_entries e join postings p on p.entry_id = e.entry_id and p.account_id = e.account_id
     where ${condition} order by p.seq limit 1`;
  return rows.map((row) => ({
    ...row,
    accountId: parseAccountId(row.accountId),
    currency: knownCurrency(row.currency),
    amountMinor: minorUnits(row.amountMinor),
    availableMinor: minorUnits(row.availableMinor),
  }));
}
