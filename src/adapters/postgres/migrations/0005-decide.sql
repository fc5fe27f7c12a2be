-- The decision: one call, one transaction, for a list of requests. See docs/architecture.md, "A decision".

-- All that the rules need to know of a Stripe card, or null when nobody knows it.
create function card_profile(p_stripe_account text, p_stripe_card_id text) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'tenantId', t.tenant_id, 'cardId', c.card_id, 'accountId', a.account_id, 'cardholderId', h.cardholder_id,
    'currency', a.currency, 'phase', c.phase,
    'isCurrentStripeCard', c.stripe_card_id is not distinct from s.stripe_card_id,
    'isFrozen', c.freezes <> '{}', 'isCanceled', c.cancel_requested_at is not null,
    'accountStatus', a.status,
    'isCardholderBlocked', h.stripe_status <> 'active' or h.kyc_status = 'rejected',
    'allowPartial', a.allow_partial, 'fxMarginBp', t.fx_margin_bp, 'fuelHoldMinor', t.fuel_hold_minor,
    'controls', jsonb_build_object('card', c.controls, 'account', a.controls, 'tenant', t.controls),
    'versions', jsonb_build_object('card', c.version, 'account', a.version, 'cardholder', h.version,
      'tenant', t.version))
    from stripe_cards s
    join cards c on c.card_id = s.card_id
    join accounts a on a.account_id = c.account_id
    join cardholders h on h.cardholder_id = c.cardholder_id
    join tenants t on t.tenant_id = c.tenant_id
   where s.stripe_card_id = p_stripe_card_id and t.stripe_account is not distinct from p_stripe_account;
$$;

-- The extra held on top of an amount; the same formula as src/domain/surplus.ts.
create function surplus_of(p_rule jsonb, p_amount bigint) returns bigint language sql immutable as $$
  select case p_rule ->> 'kind'
    when 'margin' then ceil(p_amount::numeric * (p_rule ->> 'basisPoints')::numeric / 10000)::bigint
    when 'fuel' then greatest((p_rule ->> 'holdMinor')::bigint - p_amount, 0)
    else 0 end;
$$;

-- The largest amount whose hold fits into the room, at most what was asked.
create function affordable(p_rule jsonb, p_asked bigint, p_room bigint) returns bigint
language plpgsql immutable as $$
declare
  amount bigint := least(p_asked, p_room);
begin
  if p_rule ->> 'kind' = 'margin' then
    amount := least(amount, floor(p_room::numeric * 10000 / (10000 + (p_rule ->> 'basisPoints')::numeric))::bigint);
  end if;
  if amount <= 0 or amount + surplus_of(p_rule, amount) > p_room then return 0; end if;
  return amount;
end $$;

-- How much of a limit is spent already: the sum of the contributions in its window (UTC).
create function spent_of(p_limit jsonb, p_card text, p_account text, p_now timestamptz) returns bigint
language plpgsql stable as $$
declare
  since timestamptz := case p_limit ->> 'interval'
    when 'all_time' then '-infinity'
    when 'daily' then date_trunc('day', p_now, 'UTC')
    when 'weekly' then date_trunc('week', p_now, 'UTC')
    when 'monthly' then date_trunc('month', p_now, 'UTC')
    else date_trunc('year', p_now, 'UTC') end;
  spent bigint;
begin
  -- Two statements rather than one condition, so that each can use its own index.
  if p_limit ->> 'scope' = 'account' then
    select coalesce(sum(z.counted_minor), 0) into spent from authorizations z
     where z.account_id = p_account and z.anchored_at >= since
       and (p_limit -> 'categories' is null or p_limit -> 'categories' ? (z.merchant ->> 'category'));
  else
    select coalesce(sum(z.counted_minor), 0) into spent from authorizations z
     where z.card_id = p_card and z.anchored_at >= since
       and (p_limit -> 'categories' is null or p_limit -> 'categories' ? (z.merchant ->> 'category'));
  end if;
  return spent;
end $$;

-- The first limit that the amount would break, as {reason numbers}, or null.
create function broken_limit(p_request jsonb, p_amount bigint, p_now timestamptz) returns jsonb
language plpgsql stable as $$
declare
  lim jsonb;
  spent bigint;
begin
  for lim in select * from jsonb_array_elements(p_request -> 'limits') loop
    continue when lim -> 'categories' is not null
      and not (lim -> 'categories') ? (p_request #>> '{merchant,category}');
    -- An increment counts with what its authorization has been approved for before.
    spent := case when lim ->> 'interval' = 'per_authorization'
      then coalesce((select z.counted_minor from authorizations z
        where z.authorization_id = p_request ->> 'authorizationId'), 0)
      else spent_of(lim, p_request ->> 'cardId', p_request ->> 'accountId', p_now) end;
    if spent + p_amount > (lim ->> 'amountMinor')::bigint then
      return lim || jsonb_build_object('spentMinor', spent, 'askedMinor', p_amount);
    end if;
  end loop;
  return null;
end $$;

-- Decides one request whose account is locked by the caller. Writes the decision and its hold, or nothing.
create function decide_one(r jsonb, p_now timestamptz) returns jsonb language plpgsql as $$
declare
  d decisions;
  profile jsonb;
  account accounts;
  asked bigint := (r ->> 'askedMinor')::bigint;
  approved_amount bigint := 0;
  reason text := r ->> 'ruleReason';
  explanation jsonb := coalesce(r -> 'explanation', '{}');
  broken jsonb;
  entry bigint;
  held bigint;
begin
  if r ->> 'accountId' is not null then
    profile := card_profile(r ->> 'stripeAccount', r ->> 'stripeCardId');
    if profile -> 'versions' is distinct from r -> 'versions' then
      return jsonb_build_object('outcome', 'stale', 'profile', profile);
    end if;
    select * into strict account from accounts where account_id = r ->> 'accountId';
  end if;
  if reason is null then
    broken := broken_limit(r, asked, p_now);
    if broken is not null then
      reason := 'LIMIT_EXCEEDED';
      explanation := explanation || jsonb_build_object('limit', broken);
    else
      approved_amount := affordable(r -> 'surplus', asked, account.available_minor + account.credit_limit_minor);
      reason := case when asked = 0 then 'ACCOUNT_CHECK'
        when approved_amount = asked then 'APPROVED'
        when approved_amount >= (r ->> 'minimumMinor')::bigint and approved_amount > 0 then 'APPROVED_PARTLY'
        else 'INSUFFICIENT_FUNDS' end;
      if reason = 'INSUFFICIENT_FUNDS' then approved_amount := 0; end if;
    end if;
  end if;
  insert into decisions (tenant_id, request_id, decision_id, authorization_id, card_id, account_id, stripe_card_id,
    currency, approved, reason, asked_minor, approved_minor, surplus, available_before_minor, versions,
    explanation, timings, requested_at)
  values (r ->> 'tenantId', r ->> 'requestId', r ->> 'decisionId', r ->> 'authorizationId', r ->> 'cardId',
    r ->> 'accountId', r ->> 'stripeCardId', r ->> 'currency',
    reason in ('APPROVED', 'APPROVED_PARTLY', 'ACCOUNT_CHECK'), reason, asked, approved_amount,
    coalesce(r -> 'surplus', '{"kind":"none"}'), account.available_minor, coalesce(r -> 'versions', '{}'),
    explanation, coalesce(r -> 'timings', '{}'), (r ->> 'requestedS')::bigint)
  returning * into d;
  if d.approved then
    insert into authorizations (tenant_id, authorization_id, account_id, card_id, stripe_card_id, currency,
      counted_minor, anchored_at, merchant)
    values (d.tenant_id, d.authorization_id, d.account_id, d.card_id, d.stripe_card_id, d.currency, approved_amount,
      p_now, coalesce(r -> 'merchant', '{}'))
    on conflict (authorization_id) do update set
      counted_minor = authorizations.counted_minor + excluded.counted_minor,
      merchant = case when authorizations.merchant = '{}' then excluded.merchant else authorizations.merchant end;
    held := approved_amount + surplus_of(d.surplus, approved_amount);
    if held > 0 then
      insert into journal_entries (tenant_id, currency, kind, account_id, authorization_id, decision_id, effective_at)
      values (d.tenant_id, d.currency, 'hold', d.account_id, d.authorization_id, d.decision_id, p_now)
      returning entry_id into entry;
      insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id, authorization_id)
      values (entry, d.tenant_id, d.currency, 'available', 'held', held, d.account_id, d.authorization_id);
    end if;
  end if;
  -- A view or a capture of this authorization came before this decision (an increment, or an answer given late):
  -- the relay converges it once more, so that the order of the two does not matter. A decline changes flags, too.
  if exists (select from authorizations z where z.authorization_id = d.authorization_id
      and (z.snapshot is not null or z.captured_minor > 0 or z.refunded_minor > 0))
    or exists (select from transactions t where t.authorization_id = d.authorization_id and t.account_id is null) then
    insert into inbox (tenant_id, stripe_account, event_id, source, type, object_id, group_key, created, payload)
    values (d.tenant_id, r ->> 'stripeAccount', 'decision:' || d.decision_id, 'decision', 'decision.recorded',
      d.authorization_id, d.stripe_card_id, d.requested_at, jsonb_build_object('authorizationId', d.authorization_id));
  end if;
  return decision_answer(d);
end $$;

create function decision_answer(d decisions) returns jsonb language sql immutable as $$
  select jsonb_build_object('outcome', 'decided', 'decisionId', d.decision_id, 'approved', d.approved,
    'reason', d.reason, 'approvedMinor', d.approved_minor);
$$;

-- Decides a list of requests in order of arrival; each sees those before it. Answers a list in the same order:
-- `decided` (with the recorded answer if there was one), `busy` (the account is locked by somebody else; nothing
-- written), `stale` (the profile is older than the rows; the fresh one comes along), `too_late`, or `failed`.
create function decide(p_requests jsonb) returns jsonb language plpgsql as $$
declare
  locked text[];
  r jsonb;
  tenant text;
  answer jsonb;
  answers jsonb := '[]';
  recorded decisions;
begin
  -- In a statement of its own and ascending: the statements after it see what the lock waited for, and nobody
  -- who locks in the same order can deadlock with this.
  select coalesce(array_agg(l.account_id), '{}') into locked from (
    select a.account_id from accounts a
     where a.account_id in (select distinct e ->> 'accountId' from jsonb_array_elements(p_requests) e)
     order by a.account_id for no key update skip locked) l;
  for r in select * from jsonb_array_elements(p_requests) loop
    if r ->> 'tenantId' is null then
      -- The card is unknown, but the request is recorded with the tenant whose Stripe account asked.
      select tenant_id into tenant from tenants where stripe_account is not distinct from r ->> 'stripeAccount';
      r := jsonb_set(r, '{tenantId}', to_jsonb(tenant));
    end if;
    select * into recorded from decisions
     where tenant_id = r ->> 'tenantId' and request_id = r ->> 'requestId';
    if r ->> 'tenantId' is null then
      answer := '{"outcome":"failed","error":"no tenant has this Stripe account"}';
    elsif found then
      answer := decision_answer(recorded);
    elsif r ->> 'accountId' is null
        and not pg_try_advisory_xact_lock(hashtextextended((r ->> 'tenantId') || '/' || (r ->> 'requestId'), 11)) then
      -- Without an account there is no row to lock; the same request asked twice must still not wait on the other.
      answer := '{"outcome":"busy"}';
    elsif clock_timestamp() > to_timestamp((r ->> 'deadlineS')::float8) then
      -- The caller has declined by now; a hold taken after that would only have to be freed again.
      answer := '{"outcome":"too_late"}';
    elsif r ->> 'accountId' is not null and not (r ->> 'accountId' = any (locked)) then
      answer := '{"outcome":"busy"}';
    else
      begin
        answer := decide_one(r, clock_timestamp());
      exception
        when others then
          -- One bad request must not fail its neighbours.
          answer := jsonb_build_object('outcome', 'failed', 'error', sqlerrm);
      end;
    end if;
    answers := answers || jsonb_build_array(answer);
  end loop;
  return answers;
end $$;
