/** Postings: each belongs to its entry and account; their sums are zero a currency, and what the roll-up totals say. */
import type { Transaction } from '../pool.ts';
import {
  type CheckedPage,
  type Difference,
  differences,
  type LedgerCheck,
} from './ledger-check.ts';

/** Postings at once: a page takes a fraction of a second. */
const POSTINGS_PER_PAGE = 20_000;
/** Told of one page; the first few say enough. */
const STRAYS_SHOWN_MAX = 20;

/** Sums of one kind of ledger account, of all postings and of those that the totals should hold. */
interface Sum {
  all: bigint;
  rolledUp: bigint;
}

interface SumRow {
  key: string;
  all_minor: string;
  rolled_up_minor: string;
}

/** A check of its own for each run: it adds up over the pages. */
export function createPostingCheck(): LedgerCheck {
  const sums = new Map<string, Sum>();
  return {
    rows: 'postings',
    start: '0',
    async page(tx, after) {
      const [range] = await tx<{ rows: number; last: string | null }[]>`
        select count(*) as rows, max(posting_id)::text as last
          from (select posting_id from postings where posting_id > ${after}::text::bigint
                 order by posting_id limit ${POSTINGS_PER_PAGE}) page`;
      const { rows = 0, last = null } = range ?? {};
      if (last === null) return { rows, last, differences: await endOf(tx, sums) };
      for (const row of await sumsOf(tx, after, last)) addTo(sums, row);
      return { rows, last, differences: await strays(tx, after, last) } satisfies CheckedPage;
    },
  };
}

const sumsOf = (tx: Transaction, after: string, last: string): Promise<SumRow[]> =>
  tx<SumRow[]>`
    select s.tenant_id || ' ' || s.currency || ' ' || s.kind as key, sum(s.amount)::text as all_minor,
           coalesce(sum(s.amount) filter (where s.posting_id <= r.restored_up_to or s.written_by < r.rolled_up_to), 0)::text
             as rolled_up_minor
      from ledger_roll_up r, (
        select p.tenant_id, p.currency, p.credit as kind, p.amount_minor as amount, p.posting_id, p.written_by
          from postings p where p.posting_id > ${after}::text::bigint and p.posting_id <= ${last}::text::bigint
        union all
        select p.tenant_id, p.currency, p.debit, -p.amount_minor, p.posting_id, p.written_by
          from postings p where p.posting_id > ${after}::text::bigint and p.posting_id <= ${last}::text::bigint) s
     group by 1`;

function addTo(sums: Map<string, Sum>, row: SumRow): void {
  const { all, rolledUp } = sums.get(row.key) ?? { all: 0n, rolledUp: 0n };
  sums.set(row.key, {
    all: all + BigInt(row.all_minor),
    rolledUp: rolledUp + BigInt(row.rolled_up_minor),
  });
}

/** Postings that are not where their entry, tenant or account says. */
async function strays(
  tx: Transaction,
  after: string,
  last: string,
): Promise<readonly Difference[]> {
  const rows = await tx<
    {
      id: string;
      entry_id: string;
      owner: string;
      entry: string | null;
      account_id: string | null;
      account: string | null;
      is_late: boolean;
      is_named: boolean;
    }[]
  >`
    select * from (
      select p.posting_id::text as id, p.entry_id::text, p.tenant_id || ' ' || p.currency as owner,
             e.tenant_id || ' ' || e.currency as entry, p.account_id, a.tenant_id || ' ' || a.currency as account,
             coalesce(p.written_by <> e.written_by, false) as is_late,
             p.account_id is null or p.account_id in (e.account_id, e.counter_account_id) as is_named
        from postings p
        left join journal_entries e using (entry_id)
        left join accounts a on a.account_id = p.account_id
       where p.posting_id > ${after}::text::bigint and p.posting_id <= ${last}::text::bigint) s
     where entry is distinct from owner or (account_id is not null and account is distinct from owner)
        or is_late or is_named is not true
     order by id::bigint limit ${STRAYS_SHOWN_MAX}`;
  return rows.flatMap((row) =>
    differences(`posting ${row.id} of entry ${row.entry_id}`, [
      ['tenant and currency of its entry', row.owner, row.entry],
      ...(row.account_id === null
        ? []
        : ([
            [`tenant and currency of account ${row.account_id}`, row.owner, row.account],
            [`its entry names account ${row.account_id}`, true, row.is_named],
          ] as const)),
      ['written after its entry was complete', false, row.is_late],
    ]),
  );
}

/** Sums over all pages: zero a currency of a tenant, and the totals of the roll-up. */
async function endOf(
  tx: Transaction,
  sums: ReadonlyMap<string, Sum>,
): Promise<readonly Difference[]> {
  const totals = await tx<{ key: string; balance: string }[]>`
    select tenant_id || ' ' || currency || ' ' || kind as key, balance_minor::text as balance from ledger_totals`;
  const [position] = await tx<{ is_ours: boolean }[]>`
    select cluster_id = (pg_control_system()).system_identifier as is_ours from ledger_roll_up`;
  const perCurrency = new Map<string, bigint>();
  for (const [key, { all }] of sums) {
    const currency = key.split(' ').slice(0, 2).join(' ');
    perCurrency.set(currency, (perCurrency.get(currency) ?? 0n) + all);
  }
  const found = [...perCurrency].flatMap(([currency, sum]) =>
    differences(`ledger of ${currency}`, [['sum of all ledger accounts', '0', String(sum)]]),
  );
  // After a restore the totals are another cluster's until the next roll-up.
  if (position?.is_ours !== true) return found;
  const stored = new Map(totals.map(({ key, balance }) => [key, balance]));
  const keys = [...new Set([...sums.keys(), ...stored.keys()])].toSorted();
  const wrong = keys.flatMap((key) =>
    differences(`total of ${key}`, [
      [
        'sum of the postings rolled up',
        String(sums.get(key)?.rolledUp ?? 0n),
        stored.get(key) ?? '0',
      ],
    ]),
  );
  return [...found, ...wrong];
}
