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

create type spending_change as (
  card_id text, account_id text, anchored_at timestamptz, category text, amount_minor bigint, purchases bigint);

-- Adds changes to the rows they belong to, each row once. What does not change anything is left out.
create function add_spending(p_changes spending_change[]) returns void language plpgsql
  set search_path = public, pg_temp as $$
declare
  short_of text;
begin
  with counted as (
    insert into spending as s (owner_id, spent_on, category, amount_minor, purchases)
    select o.owner_id, (c.anchored_at at time zone 'UTC')::date, coalesce(c.category, ''), sum(c.amount_minor),
           sum(c.purchases)
      from unnest(p_changes) c
      cross join lateral (values ((select k.chain_id from cards k where k.card_id = c.card_id)), (c.account_id))
        as o (owner_id)
     group by 1, 2, 3 having sum(c.amount_minor) <> 0 or sum(c.purchases) <> 0
     order by 1, 2, 3
    on conflict (owner_id, spent_on, category) do update set
      amount_minor = s.amount_minor + excluded.amount_minor, purchases = s.purchases + excluded.purchases
    returning owner_id, amount_minor, purchases)
  select owner_id into short_of from counted where amount_minor < 0 or purchases < 0 limit 1;
  -- A check of the table would look at what is to be added as well, which may be below zero.
  if short_of is not null then
    raise exception '% would have spent less than nothing', short_of using errcode = 'check_violation';
  end if;
end $$;

-- The only writer of `spending`. Runs as the owner, like the trigger of balances and to the same end: what is counted
-- follows from the authorizations and from nothing else.
create function count_spending() returns trigger language plpgsql security definer
  set search_path = public, pg_temp as $$
begin
  if tg_relid <> 'public.authorizations'::regclass then
    raise exception 'this trigger belongs to authorizations alone';
  end if;
  if tg_op = 'INSERT' then
    perform add_spending(array(
      select row(w.card_id, w.account_id, w.anchored_at, w.merchant ->> 'category', w.counted_minor, 1)::spending_change
        from written w where w.counted_minor > 0));
  else
    perform add_spending(array(
      select row(w.card_id, w.account_id, w.anchored_at, w.merchant ->> 'category', w.counted_minor, 1)::spending_change
        from written w where w.counted_minor > 0
      union all
      select row(o.card_id, o.account_id, o.anchored_at, o.merchant ->> 'category', -o.counted_minor, -1)::spending_change
        from replaced o where o.counted_minor > 0));
  end if;
  return null;
end $$;
revoke execute on function add_spending(spending_change[]), count_spending() from public;
create trigger authorizations_count after insert on authorizations referencing new table as written
  for each statement execute function count_spending();
create trigger authorizations_recount after update on authorizations
  referencing old table as replaced new table as written for each statement execute function count_spending();

-- The first and the last day (UTC; weeks begin on Monday) of the window of an interval that a moment lies in.
create function window_of(p_interval text, p_at timestamptz, out first_day date, out last_day date)
language plpgsql stable as $$
declare
  day date := (p_at at time zone 'UTC')::date;
begin
  case p_interval
    when 'daily' then first_day := day; last_day := day;
    when 'weekly' then first_day := date_trunc('week', day)::date; last_day := first_day + 6;
    when 'monthly' then first_day := date_trunc('month', day)::date;
      last_day := (first_day + interval '1 month')::date - 1;
    when 'yearly' then first_day := date_trunc('year', day)::date;
      last_day := (first_day + interval '1 year')::date - 1;
    when 'all_time' then first_day := '-infinity'; last_day := 'infinity';
  end case;
end $$;
