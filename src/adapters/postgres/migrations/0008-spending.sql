-- What cards and accounts have spent, by day (UTC) and merchant category, so that a limit of any window is a sum of some
-- rows. Each authorization counts once, with `counted_minor`, on the day it is anchored at; a release, a reversal or a
-- smaller capture lowers what it counts, and gives the room back.
create table spending (
  -- The first card of a chain of replacements, or an account.
  owner_id text not null,
  spent_on date not null,
  category text not null,
  amount_minor bigint not null,
  -- Authorizations that count with more than nothing.
  purchases bigint not null,
  primary key (owner_id, spent_on, category)
) with (fillfactor = 70);
grant select on spending to issuing_app;

-- The only writer of `spending`. Runs as the owner, like the trigger of balances and to the same end: what is counted
-- follows from the authorizations and from nothing else. All that a statement changed of one row is added at once.
create function count_spending() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  insert into spending as s (owner_id, spent_on, category, amount_minor, purchases)
  select o.owner_id, (w.anchored_at at time zone 'UTC')::date, coalesce(w.merchant ->> 'category', ''),
         sum(w.counted_minor), count(*)
    from written w
    cross join lateral (values ((select k.chain_id from cards k where k.card_id = w.card_id)), (w.account_id))
      as o (owner_id)
   where w.counted_minor > 0
   group by 1, 2, 3 order by 1, 2, 3
  on conflict (owner_id, spent_on, category) do update set
    amount_minor = s.amount_minor + excluded.amount_minor, purchases = s.purchases + excluded.purchases;
  return null;
end $$;

create function recount_spending() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  short_of text;
begin
  with changed as (
    select w.card_id, w.account_id, w.anchored_at, w.merchant ->> 'category' as category, w.counted_minor, 1 as purchases
      from written w where w.counted_minor > 0
    union all
    select r.card_id, r.account_id, r.anchored_at, r.merchant ->> 'category', -r.counted_minor, -1
      from replaced r where r.counted_minor > 0),
  counted as (
    insert into spending as s (owner_id, spent_on, category, amount_minor, purchases)
    select o.owner_id, (c.anchored_at at time zone 'UTC')::date, coalesce(c.category, ''), sum(c.counted_minor),
           sum(c.purchases)
      from changed c
      cross join lateral (values ((select k.chain_id from cards k where k.card_id = c.card_id)), (c.account_id))
        as o (owner_id)
     group by 1, 2, 3 having sum(c.counted_minor) <> 0 or sum(c.purchases) <> 0
     order by 1, 2, 3
    on conflict (owner_id, spent_on, category) do update set
      amount_minor = s.amount_minor + excluded.amount_minor, purchases = s.purchases + excluded.purchases
    returning owner_id, amount_minor, purchases)
  select owner_id into short_of from counted where amount_minor < 0 or purchases < 0 limit 1;
  -- A check of the table would look at what is to be added as well, which may be below zero.
  if short_of is not null then
    raise exception '% would have spent less than nothing', short_of using errcode = 'check_violation';
  end if;
  return null;
end $$;
revoke execute on function count_spending(), recount_spending() from public;
create trigger authorizations_count after insert on authorizations referencing new table as written
  for each statement execute function count_spending();
create trigger authorizations_recount after update on authorizations
  referencing old table as replaced new table as written for each statement execute function recount_spending();

-- The first and the last day of the window (UTC; weeks begin on Monday) of each interval that a day lies in.
create function windows_of(p_day date) returns table (span text, first_day date, last_day date)
language sql immutable as $$
  values ('daily', p_day, p_day),
         ('weekly', date_trunc('week', p_day)::date, date_trunc('week', p_day)::date + 6),
         ('monthly', date_trunc('month', p_day)::date, (date_trunc('month', p_day) + interval '1 month')::date - 1),
         ('yearly', date_trunc('year', p_day)::date, (date_trunc('year', p_day) + interval '1 year')::date - 1),
         ('all_time', '-infinity'::date, 'infinity'::date);
$$;
