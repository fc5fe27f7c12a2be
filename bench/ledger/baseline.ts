/**
 * What any program would need that only stores: it reads the same waiting rows in batches of the same size, and
 * writes the very rows that the real run wrote, into tables of the same columns, indexes and checks. It keeps no
 * balance, locks no account, matches nothing, and has no triggers and no foreign keys to answer to.
 */
import type { Sql, Transaction } from '../../src/adapters/postgres/pool.ts';
import { type Round, timed, WORKERS } from './apply.ts';

type Row = Readonly<Record<string, unknown>>;

const TABLES = ['authorizations', 'transactions', 'journal_entries', 'postings'] as const;
type Table = (typeof TABLES)[number];
type Written = Readonly<Record<Table, readonly Row[]>>;

/** Makes the tables of the schema `stored` as copies of the real ones: both runs begin at the same state. */
export async function prepareStored(owner: Sql): Promise<void> {
  await owner.unsafe(`
    create schema stored;
    create table stored.inbox (like inbox including all);
    create table stored.authorizations (like authorizations including all) with (fillfactor = 80);
    create table stored.transactions (like transactions including all);
    create table stored.journal_entries (like journal_entries including all);
    create table stored.postings (like postings including all);
    insert into stored.inbox overriding system value select * from inbox order by inbox_id;
    insert into stored.authorizations select * from authorizations;
    insert into stored.transactions select * from transactions;
    insert into stored.journal_entries overriding system value select * from journal_entries order by entry_id;
    insert into stored.postings overriding system value select * from postings order by posting_id;
    grant usage on schema stored to issuing_app;
    grant all on all tables in schema stored to issuing_app;`);
}

/** The rows that the real run wrote, by the authorization they belong to. */
async function writtenRows(owner: Sql): Promise<ReadonlyMap<string, Written>> {
  const rows = await owner.unsafe<{ table: Table; key: string; row: Row }[]>(`
    select 'authorizations' as table, authorization_id as key, to_jsonb(z) as row from authorizations z
    union all
    select 'transactions', t.authorization_id, to_jsonb(t) from transactions t
     where not exists (select from stored.transactions s where s.transaction_id = t.transaction_id)
    union all
    select 'journal_entries', e.authorization_id, to_jsonb(e) from journal_entries e
     where e.entry_id > (select max(entry_id) from stored.journal_entries)
    union all
    select 'postings', e.authorization_id, to_jsonb(p) from postings p join journal_entries e using (entry_id)
     where e.entry_id > (select max(entry_id) from stored.journal_entries)`);
  const written = new Map<string, Record<Table, Row[]>>();
  for (const { table, key, row } of rows) {
    const own = written.get(key) ?? {
      authorizations: [],
      transactions: [],
      journal_entries: [],
      postings: [],
    };
    own[table].push(row);
    written.set(key, own);
  }
  return written;
}

interface InboxRow {
  readonly inbox_id: number;
  readonly payload: { readonly data: { readonly object: Row } };
}

const authorizationOf = ({ payload }: InboxRow): string => {
  const { id, authorization } = payload.data.object;
  return String(authorization ?? id);
};

/** Reads and writes until nothing waits. */
export async function storeAll(owner: Sql, app: Sql, batchSize: number): Promise<Round> {
  const written = await writtenRows(owner);
  const waiting = async (): Promise<number> => {
    const [count] = await app<{ rows: number }[]>`
      select count(*) as rows from stored.inbox where status = 'pending'`;
    return count?.rows ?? 0;
  };
  const done = new Set<string>();
  const round = await timed(await waiting(), async () => {
    await Promise.all(
      Array.from({ length: WORKERS }, async () => {
        while ((await app.begin((tx) => storeBatch(tx, { written, done, batchSize }))) > 0);
      }),
    );
  });
  if ((await waiting()) > 0) throw new Error('rows were left that were not stored');
  await checkStored(app);
  return round;
}

/** Clearing records, entries and postings of an authorization are written with the first row that concerns it. */
async function storeBatch(
  tx: Transaction,
  run: {
    readonly written: ReadonlyMap<string, Written>;
    readonly done: Set<string>;
    readonly batchSize: number;
  },
): Promise<number> {
  const rows = await tx<InboxRow[]>`
    select inbox_id, tenant_id, stripe_account, event_id, source, type, object_id, created, payload, received_at, attempts
      from stored.inbox where status = 'pending' and next_try_at <= now()
     order by next_try_at, inbox_id limit ${run.batchSize} for update skip locked`;
  if (rows.length === 0) return 0;
  const authorizations = [...new Set(rows.map(authorizationOf))].toSorted();
  const fresh = authorizations.filter((id) => !run.done.has(id));
  for (const id of fresh) run.done.add(id);
  const of = (ids: readonly string[], table: Table): string =>
    JSON.stringify(ids.flatMap((id) => run.written.get(id)?.[table] ?? []));
  await tx`
    insert into stored.authorizations
    select * from json_populate_recordset(null::stored.authorizations, ${of(authorizations, 'authorizations')}::text::json)
    on conflict (authorization_id) do update set snapshot = excluded.snapshot, evidence = excluded.evidence,
      status = excluded.status, held_minor = excluded.held_minor, captured_minor = excluded.captured_minor,
      refunded_minor = excluded.refunded_minor, counted_minor = excluded.counted_minor, flags = excluded.flags,
      is_purchase = excluded.is_purchase, anchored_at = excluded.anchored_at, merchant = excluded.merchant`;
  await tx`
    insert into stored.transactions
    select * from json_populate_recordset(null::stored.transactions, ${of(fresh, 'transactions')}::text::json)`;
  await tx`
    insert into stored.journal_entries overriding system value
    select * from json_populate_recordset(null::stored.journal_entries, ${of(fresh, 'journal_entries')}::text::json)`;
  await tx`
    insert into stored.postings overriding system value
    select * from json_populate_recordset(null::stored.postings, ${of(fresh, 'postings')}::text::json)`;
  await tx`
    update stored.inbox set status = 'applied', attempts = attempts + 1, settled_at = now()
     where inbox_id = any (${rows.map((row) => row.inbox_id)}::bigint[])`;
  return rows.length;
}

/** The same rows, or the comparison says nothing. */
async function checkStored(app: Sql): Promise<void> {
  for (const table of TABLES) {
    const [row] = await app.unsafe<{ real: number; stored: number }[]>(`
      select (select count(*) from ${table}) as real, (select count(*) from stored.${table}) as stored`);
    if (row === undefined || row.real !== row.stored) {
      throw new Error(`${table}: ${row?.real} rows, but ${row?.stored} stored`);
    }
  }
}
