-- What comes in, what the card workflows must hear, what waits for a person, and what the API has answered.

-- Every event as it came, in a part for each month of its creation at Stripe: a part that is old enough goes as a whole.
create table inbox (
  inbox_id bigint generated always as identity,
  tenant_id text references tenants,
  stripe_account text,
  event_id text not null,
  source text not null check (source in ('webhook', 'catch_up', 'fetch', 'decision')),
  type text not null,
  object_id text,
  -- Rows of one group are applied together: the Stripe card, else the cardholder, the session, or the object.
  group_key text not null,
  created bigint not null,
  -- The body byte for byte, not `jsonb`: what was signed stays provable, and what reads it takes what jsonb would refuse.
  -- Null once the person that it tells of was erased.
  payload text,
  erased_at timestamptz,
  received_at timestamptz not null default now(),
  status text not null default 'pending' check (status in ('pending', 'applied', 'ignored', 'attention')),
  reason text,
  attempts integer not null default 0,
  next_try_at timestamptz not null default now(),
  settled_at timestamptz,
  -- The transaction that settled it, and wrote what followed: entries, facts, items.
  settled_by xid8,
  check ((status = 'pending') = (settled_at is null)),
  check (status not in ('ignored', 'attention') or reason is not null),
  check ((payload is null) = (erased_at is not null)),
  primary key (inbox_id, created)
) partition by range (created);
-- Event ids are unique per account, which is the tenant's name at Stripe; one event is stored once whatever brings it.
-- It comes with the same `created` each time, so a repeat over a month's end meets its first.
create unique index inbox_event_once on inbox (event_id, coalesce(stripe_account, ''), created);
create index inbox_waiting on inbox (next_try_at, inbox_id) where status = 'pending';
-- What was given up because nobody knew its card comes back when the card is recorded.
create index inbox_given_up on inbox (group_key) where status = 'attention';
create index inbox_waiting_of_group on inbox (group_key, inbox_id) where status = 'pending';
create index inbox_of_object on inbox (object_id, inbox_id);
-- Days are compared with Stripe's list as sets. Rows come nearly in the order of their creation, so that this is enough.
create index inbox_in_time on inbox using brin (created);
-- What lies outside of the months that are prepared: clocks that leap, and senders that are wrong.
create table inbox_other partition of inbox default;

-- Prepares the parts of a month and the one after it. Rows that came before their part was there move into it; where they
-- are too many for that, the month stays outside, and the next one has its part all the same.
create function prepare_inbox(p_now timestamptz) returns void language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  -- These move in a moment: whoever stores an event outside of the months waits for it.
  moved_max constant integer := 10000;
  month timestamptz;
  part text;
  low bigint;
  high bigint;
begin
  -- One at a time, whoever asks: two would make the same table.
  perform pg_advisory_xact_lock(hashtextextended('prepare_inbox', 11));
  for ahead in 0..1 loop
    month := date_trunc('month', p_now at time zone 'UTC') at time zone 'UTC';
    month := (month at time zone 'UTC' + make_interval(months => ahead)) at time zone 'UTC';
    part := 'inbox_' || to_char(month at time zone 'UTC', 'YYYY_MM');
    if to_regclass(part) is not null then continue; end if;
    low := extract(epoch from month);
    high := extract(epoch from (month at time zone 'UTC' + interval '1 month') at time zone 'UTC');
    if exists (select from inbox_other where created >= low and created < high offset moved_max) then continue; end if;
    -- The part is attached under these locks anyway, and a row that came between the move and that would keep it out. In
    -- the order of everybody else.
    lock table only inbox in share update exclusive mode;
    lock table inbox_other in access exclusive mode;
    execute format('create table %I (like inbox including defaults including constraints)', part);
    execute format('with moved as (delete from inbox_other where created >= %s and created < %s returning *)
      insert into %I select * from moved', low, high, part);
    execute format('alter table inbox attach partition %I for values from (%s) to (%s)', part, low, high);
  end loop;
end $$;
revoke execute on function prepare_inbox(timestamptz) from public;
select prepare_inbox(now());

-- Small messages for a card's workflow, made when the inbox is applied or a command is committed.
create table facts (
  fact_id bigint generated always as identity primary key,
  tenant_id text not null,
  card_id text not null,
  kind text not null,
  body jsonb not null default '{}',
  -- The same cause makes the same fact once.
  dedupe_key text not null,
  created_at timestamptz not null default now(),
  -- The transaction that wrote it: whatever else it did has the same cause.
  written_by xid8 not null default pg_current_xact_id(),
  signalled_at timestamptz,
  -- The workflow run that took it last.
  signalled_run_id text,
  closed_at timestamptz,
  foreign key (tenant_id, card_id) references cards (tenant_id, card_id),
  unique (card_id, dedupe_key)
);
create index facts_open on facts (card_id, fact_id) where closed_at is null;
create index facts_unsent on facts (created_at) where signalled_at is null and closed_at is null;

-- Cumulative spending of a card: what the workflow hears as a digest.
create table card_spending (
  tenant_id text not null,
  card_id text primary key,
  purchases bigint not null default 0,
  captures bigint not null default 0,
  captured_minor bigint not null default 0,
  refunded_minor bigint not null default 0,
  last_purchase_at timestamptz,
  changed_at timestamptz not null default now(),
  -- What the last accepted digest carried.
  sent_revision bigint not null default 0,
  revision bigint not null default 0,
  -- The first change that no digest has carried; the next digest leaves an interval after it. Null when all is told.
  dirty_since timestamptz default now(),
  foreign key (tenant_id, card_id) references cards (tenant_id, card_id),
  check (sent_revision <= revision)
);
create index card_spending_unsent on card_spending (dirty_since) where sent_revision < revision;

-- Something only a person can settle; it stays open until somebody, or the missing piece, does.
create table attention_items (
  item_id text primary key check (item_id ~ '^att_[A-Za-z0-9]{1,60}$'),
  -- Null for what no tenant is known for, e.g. an event of a Stripe account nobody registered.
  tenant_id text references tenants,
  kind text not null,
  subject text not null,
  card_id text,
  account_id text,
  details jsonb not null default '{}',
  -- Not the begin of the transaction: an item comes after what it is about.
  opened_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz,
  resolution text,
  -- The person who settled it; null when the missing piece did.
  resolved_by text,
  -- The transactions that opened and closed it: its places in the feed of changes.
  opened_by xid8 not null default pg_current_xact_id(),
  closed_by xid8,
  check ((closed_at is null) = (resolution is null)),
  check (resolved_by is null or closed_at is not null)
);
create index attention_items_by_opener on attention_items (opened_by);
create index attention_items_by_closer on attention_items (closed_by) where closed_by is not null;
-- Items are closed in many places; none of them can forget to say by which transaction.
create function sign_closing() returns trigger language plpgsql as $$
begin
  new.closed_by := pg_current_xact_id();
  return new;
end $$;
create trigger attention_items_closed before update of closed_at on attention_items
  for each row when (old.closed_at is null and new.closed_at is not null) execute function sign_closing();
create unique index attention_items_one_open on attention_items (coalesce(tenant_id, ''), kind, subject)
  where closed_at is null;
create index attention_items_open on attention_items (opened_at desc, item_id desc) where closed_at is null;
create index attention_items_of_card on attention_items (card_id, opened_at desc, item_id desc);
create index attention_items_of_card_closed on attention_items (card_id, closed_at desc, item_id desc)
  where closed_at is not null;
create index attention_items_of_card_open on attention_items (card_id) where closed_at is null;
create index attention_items_of_subject on attention_items (subject) where closed_at is null;

-- What happened to a card, for people: written with the change it tells of.
create table card_timeline (
  timeline_id bigint generated always as identity primary key,
  tenant_id text not null,
  card_id text not null,
  -- When it was written, not the begin of the transaction, which may have waited for the account: of two entries that
  -- follow from one another the later one is the newer. When it happened, where that was earlier, is in the body.
  at timestamptz not null default clock_timestamp(),
  kind text not null,
  phase text,
  body jsonb not null default '{}',
  -- The transaction that wrote it: its place in the feed of changes.
  written_by xid8 not null default pg_current_xact_id(),
  foreign key (tenant_id, card_id) references cards (tenant_id, card_id)
);
create index card_timeline_phases_by_writer on card_timeline (written_by)
  where kind in ('card_requested', 'phase_changed');
create index card_timeline_of_card on card_timeline (card_id, at desc, timeline_id desc);

-- Where the feed of changes (src/adapters/postgres/change-feed.ts) begins. Its order is that of transaction ids, which mean
-- nothing in another cluster: a restored database begins a new epoch, in which what came with the restore is no news.
create table change_epoch (
  only_row boolean primary key default true check (only_row),
  epoch integer not null default 1,
  cluster_id bigint not null default (pg_control_system()).system_identifier,
  -- Rows up to these were written in another cluster, under ids that this one has yet to give out.
  restored_timeline_id bigint not null default 0,
  restored_entry_id bigint not null default 0,
  restored_until timestamptz not null default '-infinity'
);
insert into change_epoch default values;

-- The epoch of this moment; in another cluster than before it begins a new one.
create function current_change_epoch() returns change_epoch language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  known change_epoch;
  -- Ids that this cluster has not given out can only be the old one's.
  unknown_ids xid8 := pg_snapshot_xmax(pg_current_snapshot());
begin
  select * into strict known from change_epoch;
  if known.cluster_id = (pg_control_system()).system_identifier then return known; end if;
  select * into strict known from change_epoch for update;
  if known.cluster_id = (pg_control_system()).system_identifier then return known; end if;
  update change_epoch set epoch = epoch + 1, cluster_id = (pg_control_system()).system_identifier,
    restored_timeline_id = coalesce((select max(timeline_id) from card_timeline
      where kind in ('card_requested', 'phase_changed') and written_by >= unknown_ids), 0),
    restored_entry_id = coalesce((select max(entry_id) from postings where written_by >= unknown_ids), 0),
    restored_until = coalesce(greatest(
      (select max(decided_at) from decisions where approved_minor = 0 and written_by >= unknown_ids),
      (select max(opened_at) from attention_items where opened_by >= unknown_ids),
      (select max(closed_at) from attention_items where closed_by >= unknown_ids)), '-infinity')
  returning * into known;
  return known;
end $$;
revoke execute on function current_change_epoch() from public;

-- Answers of the API by Idempotency-Key, written in the transaction of their effect.
create table idempotency_keys (
  caller text not null,
  key text not null check (length(key) between 1 and 255),
  request_hash text not null,
  status integer,
  body jsonb,
  created_at timestamptz not null default now(),
  primary key (caller, key),
  check ((status is null) = (body is null))
);

create trigger tenants_announce after update on tenants
  for each row when (old.version is distinct from new.version) execute function announce_profile_change('tenant_id');
create trigger cardholders_announce after update on cardholders
  for each row when (old.version is distinct from new.version)
  execute function announce_profile_change('cardholder_id');
create trigger accounts_announce after update on accounts
  for each row when (old.version is distinct from new.version) execute function announce_profile_change('account_id');
create trigger cards_announce after update on cards
  for each row when (old.version is distinct from new.version) execute function announce_profile_change('card_id');

-- The relay sleeps until something waits. One notification a statement, whatever the number of rows.
create function announce_waiting() returns trigger language plpgsql as $$
begin
  perform pg_notify(tg_argv[0], '');
  return null;
end $$;
create trigger inbox_announce after insert on inbox for each statement execute function announce_waiting('inbox_waiting');
create trigger facts_announce after insert on facts for each statement execute function announce_waiting('facts_waiting');
