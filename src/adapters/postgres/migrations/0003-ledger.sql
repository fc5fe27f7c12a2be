-- Double entry. A posting moves a positive amount from the debit side to the credit side, so an entry balances
-- by construction. A balance is credits less debits; over all ledger accounts of a currency it is always zero.

create table journal_entries (
  entry_id bigint generated always as identity primary key,
  tenant_id text not null,
  currency currency_code not null,
  kind text not null check (
    kind in ('credit', 'debit', 'transfer', 'hold', 'release', 'capture', 'refund', 'suspense_resolution',
      'correction')),
  account_id text,
  -- Of a transfer: the account that receives.
  counter_account_id text,
  authorization_id text,
  transaction_id text,
  decision_id text,
  external_ref text check (length(external_ref) between 1 and 200),
  corrects_entry_id bigint references journal_entries,
  -- When it happened for the customer; may lie in the past of posted_at.
  effective_at timestamptz not null default now(),
  -- An entry takes postings in its own transaction only.
  written_by xid8 not null default pg_current_xact_id(),
  -- What the relay books is in the timeline of this card, at this time. Both are null of all else: the hold of a decision
  -- is found by the decision, so that deciding keeps no further index.
  card_id text,
  written_at timestamptz,
  check (counter_account_id <> account_id),
  -- The correction of a transfer names both accounts too.
  check (kind <> 'transfer' or counter_account_id is not null),
  check (counter_account_id is null or kind in ('transfer', 'correction')),
  check ((kind in ('capture', 'refund')) <= (transaction_id is not null)),
  check ((kind in ('hold', 'release')) <= (authorization_id is not null)),
  check ((kind = 'correction') = (corrects_entry_id is not null))
);
-- What foreign keys would do row by row, once a statement: nothing that an entry refers to is ever deleted.
-- `offset 0` keeps it a look-up of each: joined, a plan made while the tables were small would read them whole.
create function check_entry_references() returns trigger language plpgsql
  set search_path = public, pg_temp as $$
declare
  missing text;
begin
  select id into missing from (
    select w.authorization_id as id from written w
     where w.authorization_id is not null
       and not exists (select from authorizations z where z.authorization_id = w.authorization_id offset 0)
    union all
    select w.transaction_id from written w
     where w.transaction_id is not null
       and not exists (select from transactions t where t.transaction_id = w.transaction_id offset 0)
    union all
    select w.account_id from written w
     where w.account_id is not null
       and not exists (select from accounts a where a.account_id = w.account_id and a.tenant_id = w.tenant_id
                          and a.currency = w.currency offset 0)
    union all
    select w.tenant_id from written w
     where w.account_id is null
       and not exists (select from tenants t where t.tenant_id = w.tenant_id offset 0)) m
   limit 1;
  if found then
    raise exception 'an entry refers to %, which does not exist', missing using errcode = 'foreign_key_violation';
  end if;
  return null;
end $$;
create trigger journal_entries_refer after insert on journal_entries referencing new table as written
  for each statement execute function check_entry_references();
-- Each Stripe transaction is booked once, each entry corrected once, and a command of an account has its own reference.
create unique index journal_entries_transaction_once on journal_entries (transaction_id)
  where kind in ('capture', 'refund');
create unique index journal_entries_external_ref_once on journal_entries (account_id, external_ref)
  where external_ref is not null;
create unique index journal_entries_corrected_once on journal_entries (corrects_entry_id)
  where corrects_entry_id is not null;
create index journal_entries_of_card on journal_entries (card_id, written_at desc, entry_id desc)
  where card_id is not null;

-- A posting whose entry, account or authorization is not there is refused where balances and holds are moved, and none
-- of them is ever deleted: foreign keys would look for the same rows once more.
create table postings (
  posting_id bigint generated always as identity primary key,
  entry_id bigint not null,
  tenant_id text not null,
  currency currency_code not null,
  debit text not null,
  credit text not null,
  amount_minor bigint not null check (amount_minor > 0),
  -- The customer account whose available or held is touched.
  account_id text,
  -- The hold that is touched.
  authorization_id text,
  -- What follows from the posting is not its writer's to choose (0005-grants.sql). The first four are filled under the
  -- lock of the account row, so that they only rise or follow the lock order.
  seq bigint check (seq > 0),
  posted_at timestamptz not null default clock_timestamp(),
  available_after_minor bigint,
  held_after_minor bigint check (held_after_minor >= 0),
  -- The transaction that wrote it, by which the roll-up knows what it has summed.
  written_by xid8 not null default pg_current_xact_id(),
  -- The pairs that the cases of docs/ledger.md need; disputes and settlement will add theirs. As a list of texts, because
  -- Postgres reads each check anew with each statement, and this one is of every posting.
  check (debit || ' > ' || credit = any ('{funding > available, available > funding, available > held, held > available,
    held > network_settlement, available > network_settlement, network_settlement > available,
    suspense > network_settlement, network_settlement > suspense, available > suspense, suspense > available}')),
  check ((debit in ('available', 'held') or credit in ('available', 'held')) = (account_id is not null)),
  check ((debit = 'held' or credit = 'held') <= (authorization_id is not null)),
  check ((account_id is null) = (seq is null)),
  unique (account_id, seq)
);
create index postings_of_entry on postings (entry_id);
create index postings_of_account_in_time on postings (account_id, posted_at) where account_id is not null;
create index postings_by_writer on postings (written_by);

-- Together with `post_entries` (0007-books.sql) and `decide` (0009-decide.sql) the only writer of balances and holds. All
-- run as the owner, whose privilege the processes do not have, so they cannot write a balance that differs from the sum
-- of its postings.
create function apply_posting() returns trigger language plpgsql security definer
  -- pg_temp last: otherwise it is searched first, and a temporary table could stand in for `accounts`.
  set search_path = public, pg_temp as $$
declare
  to_available bigint := case when new.credit = 'available' then new.amount_minor
                              when new.debit = 'available' then -new.amount_minor else 0 end;
  to_held bigint := case when new.credit = 'held' then new.amount_minor
                         when new.debit = 'held' then -new.amount_minor else 0 end;
  entry journal_entries;
begin
  if tg_relid <> 'public.postings'::regclass then
    raise exception 'this trigger belongs to postings alone';
  end if;
  select * into strict entry from journal_entries where entry_id = new.entry_id;
  if entry.written_by <> pg_current_xact_id() then
    raise exception 'entry % is complete; book a correction instead', new.entry_id;
  end if;
  if new.account_id is not null and new.account_id is distinct from entry.account_id
      and new.account_id is distinct from entry.counter_account_id then
    raise exception 'posting of account % does not belong to entry % of %', new.account_id, new.entry_id, entry.account_id;
  end if;
  if (new.debit = 'held' or new.credit = 'held') and new.authorization_id is distinct from entry.authorization_id then
    raise exception 'posting of authorization % does not belong to entry %', new.authorization_id, new.entry_id;
  end if;
  if entry.tenant_id <> new.tenant_id or entry.currency <> new.currency then
    raise exception 'posting of % % does not belong to its entry %', new.tenant_id, new.currency, new.entry_id;
  end if;
  if new.account_id is null then
    return new;
  end if;
  update accounts
     set available_minor = available_minor + to_available, held_minor = held_minor + to_held, seq = seq + 1,
         -- Under the row lock, and never back when a clock steps back: the times of an account rise with its seq.
         last_posted_at = greatest(last_posted_at, clock_timestamp())
   where account_id = new.account_id and tenant_id = new.tenant_id and currency = new.currency
  returning seq, available_minor, held_minor, last_posted_at
       into new.seq, new.available_after_minor, new.held_after_minor, new.posted_at;
  if not found then
    raise exception 'account % of % in % does not exist', new.account_id, new.tenant_id, new.currency;
  end if;
  if to_held <> 0 then
    update authorizations set held_minor = held_minor + to_held
     where authorization_id = new.authorization_id and account_id = new.account_id;
    if not found then
      raise exception 'authorization % of account % does not exist', new.authorization_id, new.account_id;
    end if;
  end if;
  return new;
end $$;
-- Postings with a number come from `post_entries` (0007-books.sql) or `decide` (0009-decide.sql), which move the balances.
create trigger postings_apply before insert on postings for each row when (new.seq is null)
  execute function apply_posting();
-- Nobody else may attach it to a table of their own.
revoke execute on function apply_posting() from public;

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only; book a correction instead', tg_table_name
    using errcode = 'restrict_violation';
end $$;
create trigger journal_entries_append_only before update or delete on journal_entries
  for each row execute function refuse_change();
create trigger journal_entries_no_truncate before truncate on journal_entries
  for each statement execute function refuse_change();
create trigger postings_append_only before update or delete on postings
  for each row execute function refuse_change();
create trigger postings_no_truncate before truncate on postings
  for each statement execute function refuse_change();

-- What questions about one purchase or one clearing record are answered by. Money leaves suspense once.
create index postings_of_authorization on postings (authorization_id) where authorization_id is not null;
create unique index journal_entries_left_suspense_once on journal_entries (transaction_id)
  where kind = 'suspense_resolution';

-- Decisions and clearing records are facts: they learn whose they are, or that they were confirmed, and nothing else.
create trigger decisions_unchanged before update of tenant_id, request_id, decision_id, authorization_id, card_id,
    account_id, stripe_card_id, currency, approved, reason, asked_minor, approved_minor, surplus,
    available_before_minor, versions, explanation, timings, requested_at, decided_at, counts_at, written_by
    on decisions
  for each row execute function refuse_change();
create trigger decisions_kept before delete on decisions for each row execute function refuse_change();
create trigger decisions_no_truncate before truncate on decisions for each statement execute function refuse_change();
create trigger transactions_unchanged before update of tenant_id, transaction_id, type, stripe_card_id, currency,
    amount_minor, merchant, parts, created_at on transactions
  for each row execute function refuse_change();
create trigger transactions_kept before delete on transactions for each row execute function refuse_change();
create trigger transactions_no_truncate before truncate on transactions
  for each statement execute function refuse_change();
create trigger authorizations_kept before delete on authorizations for each row execute function refuse_change();
create trigger authorizations_no_truncate before truncate on authorizations
  for each statement execute function refuse_change();

-- Balances of all ledger accounts: credits less debits. Nobody keeps them up to date in the hot path, because every
-- decision of a tenant would wait for one row. `roll_up_ledger` adds what is new, and the view adds what is newer.
create table ledger_totals (
  tenant_id text not null references tenants,
  currency currency_code not null,
  kind text not null check (kind in ('available', 'held', 'funding', 'network_settlement',
    'dispute_receivable', 'losses', 'fees', 'suspense')),
  balance_minor numeric not null,
  primary key (tenant_id, currency, kind)
);
-- Totals hold every posting whose transaction is below `rolled_up_to`, and all up to `restored_up_to`, and no other.
create table ledger_roll_up (
  only_row boolean primary key default true check (only_row),
  rolled_up_to xid8 not null default '0',
  -- The cluster whose transaction ids are meant: a restored database finds itself in another one.
  cluster_id bigint not null default (pg_control_system()).system_identifier,
  -- Postings up to this id were written in another cluster: their transaction ids mean nothing here.
  restored_up_to bigint not null default 0,
  rolled_up_at timestamptz
);
insert into ledger_roll_up default values;

-- Both sides of the postings of a range of transactions, summed; those up to `p_after` are left out.
create function postings_between(p_after bigint, p_from xid8, p_to xid8)
  returns table (tenant_id text, currency currency_code, kind text, balance_minor numeric)
language sql stable as $$
  select s.tenant_id, s.currency, s.kind, sum(s.amount)
    from (select p.tenant_id, p.currency, p.credit as kind, p.amount_minor as amount from postings p
           where p.posting_id > p_after and p.written_by >= p_from and p.written_by < p_to
          union all
          select p.tenant_id, p.currency, p.debit, -p.amount_minor from postings p
           where p.posting_id > p_after and p.written_by >= p_from and p.written_by < p_to) s
   group by s.tenant_id, s.currency, s.kind;
$$;

-- Adds the postings of finished transactions to the totals. A transaction that is still open may commit rows with
-- smaller ids later; so only transactions below the oldest open one are taken, and none is skipped or taken twice.
-- Answers how many totals changed.
create function roll_up_ledger() returns integer language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  known ledger_roll_up;
  high xid8;
  changed integer;
begin
  -- The lock first: what another roll-up did while this one waited is seen by the statements after it.
  select * into strict known from ledger_roll_up for update;
  if known.cluster_id <> (pg_control_system()).system_identifier then
    perform begin_ledger_anew();
    select * into strict known from ledger_roll_up;
  end if;
  high := pg_snapshot_xmin(pg_current_snapshot());
  insert into ledger_totals as t (tenant_id, currency, kind, balance_minor)
  select b.tenant_id, b.currency, b.kind, b.balance_minor
    from postings_between(known.restored_up_to, known.rolled_up_to, high) b
  on conflict (tenant_id, currency, kind) do update set balance_minor = t.balance_minor + excluded.balance_minor;
  get diagnostics changed = row_count;
  update ledger_roll_up set rolled_up_to = high, rolled_up_at = clock_timestamp();
  return changed;
end $$;
revoke execute on function roll_up_ledger() from public;

-- After a restore into another cluster: sums from the beginning. Ids that this cluster has not given out yet can only
-- be the old one's; every posting up to the last of those came with the restore, so it is there for good.
create function begin_ledger_anew() returns void language plpgsql set search_path = public, pg_temp as $$
declare
  restored bigint;
begin
  select coalesce(max(posting_id), 0) into restored from postings
   where written_by >= pg_snapshot_xmax(pg_current_snapshot());
  delete from ledger_totals;
  insert into ledger_totals (tenant_id, currency, kind, balance_minor)
  select s.tenant_id, s.currency, s.kind, sum(s.amount)
    from (select p.tenant_id, p.currency, p.credit as kind, p.amount_minor as amount from postings p
           where p.posting_id <= restored
          union all
          select p.tenant_id, p.currency, p.debit, -p.amount_minor from postings p where p.posting_id <= restored) s
   group by s.tenant_id, s.currency, s.kind;
  update ledger_roll_up set rolled_up_to = '0', restored_up_to = restored,
    cluster_id = (pg_control_system()).system_identifier;
end $$;
revoke execute on function begin_ledger_anew() from public;

-- The trial balance of this moment, in one statement and so of one snapshot. Sums to zero a currency. Between a
-- restore and the first roll-up after it the totals are of no use, and everything is summed. Otherwise the newer
-- postings are looked for among the ids that this cluster has given out: after a restore many rows have higher ones.
create view trial_balance as
  with position as (
    select is_ours, restored_up_to * is_ours::int as after, case when is_ours then rolled_up_to else '0' end as low,
           case when is_ours
             then greatest(pg_snapshot_xmax(pg_current_snapshot()),
               -- What this transaction itself has posted counts too.
               (pg_current_xact_id_if_assigned()::text::bigint + 1)::text::xid8)
             else '18446744073709551615' end as high
      from (select *, cluster_id = (pg_control_system()).system_identifier as is_ours from ledger_roll_up) r)
  select tenant_id, currency, kind, sum(balance_minor)::bigint as balance_minor
    from (select t.tenant_id, t.currency, t.kind, t.balance_minor from position r, ledger_totals t where r.is_ours
          union all
          select b.tenant_id, b.currency, b.kind, b.balance_minor
            from position r, postings_between(r.after, r.low, r.high) b) parts
   group by tenant_id, currency, kind;
