/**
 * Millions of postings, written by SQL as if years had passed: each account repeats a cycle of ten postings over four
 * purchases, all accounts side by side in time. Balances, numbers and totals are those that the trigger would have
 * written, which is checked at the end.
 */
import type { Sql, Transaction } from '../../src/adapters/postgres/pool.ts';
import { createProgram, TENANT } from './program.ts';

export const POSTINGS_PER_CYCLE = 10;
export const PURCHASES_PER_CYCLE = 4;
export const authorizationId = (cycle: number, purchase: number): string =>
  `iauth_${cycle}p${purchase}`;
/** The account that a tenth of all postings is on. */
export const HOT_ACCOUNT = 0;
const HOT_EVERY = 10;
/** So many postings an ordinary account has. */
const POSTINGS_PER_ACCOUNT = 1_000;
/** The load lies in this many days before now. */
export const SPAN_DAYS = 400;
/** A transaction of this many writes some hundred megabytes. */
const CYCLES_PER_CHUNK = 50_000;

export interface Size {
  readonly cycles: number;
  readonly accounts: number;
}

export function sizeOf(postings: number): Size {
  const cycles = Math.ceil(postings / POSTINGS_PER_CYCLE);
  const ordinary = cycles - cycles / HOT_EVERY;
  const accounts = 1 + Math.ceil((ordinary * POSTINGS_PER_CYCLE) / POSTINGS_PER_ACCOUNT);
  return { cycles, accounts };
}

/** Fills the empty database of the owner. `report` is told of each part that is done. */
export async function load(owner: Sql, size: Size, report: (line: string) => void): Promise<void> {
  await createProgram(owner, { cards: size.accounts, accounts: size.accounts, fundsMinor: 0 });
  const indexes = await dropIndexes(owner);
  for (let from = 0; from < size.cycles; from += CYCLES_PER_CHUNK) {
    const to = Math.min(size.cycles, from + CYCLES_PER_CHUNK);
    await owner.begin((tx) => writeCycles(tx, size, { from, to }));
    report(`${to * POSTINGS_PER_CYCLE} postings`);
  }
  for (const { definition } of indexes) await owner.unsafe(definition);
  await finish(owner, size);
  report('indexes and balances');
  await owner.unsafe('vacuum analyze');
  await owner`select roll_up_ledger()`;
  await owner.unsafe('checkpoint');
}

/** Cycles that are new on top of a load, with postings that no roll-up has seen. */
export async function addCycles(owner: Sql, size: Size, cycles: number): Promise<void> {
  const more = { ...size, cycles: size.cycles + cycles };
  await owner.begin((tx) => writeCycles(tx, more, { from: size.cycles, to: more.cycles }));
}

/** Building an index once is far cheaper than adding to it row by row. Those of constraints stay. */
async function dropIndexes(owner: Sql): Promise<readonly { readonly definition: string }[]> {
  const indexes = await owner<{ name: string; definition: string }[]>`
    select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition from pg_index i
     where i.indrelid in ('authorizations'::regclass, 'decisions'::regclass, 'transactions'::regclass,
             'journal_entries'::regclass, 'postings'::regclass)
       and not exists (select from pg_constraint c where c.conindid = i.indexrelid)`;
  for (const { name } of indexes) await owner.unsafe(`drop index ${name}`);
  return indexes;
}

/** The steps of a cycle; balances are those after the step, beside what the account had before the cycle. */
const STEPS = `(values
  (0, 'credit', 'funding', 'available', 8000, 8000, 0, null, null),
  (1, 'hold', 'available', 'held', 2000, 6000, 2000, 0, null),
  (2, 'capture', 'held', 'network_settlement', 2000, 6000, 0, 0, 0),
  (3, 'hold', 'available', 'held', 1500, 4500, 1500, 1, null),
  (4, 'capture', 'held', 'network_settlement', 1500, 4500, 0, 1, 1),
  (5, 'hold', 'available', 'held', 3000, 1500, 3000, 2, null),
  (6, 'release', 'held', 'available', 3000, 4500, 0, 2, null),
  (7, 'hold', 'available', 'held', 700, 3800, 700, 3, null),
  (8, 'capture', 'held', 'network_settlement', 700, 3800, 0, 3, 2),
  (9, 'refund', 'network_settlement', 'available', 300, 4100, 0, 3, 3))
  as s (step, kind, debit, credit, amount, available, held, purchase, clearing)`;
const GAIN_PER_CYCLE_MINOR = 4_100;

/** The cycles of a range with their account and its cycles before; every tenth is the hot account's. */
const cyclesOf = ({ accounts }: Size, range: { readonly from: number; readonly to: number }) => `
  (select n, case when n % ${HOT_EVERY} = 0 then ${HOT_ACCOUNT} else 1 + m % ${accounts - 1} end as account,
          case when n % ${HOT_EVERY} = 0 then n / ${HOT_EVERY} else m / ${accounts - 1} end as before
     from (select n, n / ${HOT_EVERY} * ${HOT_EVERY - 1} + n % ${HOT_EVERY} - 1 as m
             from generate_series(${range.from}::bigint, ${range.to - 1}::bigint) n) numbered) c`;

const atOf = ({ cycles }: Size, step: string): string =>
  `(now() - make_interval(days => ${SPAN_DAYS})
    + make_interval(secs => (n * ${POSTINGS_PER_CYCLE} + ${step})::float8
        * ${(SPAN_DAYS * 86_400) / (cycles * POSTINGS_PER_CYCLE)}))`;

const PURCHASES = `(values (0, 2000, 2000, 0, 'closed'), (1, 1500, 1500, 0, 'closed'), (2, 3000, 0, 0, 'reversed'),
  (3, 700, 700, 300, 'closed')) as p (purchase, amount, captured, refunded, status)`;

const MERCHANT = `'{"name":"Rocket Rides","category":"taxicabs_limousines","categoryCode":"4121","country":"US","networkId":"1"}'::jsonb`;

async function writeCycles(
  tx: Transaction,
  size: Size,
  range: { readonly from: number; readonly to: number },
): Promise<void> {
  // Neither triggers nor foreign keys: what they would check or write is right by construction.
  await tx`set local session_replication_role = replica`;
  const cycles = cyclesOf(size, range);
  const card = `'ic_bench' || lpad(account::text, 18, '0')`;
  const authorization = `'iauth_' || n || 'p' || purchase`;
  await tx.unsafe(`
    insert into authorizations (tenant_id, authorization_id, account_id, card_id, stripe_card_id, currency, snapshot,
      evidence, status, captured_minor, refunded_minor, counted_minor, anchored_at, merchant, is_purchase, created_at)
    select '${TENANT}', ${authorization}, 'acc_' || account, 'card_' || account, ${card}, 'usd',
           jsonb_build_array(jsonb_build_object(
             'authorizationId', ${authorization}, 'stripeCardId', ${card}, 'currency', 'usd', 'status', status,
             'approved', true, 'amountMinor', amount, 'merchant', ${MERCHANT}, 'previous', null,
             'rank', jsonb_build_object('source', 'event', 'atS', extract(epoch from at)::bigint),
             'createdS', extract(epoch from at)::bigint, 'metadataKeys', jsonb_build_array('evt_' || n || 'p' || purchase),
             'history', jsonb_build_array(jsonb_build_object('amountMinor', amount, 'approved', true,
               'reason', 'webhook_approved', 'createdS', extract(epoch from at)::bigint)),
             'captures', case when captured = 0 then '[]' else jsonb_build_array(jsonb_build_object(
               'transactionId', 'ipi_' || n || 'c' || least(purchase, 2), 'amountMinor', captured)) end)),
           jsonb_build_object('authorizedMinor', amount, 'fetched', '[]'::jsonb, 'metadataKeys',
             jsonb_build_array('evt_' || n || 'p' || purchase), 'history', jsonb_build_array(jsonb_build_object(
               'amountMinor', amount, 'approved', true, 'reason', 'webhook_approved',
               'createdS', extract(epoch from at)::bigint))),
           status, captured, refunded, captured, at, ${MERCHANT}, true, at
      from ${cycles}, ${PURCHASES}, lateral (select ${atOf(size, '1 + 2 * purchase')} as at) t order by n, purchase`);
  await tx.unsafe(`
    insert into decisions (tenant_id, request_id, decision_id, authorization_id, card_id, account_id, stripe_card_id,
      currency, approved, reason, asked_minor, approved_minor, versions, timings, confirmed, requested_at, decided_at,
      counts_at)
    select '${TENANT}', 'evt_' || n || 'p' || purchase, 'dec_' || n || 'p' || purchase, ${authorization},
           'card_' || account, 'acc_' || account, ${card}, 'usd', true, 'APPROVED', amount, amount,
           '{"card":1,"tenant":1,"account":1,"cardholder":1}', '{"rules":1,"postgres":3}', true,
           extract(epoch from at)::bigint, at, at
      from ${cycles}, ${PURCHASES}, lateral (select ${atOf(size, '1 + 2 * purchase')} as at) t order by n, purchase`);
  await tx.unsafe(`
    insert into transactions (tenant_id, transaction_id, type, authorization_id, account_id, card_id, stripe_card_id,
      currency, amount_minor, merchant, created_at)
    select '${TENANT}', 'ipi_' || n || 'c' || clearing, kind, ${authorization}, 'acc_' || account, 'card_' || account,
           ${card}, 'usd', amount, ${MERCHANT}, ${atOf(size, 'step')}
      from ${cycles}, ${STEPS} where clearing is not null order by n, step`);
  await tx.unsafe(`
    insert into journal_entries (entry_id, tenant_id, currency, kind, account_id, authorization_id, transaction_id,
      decision_id, external_ref, effective_at) overriding system value
    select n * ${POSTINGS_PER_CYCLE} + step + 1, '${TENANT}', 'usd', kind, 'acc_' || account, ${authorization},
           'ipi_' || n || 'c' || clearing, case when kind = 'hold' then 'dec_' || n || 'p' || purchase end,
           case when kind = 'credit' then 'credit ' || n end, ${atOf(size, 'step')}
      from ${cycles}, ${STEPS} order by n, step`);
  await tx.unsafe(`
    insert into postings (posting_id, entry_id, tenant_id, currency, debit, credit, amount_minor, account_id,
      authorization_id, seq, posted_at, available_after_minor, held_after_minor) overriding system value
    select n * ${POSTINGS_PER_CYCLE} + step + 1, n * ${POSTINGS_PER_CYCLE} + step + 1, '${TENANT}', 'usd', debit, credit,
           amount, 'acc_' || account, case when 'held' in (debit, credit) then ${authorization} end,
           before * ${POSTINGS_PER_CYCLE} + step + 1, ${atOf(size, 'step')},
           before * ${GAIN_PER_CYCLE_MINOR} + available, held
      from ${cycles}, ${STEPS} order by n, step`);
}

/** Balances of the accounts, the sequences, and a look whether everything adds up. */
async function finish(owner: Sql, size: Size): Promise<void> {
  await owner.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`
      update accounts a set available_minor = p.available_after_minor, held_minor = p.held_after_minor, seq = p.seq
        from (select distinct on (account_id) account_id, available_after_minor, held_after_minor, seq from postings
               order by account_id, seq desc) p
       where p.account_id = a.account_id`;
    await tx`
      insert into spending (owner_id, spent_on, category, amount_minor, purchases)
      select o.owner_id, (z.anchored_at at time zone 'UTC')::date, coalesce(z.merchant ->> 'category', ''),
             sum(z.counted_minor), count(*)
        from authorizations z join cards k using (card_id)
       cross join lateral (values (k.chain_id), (z.account_id)) o (owner_id)
       where z.counted_minor > 0 group by 1, 2, 3`;
  });
  const last = size.cycles * POSTINGS_PER_CYCLE;
  await owner`select setval(pg_get_serial_sequence('postings', 'posting_id'), ${last}),
                     setval(pg_get_serial_sequence('journal_entries', 'entry_id'), ${last})`;
  const wrong = await owner<{ account: string }[]>`
    select a.account_id as account from accounts a
      join (select account_id, count(*) as n, sum(case 'available' when credit then amount_minor when debit then -amount_minor
                     else 0 end) as available from postings group by account_id) s using (account_id)
     where a.seq <> s.n or a.available_minor <> s.available or a.held_minor <> 0 limit 3`;
  if (wrong.length > 0) throw new Error(`the load of ${wrong[0]?.account} does not add up`);
}
