-- What the relay looks for again and again among rows that only grow in number, and what a tenant's own row makes it look
-- at once more.

-- What waits in suspense for its card: asked with every batch of that card.
create index transactions_in_suspense on transactions (stripe_card_id) where account_id is null;

-- How a partly captured authorization is read changes what it holds: each that is open is converged once more.
create function reread_open_authorizations() returns trigger language plpgsql as $$
begin
  insert into inbox (tenant_id, stripe_account, event_id, source, type, object_id, group_key, created, payload)
  select new.tenant_id, new.stripe_account, 'reading:' || pg_current_xact_id() || ':' || z.authorization_id,
         'decision', 'decision.recorded', z.authorization_id, z.stripe_card_id, extract(epoch from now())::bigint,
         jsonb_build_object('authorizationId', z.authorization_id)::text
    from authorizations z
   where z.tenant_id = new.tenant_id and z.status = 'pending' and (z.captured_minor > 0 or z.awaits <> '{}');
  return null;
end $$;
create trigger tenants_reread after update of captured_amount on tenants
  for each row when (old.captured_amount is distinct from new.captured_amount)
  execute function reread_open_authorizations();

-- Events of a Stripe account that nobody had registered were given up after a day: once it is, they are of somebody.
create function wake_events_of_tenant() returns trigger language plpgsql as $$
begin
  with woken as (
    update inbox set status = 'pending', reason = null, settled_at = null, settled_by = null, next_try_at = now(), failures = 0
     where status = 'attention' and tenant_id is null and stripe_account is not distinct from new.stripe_account
       and reason like 'no tenant has the Stripe account %'
    returning event_id)
  update attention_items a set closed_at = clock_timestamp(), resolution = 'the tenant is registered now'
    from woken w
   where a.kind = 'event_not_applied' and a.closed_at is null and a.tenant_id is null and a.subject = w.event_id;
  return null;
end $$;
create trigger tenants_wake after insert on tenants for each row execute function wake_events_of_tenant();
