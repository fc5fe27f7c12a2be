-- What a list of decisions writes to the books. See 0010-decide.sql.

-- An approval: what it adds to its authorization, and what is held for it.
create type decided_hold as (
  place integer, tenant_id text, authorization_id text, account_id text, card_id text, stripe_card_id text,
  currency text, decision_id text, merchant jsonb, counted_minor bigint, held_minor bigint);

-- Authorizations, entries and postings of approvals, in their order. Runs as the owner, like `post_entries` and to the
-- same end: balances, holds and sequence numbers follow from the postings. The caller holds the accounts' locks.
create function post_holds(p_holds decided_hold[], p_now timestamptz) returns void language plpgsql
  security definer set search_path = public, pg_temp as $$
declare
  authorizations_written bigint;
  authorizations_meant bigint;
  held decided_hold[];
  ids bigint[];
  posted bigint;
begin
  if exists (select from unnest(p_holds) h where h.held_minor < 0 or h.counted_minor < 0) then
    raise exception 'a hold is below zero';
  end if;
  -- A list may hold several requests of one authorization; its first tells whose it is.
  insert into authorizations as z (tenant_id, authorization_id, account_id, card_id, stripe_card_id, currency,
    counted_minor, held_minor, anchored_at, merchant)
  select h.tenant_id, h.authorization_id, h.account_id, h.card_id, h.stripe_card_id, h.currency, h.all_counted,
         h.all_held, p_now, coalesce(h.merchant, '{}')
    from (select h.*, sum(h.counted_minor) over whole as all_counted, sum(h.held_minor) over whole as all_held,
                 row_number() over (partition by h.authorization_id order by h.place) as nth
            from unnest(p_holds) h window whole as (partition by h.authorization_id)) h
   where h.nth = 1
  on conflict (authorization_id) do update set
    counted_minor = z.counted_minor + excluded.counted_minor, held_minor = z.held_minor + excluded.held_minor,
    merchant = case when z.merchant = '{}' then excluded.merchant else z.merchant end
   where z.account_id = excluded.account_id;
  get diagnostics authorizations_written = row_count;
  select count(distinct h.authorization_id) into authorizations_meant from unnest(p_holds) h;
  if authorizations_written < authorizations_meant then
    raise exception 'an authorization belongs to another account';
  end if;

  held := array(select h from unnest(p_holds) h where h.held_minor > 0 order by h.place);
  if cardinality(held) = 0 then return; end if;
  -- Numbers are given in the order of the sorted rows.
  with written as (
    insert into journal_entries (tenant_id, currency, kind, account_id, authorization_id, decision_id, effective_at)
    select h.tenant_id, h.currency, 'hold', h.account_id, h.authorization_id, h.decision_id, p_now
      from unnest(held) h order by h.place returning entry_id)
  select array_agg(entry_id order by entry_id) into ids from written;
  with moved as (
    update accounts a
       set available_minor = a.available_minor - m.amount, held_minor = a.held_minor + m.amount,
           seq = a.seq + m.postings, last_posted_at = greatest(a.last_posted_at, clock_timestamp())
      from (select h.account_id, sum(h.held_minor)::bigint as amount, count(*) as postings from unnest(held) h
             group by 1) m
     where a.account_id = m.account_id
    returning a.account_id, a.tenant_id, a.currency, a.seq - m.postings as seq,
              a.available_minor + m.amount as available_minor, a.held_minor - m.amount as held_minor, a.last_posted_at)
  insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id, authorization_id, seq,
    available_after_minor, held_after_minor, posted_at)
  select ids[h.ordinality], h.tenant_id, h.currency, 'available', 'held', h.held_minor, h.account_id,
         h.authorization_id, m.seq + row_number() over before, m.available_minor - sum(h.held_minor) over before,
         m.held_minor + sum(h.held_minor) over before, m.last_posted_at
    from unnest(held) with ordinality h
    join moved m on m.account_id = h.account_id and m.tenant_id = h.tenant_id and m.currency = h.currency
  window before as (partition by h.account_id order by h.ordinality)
   order by h.ordinality;
  get diagnostics posted = row_count;
  if posted < cardinality(held) then
    raise exception '% holds are of no account of their tenant and currency', cardinality(held) - posted;
  end if;
end $$;
revoke execute on function post_holds(decided_hold[], timestamptz) from public;
grant execute on function post_holds(decided_hold[], timestamptz) to issuing_app;
