-- What is older than it is kept goes, with all that it tells of persons: events by whole months, the rest by rows.

-- A new month needs the rows outside of the months for itself, and whoever reads the inbox meanwhile queues up behind it.
-- It is tried again every few minutes, and there is a month's time.
alter function prepare_inbox(timestamptz) set lock_timeout = '250ms';

-- Keys are looked for by their age alone when they go; rows come in the order of it.
create index idempotency_keys_in_time on idempotency_keys using brin (created_at);

-- A row whose work is not done, or that a person is still to look at.
create function is_event_open(p_row inbox) returns boolean language sql stable set search_path = public, pg_temp as $$
  select p_row.status = 'pending'
      or p_row.status = 'attention'
         and exists (select from attention_items a
                      where a.closed_at is null and a.subject in (p_row.event_id, p_row.object_id, p_row.group_key))
$$;
revoke execute on function is_event_open(inbox) from public;

-- Drops each month that was over before `p_before`, unless something in it is open. One row a month that is old enough:
-- `kept_for` says what it had to stay for, and is null when it went. `events` is the planner's estimate.
create function drop_old_events(p_before timestamptz) returns table (part text, events bigint, kept_for text)
  language plpgsql security definer set search_path = public, pg_temp
  -- Dropping takes the whole inbox for itself, and what arrives meanwhile queues up behind it. Who cannot have it at
  -- once comes back an hour later.
  set lock_timeout = '250ms' as $$
begin
  for part, events in
    select c.relname, greatest(c.reltuples, 0)::bigint
      from pg_inherits h join pg_class c on c.oid = h.inhrelid
     where h.inhparent = 'inbox'::regclass and c.relname ~ '^inbox_[0-9]{4}_[0-9]{2}$'
       and (to_date(substr(c.relname, 7), 'YYYY_MM') + interval '1 month') at time zone 'UTC' <= p_before
     order by c.relname
  loop
    -- Looked at before and after the lock: what is open would have everybody wait for nothing.
    kept_for := open_event_in(part);
    if kept_for is null then
      begin
        execute format('lock table only inbox, %I in access exclusive mode', part);
        kept_for := open_event_in(part);
        if kept_for is null then execute format('drop table %I', part); end if;
      exception
        when lock_not_available then kept_for := 'busy';
        -- Another relay was faster.
        when undefined_table then continue;
      end;
    end if;
    return next;
  end loop;
end $$;

-- One look a status: each has an index of its own, and a whole month is not to be read while everybody waits.
create function open_event_in(p_part text) returns text language plpgsql stable set search_path = public, pg_temp as $$
declare
  status text;
  is_open boolean;
begin
  foreach status in array array['pending', 'attention'] loop
    execute format('select exists (select from %I i where i.status = %L and is_event_open(row(i.*)::%I::inbox))',
      p_part, status, p_part) into is_open;
    if is_open then return status; end if;
  end loop;
  return null;
end $$;
revoke execute on function open_event_in(text), drop_old_events(timestamptz) from public;
grant execute on function drop_old_events(timestamptz) to issuing_app;

-- Deletes rows beside the months, at most `p_limit` of each kind. Events outside of the months are as old as their arrival.
create function delete_old_rows(p_events_before timestamptz, p_answers_before timestamptz, p_limit integer)
  returns table (kind text, deleted bigint) language plpgsql security definer set search_path = public, pg_temp as $$
begin
  kind := 'events';
  delete from inbox_other where ctid = any (array(
    select o.ctid from inbox_other o
     where o.received_at < p_events_before and not is_event_open(row(o.*)::inbox_other::inbox) limit p_limit));
  get diagnostics deleted = row_count;
  return next;
  kind := 'answers of the API';
  delete from idempotency_keys where ctid = any (array(
    select ctid from idempotency_keys where created_at < p_answers_before limit p_limit));
  get diagnostics deleted = row_count;
  return next;
  kind := 'answers of the authorizer';
  delete from answer_batches where ctid = any (array(
    select ctid from answer_batches where span << tstzrange(p_events_before, null) limit p_limit));
  get diagnostics deleted = row_count;
  return next;
end $$;
revoke execute on function delete_old_rows(timestamptz, timestamptz, integer) from public;
grant execute on function delete_old_rows(timestamptz, timestamptz, integer) to issuing_app;
