/** What the changes tell. Only ids, codes, times and amounts: nothing that a person has typed. */
import type { BookingChange, ChangeBody, DecisionChange } from '../../ports/changes.ts';
import type { ChangeKey } from './change-keys.ts';
import { type ChangeKind, RANKS } from './change-position.ts';
import { exactTime } from './exact-time.ts';
import type { Queryable } from './pool.ts';

interface Owner {
  readonly cardId: string | null;
  readonly accountId: string | null;
  readonly at: string;
}
type Told = Owner & ChangeBody;
type ToldByKey = ReadonlyMap<string, Told>;

/** In the order of the keys. */
export async function readChanges(
  sql: Queryable,
  keys: readonly ChangeKey[],
): Promise<readonly Told[]> {
  const of = (kind: ChangeKind) =>
    keys.filter(({ rank }) => rank === RANKS[kind]).map(({ key }) => key);
  const [decisions, bookings, phases, opened, closed] = await Promise.all([
    readDecisions(sql, of('decision')),
    readBookings(sql, of('booking')),
    readPhases(sql, of('phase')),
    readItems(sql, 'opened', of('attention_opened')),
    readItems(sql, 'closed', of('attention_closed')),
  ]);
  const byRank: Readonly<Record<number, ToldByKey>> = {
    [RANKS.decision]: decisions,
    [RANKS.booking]: bookings,
    [RANKS.phase]: phases,
    [RANKS.attention_opened]: opened,
    [RANKS.attention_closed]: closed,
  };
  return keys.map(({ rank, key }) => {
    const told = byRank[rank]?.get(key);
    if (told === undefined) throw new Error(`the change ${rank}.${key} is gone`);
    return told;
  });
}

async function readDecisions(sql: Queryable, keys: readonly string[]): Promise<ToldByKey> {
  if (keys.length === 0) return new Map();
  const rows = await sql<(Owner & DecisionChange)[]>`
    select decision_id as "decisionId", authorization_id as "authorizationId", approved, reason, currency,
           asked_minor as "askedMinor", approved_minor as "approvedMinor", card_id as "cardId",
           account_id as "accountId", ${exactTime(sql, sql`decided_at`)} as at
      from decisions where decision_id = any (${[...keys]})`;
  return new Map(
    rows.map(({ cardId, accountId, at, ...decision }) => [
      decision.decisionId,
      { cardId, accountId, at, kind: 'decision', decision },
    ]),
  );
}

async function readBookings(sql: Queryable, keys: readonly string[]): Promise<ToldByKey> {
  if (keys.length === 0) return new Map();
  const rows = await sql<(Owner & BookingChange & { readonly key: string })[]>`
    select lpad(e.entry_id::text, 19, '0') as key, e.entry_id::text as "entryId", e.kind as "entryKind", e.currency,
           e.counter_account_id as "counterAccountId", e.authorization_id as "authorizationId",
           e.transaction_id as "transactionId", e.decision_id as "decisionId",
           e.corrects_entry_id::text as "correctsEntryId", ${exactTime(sql, sql`e.effective_at`)} as "effectiveAt",
           coalesce(e.card_id, (select d.card_id from decisions d where d.decision_id = e.decision_id),
             (select t.card_id from transactions t where t.transaction_id = e.transaction_id)) as "cardId",
           e.account_id as "accountId", p.at, p.postings
      from journal_entries e
     cross join lateral (
       select ${exactTime(sql, sql`min(p.posted_at)`)} as at,
              json_agg(json_build_object('debit', p.debit, 'credit', p.credit, 'amountMinor', p.amount_minor,
                'accountId', p.account_id) order by p.posting_id) as postings
         from postings p where p.entry_id = e.entry_id) p
     where e.entry_id = any (${keys.map(Number)}::bigint[])`;
  return new Map(
    rows.map(({ key, cardId, accountId, at, ...booking }) => [
      key,
      { cardId, accountId, at, kind: 'booking', booking },
    ]),
  );
}

interface PhaseRow {
  readonly key: string;
  readonly cardId: string;
  readonly accountId: string;
  readonly at: string;
  readonly from: string | null;
  readonly to: string;
  readonly cause: string | null;
}

async function readPhases(sql: Queryable, keys: readonly string[]): Promise<ToldByKey> {
  if (keys.length === 0) return new Map();
  const rows = await sql<PhaseRow[]>`
    select lpad(l.timeline_id::text, 19, '0') as key, l.card_id as "cardId", c.account_id as "accountId",
           ${exactTime(sql, sql`l.at`)} as at, l.body ->> 'from' as "from", l.body ->> 'cause' as cause,
           coalesce(l.body ->> 'to', l.phase) as "to"
      from card_timeline l join cards c on c.card_id = l.card_id
     where l.timeline_id = any (${keys.map(Number)}::bigint[])`;
  return new Map(
    rows.map(({ key, cardId, accountId, at, ...phase }) => [
      key,
      { cardId, accountId, at, kind: 'phase', phase },
    ]),
  );
}

interface ItemRow {
  readonly itemId: string;
  readonly itemKind: string;
  readonly subject: string;
  readonly cardId: string | null;
  readonly accountId: string | null;
  readonly at: string;
}

async function readItems(
  sql: Queryable,
  moment: 'opened' | 'closed',
  keys: readonly string[],
): Promise<ToldByKey> {
  if (keys.length === 0) return new Map();
  const rows = await sql<ItemRow[]>`
    select item_id as "itemId", kind as "itemKind", subject, card_id as "cardId", account_id as "accountId",
           ${exactTime(sql, moment === 'opened' ? sql`opened_at` : sql`closed_at`)} as at
      from attention_items where item_id = any (${[...keys]})`;
  return new Map(
    rows.map(({ cardId, accountId, at, ...attention }) => [
      attention.itemId,
      { cardId, accountId, at, kind: `attention_${moment}`, attention },
    ]),
  );
}
