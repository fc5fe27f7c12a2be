-- Double entry. A posting moves a positive amount from the debit side to the credit side, so an entry balances
-- by construction. A balance is credits less debits; over all ledger accounts of a currency it is always zero.

create table journal_entries (
  entry_id bigint generated always as identity primary key,
  tenant_id text not null references tenants,
  currency currency_code not null,
  kind text not null check (
    kind in ('credit', 'debit', 'hold', 'release', 'capture', 'refund', 'suspense_resolution', 'correction')),
  account_id text,
  authorization_id text references authorizations,
  transaction_id text references transactions,
  decision_id text,
  external_ref text check (length(external_ref) between 1 and 200),
  corrects_entry_id bigint references journal_entries,
  -- When it happened for the customer; may lie in the past of posted_at.
  effective_at timestamptz not null default now(),
  -- An entry takes postings in its own transaction only.
  written_by xid8 not null default pg_current_xact_id(),
  foreign key (account_id, tenant_id, currency) references accounts (account_id, tenant_id, currency),
  check ((kind in ('capture', 'refund')) <= (transaction_id is not null)),
  check ((kind in ('hold', 'release')) <= (authorization_id is not null)),
  check ((kind = 'correction') = (corrects_entry_id is not null))
);
-- Each Stripe transaction is booked once; each credit or debit of an account has its own external reference.
create unique index journal_entries_transaction_once on journal_entries (transaction_id)
  where kind in ('capture', 'refund');
create unique index journal_entries_external_ref_once on journal_entries (account_id, external_ref)
  where kind in ('credit', 'debit');

create table postings (
  posting_id bigint generated always as identity primary key,
  entry_id bigint not null references journal_entries,
  tenant_id text not null,
  currency currency_code not null,
  debit text not null check (debit in ('available', 'held', 'funding', 'network_settlement',
    'dispute_receivable', 'losses', 'fees', 'suspense')),
  credit text not null check (credit in ('available', 'held', 'funding', 'network_settlement',
    'dispute_receivable', 'losses', 'fees', 'suspense')),
  amount_minor bigint not null check (amount_minor > 0),
  -- The customer account whose available or held is touched.
  account_id text references accounts,
  -- The hold that is touched.
  authorization_id text references authorizations,
  -- Filled by the trigger, under the lock of the account row, so all four only rise or follow the lock order.
  seq bigint,
  posted_at timestamptz not null default clock_timestamp(),
  available_after_minor bigint,
  held_after_minor bigint,
  check (debit <> credit),
  -- The pairs that the cases of docs/architecture.md need; disputes and settlement will add theirs.
  check ((debit, credit) in (('funding', 'available'), ('available', 'funding'), ('available', 'held'),
    ('held', 'available'), ('held', 'network_settlement'), ('available', 'network_settlement'),
    ('network_settlement', 'available'), ('suspense', 'network_settlement'), ('network_settlement', 'suspense'),
    ('available', 'suspense'), ('suspense', 'available'))),
  check ((debit in ('available', 'held') or credit in ('available', 'held')) = (account_id is not null)),
  check ((debit = 'held' or credit = 'held') <= (authorization_id is not null)),
  check ((account_id is null) = (seq is null)),
  unique (account_id, seq)
);
create index postings_of_entry on postings (entry_id);
create index postings_by_kind on postings (tenant_id, currency);

-- The only writer of balances and holds. It runs as the owner, whose privilege the processes do not have, so
-- a balance row that differs from the sum of its postings cannot be written by them.
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
  if new.account_id is not null and new.account_id is distinct from entry.account_id then
    raise exception 'posting of account % does not belong to entry % of %', new.account_id, new.entry_id, entry.account_id;
  end if;
  if (new.debit = 'held' or new.credit = 'held') and new.authorization_id is distinct from entry.authorization_id then
    raise exception 'posting of authorization % does not belong to entry %', new.authorization_id, new.entry_id;
  end if;
  if entry.tenant_id <> new.tenant_id or entry.currency <> new.currency then
    raise exception 'posting of % % does not belong to its entry %', new.tenant_id, new.currency, new.entry_id;
  end if;
  if new.account_id is null then
    new.seq := null; new.available_after_minor := null; new.held_after_minor := null;
    new.posted_at := clock_timestamp();
    return new;
  end if;
  update accounts
     set available_minor = available_minor + to_available, held_minor = held_minor + to_held, seq = seq + 1
   where account_id = new.account_id and tenant_id = new.tenant_id and currency = new.currency
  returning seq, available_minor, held_minor
       into new.seq, new.available_after_minor, new.held_after_minor;
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
  -- Taken after the row lock: so the times of an account's postings rise with their seq.
  new.posted_at := clock_timestamp();
  return new;
end $$;
create trigger postings_apply before insert on postings for each row execute function apply_posting();
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

-- Balances by the trial balance: credits less debits a kind. Sums to zero a currency.
create view trial_balance as
  select tenant_id, currency, kind, sum(amount)::bigint as balance_minor
    from (select tenant_id, currency, credit as kind, amount_minor as amount from postings
          union all
          select tenant_id, currency, debit, -amount_minor from postings) sides
   group by tenant_id, currency, kind;
