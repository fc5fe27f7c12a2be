/** The entries of a card's timeline, read for the places that a page consists of. */
import { minorUnits } from '../../domain/money.ts';
import {
  attentionText,
  decisionText,
  lifecycleText,
  moneyText,
} from '../../domain/timeline-texts.ts';
import type { TimelineEntry } from '../../ports/card-history.ts';
import type { DecisionRecord } from '../../ports/decisions.ts';
import { changeOf } from './account-postings.ts';
import type { Queryable } from './pool.ts';
import { readDecisions } from './recorded-decisions.ts';
import { type Branch, idOf, type Placed } from './timeline-order.ts';
import { isoTime } from './transaction-rows.ts';

type Fragment = ReturnType<Queryable>;

/** What an entry is beside its place. */
type Told = Pick<TimelineEntry, 'source' | 'kind' | 'phase' | 'text' | 'body'>;
/** By the id of the entry. */
type ToldById = ReadonlyMap<string, Told>;

/** The entries of the places, in their order. */
export async function readEntries(
  sql: Queryable,
  places: readonly Placed[],
): Promise<TimelineEntry[]> {
  const keysOf = (branch: Branch): readonly string[] => [
    ...new Set(places.filter((place) => place.branch === branch).map(({ key }) => key)),
  ];
  const parts = await Promise.all([
    readLifecycle(sql, keysOf('lifecycle')),
    readDecided(sql, keysOf('decision')),
    readMoney(sql, keysOf('entry')),
    readAttention(sql, [...keysOf('opened'), ...keysOf('closed')]),
  ]);
  const told = new Map(parts.flatMap((part) => [...part]));
  return places.flatMap((place) => {
    const id = idOf(place);
    const entry = told.get(id);
    return entry === undefined ? [] : [{ id, at: isoTime(place.at), ...entry }];
  });
}

async function readLifecycle(sql: Queryable, keys: readonly string[]): Promise<ToldById> {
  if (keys.length === 0) return new Map();
  const rows = await sql<({ key: string } & Pick<Told, 'kind' | 'phase' | 'body'>)[]>`
    select timeline_id::text as key, kind, phase, body from card_timeline
     where timeline_id = any(${[...keys]}::text[]::bigint[])`;
  return new Map(
    rows.map(({ key, ...row }) => [
      `lifecycle.${key}`,
      { source: 'lifecycle', ...row, text: lifecycleText(row.kind, row.body) },
    ]),
  );
}

async function readDecided(sql: Queryable, keys: readonly string[]): Promise<ToldById> {
  if (keys.length === 0) return new Map();
  const records = await readDecisions(sql, keys);
  const purchases = records.flatMap(({ authorizationId }) => authorizationId ?? []);
  const [merchants, holds] = await Promise.all([
    readMerchants(sql, purchases),
    readMoneyRows(sql, holdsOf(sql, keys, purchases)),
  ]);
  const told = new Map<string, Told>();
  for (const record of records) {
    const merchant = merchants.get(record.authorizationId ?? '') ?? null;
    told.set(`decision.${record.id}`, tellDecision(record, merchant));
  }
  for (const row of holds) told.set(`hold.${row.decisionId}`, tellMoney(row));
  return told;
}

function tellDecision(record: DecisionRecord, merchant: string | null): Told {
  const { requestId, authorizationId, reason, explanation, currency, answer } = record;
  const { askedMinor, approvedMinor, heldMinor } = record;
  const left = answer === null ? null : { approved: answer.approved, reason: answer.reason };
  return {
    source: 'decision',
    kind: record.approved ? 'approved' : 'declined',
    phase: null,
    text: decisionText({ ...record, merchant }),
    body: {
      decisionId: record.id,
      requestId,
      authorizationId,
      reason,
      explanation,
      currency,
      askedMinor,
      approvedMinor,
      heldMinor,
      merchant,
      answer: left,
    },
  };
}

async function readMerchants(
  sql: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  const rows = await sql<{ id: string; name: string | null }[]>`
    select authorization_id as id, merchant ->> 'name' as name from authorizations
     where authorization_id = any(${[...ids]})`;
  return new Map(rows.map(({ id, name }) => [id, name]));
}

interface MoneyRow {
  readonly entryId: string;
  readonly kind: string;
  readonly authorizationId: string | null;
  readonly transactionId: string | null;
  readonly decisionId: string | null;
  readonly currency: string;
  readonly availableChangeMinor: number;
  readonly heldChangeMinor: number;
  readonly merchant: string | null;
  readonly flags: readonly string[];
  readonly effectiveAt: Date;
}

async function readMoney(sql: Queryable, keys: readonly string[]): Promise<ToldById> {
  if (keys.length === 0) return new Map();
  const rows = await readMoneyRows(sql, sql`e.entry_id = any(${[...keys]}::text[]::bigint[])`);
  return new Map(rows.map((row) => [`entry.${row.entryId}`, tellMoney(row)]));
}

/** The entries that decisions made, by the postings of their purchases. */
const holdsOf = (
  sql: Queryable,
  decisions: readonly string[],
  purchases: readonly string[],
): Fragment => sql`
  e.decision_id = any(${[...decisions]}) and e.entry_id in (
    select h.entry_id from postings h where h.authorization_id = any(${[...purchases]}))`;

/** Entries with what they did to their account. A clearing record knows its merchant, a hold that of its purchase. */
const readMoneyRows = (sql: Queryable, condition: Fragment): Promise<MoneyRow[]> => sql<MoneyRow[]>`
  select e.entry_id::text as "entryId", e.kind, e.authorization_id as "authorizationId",
         e.transaction_id as "transactionId", e.decision_id as "decisionId", e.currency,
         coalesce(c.available, 0) as "availableChangeMinor", coalesce(c.held, 0) as "heldChangeMinor",
         coalesce(t.merchant ->> 'name', z.merchant ->> 'name') as merchant,
         coalesce(t.flags, '{}') as flags, e.effective_at as "effectiveAt"
    from journal_entries e
    left join transactions t on t.transaction_id = e.transaction_id
    left join authorizations z on z.authorization_id = e.authorization_id
   cross join lateral (
     select sum(${changeOf(sql, 'available')})::bigint as available, sum(${changeOf(sql, 'held')})::bigint as held
       from postings p where p.entry_id = e.entry_id and p.account_id = e.account_id) c
   where ${condition}`;

function tellMoney({ kind, flags, merchant, currency, ...row }: MoneyRow): Told {
  // What a hold sets aside stays on the account; everything else comes to it or leaves it.
  const net = row.availableChangeMinor + row.heldChangeMinor;
  const amountMinor = minorUnits(Math.abs(net === 0 ? row.heldChangeMinor : net));
  const effectiveAt = isoTime(row.effectiveAt);
  return {
    source: 'money',
    kind,
    phase: null,
    text: moneyText({ kind, amountMinor, currency, merchant, flags }),
    body: { ...row, currency, amountMinor, merchant, flags, effectiveAt },
  };
}

interface ItemRow {
  readonly itemId: string;
  readonly kind: string;
  readonly subject: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly resolution: string | null;
}

async function readAttention(sql: Queryable, keys: readonly string[]): Promise<ToldById> {
  if (keys.length === 0) return new Map();
  const rows = await sql<ItemRow[]>`
    select item_id as "itemId", kind, subject, details, resolution from attention_items
     where item_id = any(${[...keys]})`;
  return new Map(
    rows.flatMap((row) => [
      [`opened.${row.itemId}`, tellItem(row, null)],
      [`closed.${row.itemId}`, tellItem(row, row.resolution)],
    ]),
  );
}

const tellItem = (item: ItemRow, resolution: string | null): Told => ({
  source: 'attention',
  kind: resolution === null ? 'opened' : 'closed',
  phase: null,
  text: attentionText({ ...item, resolution }),
  body: {
    itemId: item.itemId,
    kind: item.kind,
    subject: item.subject,
    details: item.details,
    resolution,
  },
});
