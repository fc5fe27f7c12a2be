-- What a batch of the relay makes of the books, written in one call: to send a statement costs as much as to write
-- some rows. The lists are those of src/adapters/postgres/apply/book-rows.ts; the caller holds the accounts' locks.

-- Authorizations and entries with their postings. Runs as the owner, like the trigger of single postings, and to the
-- same end: balances, holds and sequence numbers follow from the postings and from nothing else. It moves each
-- account and each hold once, whatever the number of postings.
create function post_entries(p_new_authorizations json, p_authorizations json, p_entries json, p_postings json)
  returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
  homeless text;
  changes bigint;
  posted bigint;
  ids bigint[];
  -- One time for all entries, under the locks: within it their numbers give the order.
  now_written timestamptz := clock_timestamp();
begin
  with holds as (
    select e.value ->> 'authorization_id' as authorization_id, e.value ->> 'account_id' as account_id,
           sum(case when p.credit = 'held' then p.amount_minor else -p.amount_minor end)::bigint as to_held
      from json_to_recordset(p_postings) as p (entry integer, debit text, credit text, amount_minor bigint)
      join json_array_elements(p_entries) with ordinality e on e.ordinality = p.entry
     where p.debit = 'held' or p.credit = 'held'
     group by 1, 2),
  begun as (
    insert into authorizations (tenant_id, authorization_id, account_id, card_id, stripe_card_id, currency, snapshot,
      evidence, status, captured_minor, refunded_minor, counted_minor, anchored_at, merchant, flags, is_purchase,
      awaits, held_minor)
    select r.tenant_id, r.authorization_id, r.account_id, r.card_id, r.stripe_card_id, r.currency, r.snapshot,
           r.evidence, r.status, r.captured_minor, r.refunded_minor, r.counted_minor, to_timestamp(r.anchored_s),
           r.merchant, r.flags, r.is_purchase, r.awaits, coalesce(h.to_held, 0)
      from json_to_recordset(p_new_authorizations) as r (tenant_id text, authorization_id text, account_id text,
        card_id text, stripe_card_id text, currency text, snapshot jsonb, evidence jsonb, status text,
        captured_minor bigint, refunded_minor bigint, counted_minor bigint, anchored_s float8, merchant jsonb,
        flags text[], is_purchase boolean, awaits text[])
      left join holds h using (authorization_id, account_id)
    returning authorization_id, account_id),
  changed as (
    update authorizations z set card_id = r.card_id, stripe_card_id = r.stripe_card_id, snapshot = r.snapshot,
           evidence = r.evidence, status = r.status, captured_minor = r.captured_minor,
           refunded_minor = r.refunded_minor, counted_minor = r.counted_minor,
           anchored_at = to_timestamp(r.anchored_s), merchant = r.merchant, flags = r.flags,
           is_purchase = r.is_purchase, awaits = r.awaits, held_minor = z.held_minor + coalesce(h.to_held, 0)
      from json_to_recordset(p_authorizations) as r (authorization_id text, account_id text, card_id text,
        stripe_card_id text, snapshot jsonb, evidence jsonb, status text, captured_minor bigint,
        refunded_minor bigint, counted_minor bigint, anchored_s float8, merchant jsonb, flags text[],
        is_purchase boolean, awaits text[])
      left join holds h using (authorization_id, account_id)
     where z.authorization_id = r.authorization_id and z.account_id = r.account_id
    returning z.authorization_id, z.account_id)
  select (select count(*) from changed),
         (select h.authorization_id from holds h
           where not exists (select from begun b
                              where (b.authorization_id, b.account_id) = (h.authorization_id, h.account_id))
             and not exists (select from changed c
                              where (c.authorization_id, c.account_id) = (h.authorization_id, h.account_id))
           limit 1)
    into changes, homeless;
  if homeless is not null then
    raise exception 'the hold of authorization % has no authorization of its account', homeless;
  end if;
  if changes < json_array_length(p_authorizations) then
    raise exception '% authorizations were to be changed, but % are there', json_array_length(p_authorizations), changes;
  end if;
  -- In place of foreign keys. Each is looked up by its key: joined, a plan made while the tables were small would read
  -- them whole.
  select z.authorization_id into homeless
    from (select authorization_id from json_to_recordset(p_new_authorizations) as r (authorization_id text)
          union all
          select authorization_id from json_to_recordset(p_authorizations) as r (authorization_id text)) written
    cross join lateral (select * from authorizations z where z.authorization_id = written.authorization_id) z
   where (select a.tenant_id = z.tenant_id and a.currency = z.currency from accounts a
           where a.account_id = z.account_id) is not true
      or (select s.tenant_id = z.tenant_id and s.card_id = z.card_id from stripe_cards s
           where s.stripe_card_id = z.stripe_card_id) is not true
   limit 1;
  if homeless is not null then
    raise exception 'authorization % refers to something that does not exist', homeless
      using errcode = 'foreign_key_violation';
  end if;

  -- Numbers are given in the order of the sorted rows.
  with written as (
    insert into journal_entries (tenant_id, currency, kind, account_id, authorization_id, transaction_id,
      effective_at, card_id, written_at)
    select tenant_id, currency, kind, account_id, authorization_id, transaction_id, to_timestamp(effective_s), card_id,
           case when card_id is not null then now_written end
      from rows from (json_to_recordset(p_entries) as (tenant_id text, currency text, kind text, account_id text,
        authorization_id text, transaction_id text, effective_s float8, card_id text))
        with ordinality as r (tenant_id, currency, kind, account_id, authorization_id, transaction_id, effective_s,
          card_id, place)
     order by place returning entry_id)
  select array_agg(entry_id order by entry_id) into ids from written;

  with rows as materialized (
    select p.place, p.debit, p.credit, p.amount_minor, e.entry_id, e.tenant_id, e.currency,
           case when p.debit in ('available', 'held') or p.credit in ('available', 'held') then e.account_id end
             as account_id,
           case when p.debit = 'held' or p.credit = 'held' then e.authorization_id end as authorization_id,
           case when p.credit = 'available' then p.amount_minor when p.debit = 'available' then -p.amount_minor
                else 0 end as to_available,
           case when p.credit = 'held' then p.amount_minor when p.debit = 'held' then -p.amount_minor
                else 0 end as to_held
      from rows from (json_to_recordset(p_postings) as (entry integer, debit text, credit text, amount_minor bigint))
        with ordinality as p (entry, debit, credit, amount_minor, place)
      join journal_entries e on e.entry_id = ids[p.entry]),
  moved as (
    update accounts a
       set available_minor = a.available_minor + m.to_available, held_minor = a.held_minor + m.to_held,
           seq = a.seq + m.postings,
           -- Under the row lock, and never back when a clock steps back.
           last_posted_at = greatest(a.last_posted_at, clock_timestamp())
      from (select account_id, tenant_id, currency, sum(to_available)::bigint as to_available,
                   sum(to_held)::bigint as to_held, count(*) as postings
              from rows where account_id is not null group by 1, 2, 3) m
     where a.account_id = m.account_id and a.tenant_id = m.tenant_id and a.currency = m.currency
    returning a.account_id, a.tenant_id, a.currency, a.seq - m.postings as seq, a.available_minor - m.to_available as available_minor,
              a.held_minor - m.to_held as held_minor, a.last_posted_at)
  insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id, authorization_id,
    seq, available_after_minor, held_after_minor, posted_at)
  select r.entry_id, r.tenant_id, r.currency, r.debit, r.credit, r.amount_minor, r.account_id, r.authorization_id,
         m.seq + row_number() over before, m.available_minor + sum(r.to_available) over before,
         m.held_minor + sum(r.to_held) over before, coalesce(m.last_posted_at, clock_timestamp())
    from rows r left join moved m using (account_id, tenant_id, currency)
  window before as (partition by r.account_id order by r.place)
   order by r.place;
  get diagnostics posted = row_count;
  if posted < json_array_length(p_postings) then
    raise exception '% postings belong to no entry', json_array_length(p_postings) - posted;
  end if;
end $$;
revoke execute on function post_entries(json, json, json, json) from public;
grant execute on function post_entries(json, json, json, json) to issuing_app;

-- The whole change, in the order in which one thing refers to another. Runs as the process that calls it.
create function write_books(p_new_transactions json, p_transactions json, p_new_authorizations json,
  p_authorizations json, p_entries json, p_postings json, p_confirmations json, p_spending json)
  returns void language plpgsql as $$
declare
  changes bigint;
begin
  if p_new_transactions is not null then
    insert into transactions (tenant_id, transaction_id, type, authorization_id, account_id, card_id, stripe_card_id,
      currency, amount_minor, merchant, parts, flags, created_at)
    select tenant_id, transaction_id, type, authorization_id, account_id, card_id, stripe_card_id, currency,
           amount_minor, merchant, parts, flags, to_timestamp(created_s)
      from json_to_recordset(p_new_transactions) as r (tenant_id text, transaction_id text, type text,
        authorization_id text, account_id text, card_id text, stripe_card_id text, currency text,
        amount_minor bigint, merchant jsonb, parts jsonb, flags text[], created_s bigint);
  end if;
  -- What may change of a clearing record: whose it is, its authorization, its flags.
  if p_transactions is not null then
    update transactions t set authorization_id = r.authorization_id, account_id = r.account_id, card_id = r.card_id,
           flags = r.flags
      from json_to_recordset(p_transactions) as r (transaction_id text, authorization_id text, account_id text,
        card_id text, flags text[])
     where t.transaction_id = r.transaction_id;
    get diagnostics changes = row_count;
    if changes < json_array_length(p_transactions) then
      raise exception '% clearing records were to be changed, but % are there', json_array_length(p_transactions), changes;
    end if;
  end if;
  perform post_entries(p_new_authorizations, p_authorizations, p_entries, p_postings);
  update decisions d set confirmed = r.confirmed
    from json_to_recordset(p_confirmations) as r (tenant_id text, request_id text, confirmed boolean)
   where d.tenant_id = r.tenant_id and d.request_id = r.request_id;
  insert into card_spending as s (tenant_id, card_id, purchases, captures, captured_minor, refunded_minor,
    last_purchase_at, revision)
  select tenant_id, card_id, purchases, captures, captured_minor, refunded_minor,
         case when purchases > 0 then now() end, 1
    from json_to_recordset(p_spending) as r (tenant_id text, card_id text, purchases bigint, captures bigint,
      captured_minor bigint, refunded_minor bigint)
  on conflict (card_id) do update set
    purchases = s.purchases + excluded.purchases, captures = s.captures + excluded.captures,
    captured_minor = s.captured_minor + excluded.captured_minor,
    refunded_minor = s.refunded_minor + excluded.refunded_minor,
    last_purchase_at = coalesce(excluded.last_purchase_at, s.last_purchase_at),
    dirty_since = coalesce(s.dirty_since, now()), changed_at = now(), revision = s.revision + 1;
end $$;
