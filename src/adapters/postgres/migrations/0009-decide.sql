-- The decision: one call, one transaction, for a list of requests. See docs/architecture.md, "A decision".

-- All that the rules need to know of a Stripe card, or null when nobody knows it.
create function card_profile(p_stripe_account text, p_stripe_card_id text) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'tenantId', t.tenant_id, 'cardId', c.card_id, 'chainId', c.chain_id, 'accountId', a.account_id, 'cardholderId', h.cardholder_id,
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
    when 'margin' then greatest(ceil(p_amount::numeric * (p_rule ->> 'basisPoints')::numeric / 10000)::bigint, 0)
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

-- One request as the authorizer asks it (src/adapters/postgres/decision-rows.ts). The requests of a list share its
-- counters, which are numbered from 1: {account, owner, span, categories} each, see 0008-spending.sql.
create type asked_request as (
  request_id text, decision_id text, stripe_account text, stripe_card_id text, authorization_id text, currency text,
  asked_minor bigint, minimum_minor bigint, surplus jsonb, merchant jsonb, timings jsonb, requested_at bigint,
  -- In Postgres' time; past it nothing is written, because the caller has declined.
  deadline_s float8,
  -- The profile that the rules were run on; null for a card that nobody knows.
  tenant_id text, card_id text, account_id text, cardholder_id text, card_version bigint, account_version bigint,
  cardholder_version bigint, tenant_version bigint,
  -- What the rules said: a reason to decline with its explanation, or null.
  rule_reason text, explanation jsonb,
  -- The limits in the order of their checks: which counter (0 is what the authorization itself has been approved for),
  -- how much and how often it may count at most, and its facts.
  limit_counters integer[], limit_amounts bigint[], limit_counts bigint[], limits json,
  -- All counters that this purchase counts towards, whether it has a limit there or not.
  counts integer[]);

-- What is known of a request before it is decided.
create type request_standing as (
  tenant_id text,
  -- Where in the list the same request, and a request of the same authorization, came first.
  first_place integer, purchase_place integer,
  -- The answer that is recorded already.
  decision_id text, approved boolean, reason text, approved_minor bigint,
  -- It was given to the same question.
  is_same boolean,
  -- Where in the list of locked accounts its account is; null when it is unknown, or locked by somebody else.
  account_place integer, is_fresh boolean,
  -- Its authorization, when an earlier request was approved, or Stripe showed it.
  counted_minor bigint, anchored_at timestamptz,
  -- A view or a clearing record came before this decision.
  is_seen boolean);

create type recorded_answer as (
  decision_id text, approved boolean, reason text, approved_minor bigint, is_same boolean);
create type known_purchase as (counted_minor bigint, anchored_at timestamptz, is_seen boolean);

-- What becomes of a request; `is_new` when this call has decided it.
create type request_outcome as (
  outcome text, decision_id text, approved boolean, reason text, approved_minor bigint, is_new boolean, profile jsonb,
  error text);

-- Every row is looked up by its key, in a subquery of its own: a plan is kept, and a join that was planned while the tables
-- were small would read them whole.
create function standings_of(p_requests asked_request[], p_locked text[], p_versions bigint[])
  returns request_standing[] language sql stable as $$
  select array_agg(row(s.tenant, s.first_place, s.purchase_place, (s.recorded).decision_id, (s.recorded).approved,
                       (s.recorded).reason, (s.recorded).approved_minor, (s.recorded).is_same, s.account_place, s.is_fresh,
                       (s.known).counted_minor, (s.known).anchored_at, coalesce((s.known).is_seen, false) or s.is_awaited
                      )::request_standing order by s.place)
    from (
      select r.place, r.tenant, min(r.place) over (partition by r.tenant, r.request_id) as first_place,
             min(r.place) over (partition by r.authorization_id) as purchase_place, r.account_place,
             (select row(d.decision_id, d.approved, d.reason, d.approved_minor,
                         (d.authorization_id, d.stripe_card_id, d.asked_minor, d.currency::text) is not distinct from
                         (r.authorization_id, r.stripe_card_id, r.asked_minor, r.currency))::recorded_answer
                from decisions d
               where d.tenant_id = r.tenant and d.request_id = r.request_id) as recorded,
             p_versions[r.account_place] = r.account_version
               and (select c.version = r.card_version and c.account_id = r.account_id and c.tenant_id = r.tenant_id
                           and c.cardholder_id = r.cardholder_id
                      from cards c where c.card_id = r.card_id)
               and (select k.card_id = r.card_id and k.tenant_id = r.tenant_id from stripe_cards k
                     where k.stripe_card_id = r.stripe_card_id)
               and (select h.version = r.cardholder_version from cardholders h where h.cardholder_id = r.cardholder_id)
               and (select t.version = r.tenant_version from tenants t where t.tenant_id = r.tenant_id) as is_fresh,
             (select row(z.counted_minor, z.anchored_at,
                         z.snapshot is not null or z.captured_minor > 0 or z.refunded_minor > 0)::known_purchase
                from authorizations z where z.authorization_id = r.authorization_id) as known,
             coalesce((select bool_or(x.account_id is null) from transactions x
                        where x.authorization_id = r.authorization_id), false) as is_awaited
        from (select u.*, u.ordinality::integer as place, array_position(p_locked, u.account_id) as account_place,
                     -- The card is unknown, but the request is recorded with the tenant whose Stripe account asked.
                     coalesce(u.tenant_id, (
                       select t.tenant_id from tenants t where t.stripe_account = u.stripe_account
                          or (t.stripe_account is null and u.stripe_account is null))) as tenant
                from unnest(p_requests) with ordinality u offset 0) r offset 0) s;
$$;

-- An approval: what it adds to its authorization, and what is held for it.
create type decided_hold as (
  place integer, is_first boolean, entry_id bigint, tenant_id text, authorization_id text, account_id text, card_id text,
  stripe_card_id text, currency text, decision_id text, merchant jsonb, counted_minor bigint, held_minor bigint);

-- Writes decisions, and what is held for them, at once. Balances, holds and sequence numbers follow from the postings,
-- as in `post_entries` (0007-books.sql).
create function write_decisions(p_decisions decisions[], p_holds decided_hold[], p_now timestamptz) returns void
language plpgsql as $$
declare
  held decided_hold[] := array(select h from unnest(p_holds) h where h.held_minor > 0 order by h.place);
  posted bigint;
begin
  with decided as (
    insert into decisions select d.* from unnest(p_decisions) d),
  begun as (
    insert into authorizations (tenant_id, authorization_id, account_id, card_id, stripe_card_id, currency,
      counted_minor, held_minor, anchored_at, merchant)
    select h.tenant_id, h.authorization_id, h.account_id, h.card_id, h.stripe_card_id, h.currency, h.counted_minor,
           h.held_minor, p_now, coalesce(h.merchant, '{}')
      from unnest(p_holds) h where h.is_first),
  entered as (
    insert into journal_entries (entry_id, tenant_id, currency, kind, account_id, authorization_id, decision_id,
      effective_at) overriding system value
    select h.entry_id, h.tenant_id, h.currency, 'hold', h.account_id, h.authorization_id, h.decision_id, p_now
      from unnest(held) h),
  moved as (
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
  select h.entry_id, h.tenant_id, h.currency, 'available', 'held', h.held_minor, h.account_id, h.authorization_id,
         m.seq + row_number() over before, m.available_minor - sum(h.held_minor) over before,
         m.held_minor + sum(h.held_minor) over before, m.last_posted_at
    from unnest(held) h
    join moved m on m.account_id = h.account_id and m.tenant_id = h.tenant_id and m.currency = h.currency
  window before as (partition by h.account_id order by h.place)
   order by h.place;
  get diagnostics posted = row_count;
  if posted < cardinality(held) then
    raise exception '% holds are of no account of their tenant and currency', cardinality(held) - posted;
  end if;
end $$;

-- Increments: what was approved for an authorization that is there already.
create function write_increments(p_holds decided_hold[]) returns void language plpgsql as $$
declare
  meant bigint := (select count(distinct (h.authorization_id, h.account_id)) from unnest(p_holds) h);
  written bigint;
begin
  update authorizations z
     set counted_minor = z.counted_minor + i.counted_minor, held_minor = z.held_minor + i.held_minor,
         merchant = case when z.merchant = '{}' then i.merchant else z.merchant end
    from (select h.authorization_id, h.account_id, sum(h.counted_minor)::bigint as counted_minor,
                 sum(h.held_minor)::bigint as held_minor, (array_agg(h.merchant order by h.place))[1] as merchant
            from unnest(p_holds) h group by 1, 2) i
   where z.authorization_id = i.authorization_id and z.account_id = i.account_id;
  get diagnostics written = row_count;
  if written < meant then
    raise exception 'an authorization belongs to another account';
  end if;
end $$;

-- Decides the requests of a list in their order, each seeing those before it, and writes at once what comes of them.
-- Windows of limits are those of `p_now`, the time of the process that asks. An increment of a purchase that began on
-- another day counts in the windows of that day, so it is left `apart`, and decided in a list of its own, which is
-- `p_is_alone`.
create function decide_together(p_counters json, p_requests asked_request[], p_now timestamptz, p_is_alone boolean)
  returns request_outcome[] language plpgsql as $$
declare
  -- The locked accounts: ids, versions, currencies, what is available, and how far below zero they may be spent.
  locked text[];
  versions bigint[];
  currencies text[];
  available bigint[];
  credit bigint[];
  -- What each counter counts.
  spent bigint[];
  purchases bigint[];
  -- By the place of the first request of an authorization: what it has been approved for; null when it is new.
  approved bigint[] := '{}';
  standings request_standing[];
  outcomes request_outcome[] := '{}';
  written decisions[] := '{}';
  holds decided_hold[] := '{}';
  increments decided_hold[] := '{}';
  seen text[] := '{}';
  asked_elsewhere text[] := '{}';
  today timestamptz := date_trunc('day', p_now, 'UTC');
  r asked_request;
  s request_standing;
  o request_outcome;
  place integer := 0;
  counter integer;
  reason text;
  explanation jsonb;
  is_approved boolean;
  amount bigint;
  held bigint;
  is_first boolean;
  -- What the authorization counts before this request, and whether this request makes it count as a purchase.
  own bigint;
  joins integer;
  counted bigint;
begin
  -- A request of an unknown card has no row to lock; the same request asked twice must still not wait for the other. Before
  -- anything is read, so that what the other has committed is seen.
  foreach r in array p_requests loop
    if r.account_id is null
        and not pg_try_advisory_xact_lock(hashtextextended(coalesce(r.stripe_account, '') || '/' || r.request_id, 11)) then
      asked_elsewhere := asked_elsewhere || r.request_id;
    end if;
  end loop;
  -- In a statement of its own and ascending: the statements after it see what was committed before the lock was
  -- taken, and nobody who locks in the same order can deadlock with this.
  select coalesce(array_agg(l.account_id), '{}'), array_agg(l.version), array_agg(l.currency),
         array_agg(l.available_minor), array_agg(l.credit_limit_minor)
    into locked, versions, currencies, available, credit
    from (select a.account_id, a.version, a.currency, a.available_minor, a.credit_limit_minor from accounts a
           where a.account_id = any (array(select distinct q.account_id from unnest(p_requests) q))
           order by a.account_id for no key update skip locked) l;
  standings := standings_of(p_requests, locked, versions);
  select array_agg(coalesce(i.amount_minor, 0) order by c.place), array_agg(coalesce(i.purchases, 0) order by c.place)
    into spent, purchases
    from rows from (json_to_recordset(p_counters) as (account text, owner text, span text, categories text[]))
      with ordinality as c (account, owner, span, categories, place)
    join windows_of((case when p_is_alone then coalesce((standings[1]).anchored_at, p_now) else p_now end
      at time zone 'UTC')::date) w using (span)
    cross join lateral (
      select sum(p.amount_minor)::bigint as amount_minor, sum(p.purchases)::bigint as purchases from spending p
       -- Those of accounts that were not locked are not asked for: a request alone, or a busy one, must not pay for
       -- the whole list.
       where (c.account is null or c.account = any (locked)) and p.owner_id = c.owner and p.spent_on between w.first_day and w.last_day
         and (c.categories is null or p.category = any (c.categories))) i;

  foreach r in array p_requests loop
    place := place + 1;
    s := standings[place];
    o := row('decided', s.decision_id, s.approved, s.reason, s.approved_minor, false, null, null);
    if s.tenant_id is null then
      o.outcome := 'unknown_tenant';
    elsif s.decision_id is not null and not s.is_same then
      o := row('failed', null, null, null, null, false, null,
        'the request ' || r.request_id || ' was decided before, with another content');
    elsif s.decision_id is not null then
      null;
    elsif s.first_place < place then
      o := outcomes[s.first_place];
      o.is_new := false;
    elsif clock_timestamp() > to_timestamp(r.deadline_s) then
      -- The caller has declined by now; a hold taken after that would only have to be freed again.
      o.outcome := 'too_late';
    elsif r.account_id is null then
      o.is_new := r.request_id <> all (asked_elsewhere);
      if not o.is_new then o.outcome := 'busy'; end if;
    elsif s.account_place is null then
      o.outcome := 'busy';
    elsif s.is_fresh is not true then
      o.outcome := 'stale';
      o.profile := card_profile(r.stripe_account, r.stripe_card_id);
    elsif not p_is_alone and (s.anchored_at < today or s.anchored_at >= today + interval '1 day') then
      o.outcome := 'apart';
    else
      o.is_new := true;
    end if;
    if not o.is_new then
      outcomes[place] := o;
      continue;
    end if;

    reason := r.rule_reason;
    explanation := coalesce(r.explanation, '{}');
    amount := 0;
    own := coalesce(approved[s.purchase_place], s.counted_minor, 0);
    joins := (own = 0)::integer;
    if reason is null then
      for i in 1 .. coalesce(cardinality(r.limit_counters), 0) loop
        counter := r.limit_counters[i];
        counted := case when counter = 0 then own else spent[counter] end;
        if counted + r.asked_minor > r.limit_amounts[i]
            or (joins > 0 and purchases[counter] + joins > r.limit_counts[i]) then
          explanation := jsonb_build_object('limit', (r.limits -> (i - 1))::jsonb || jsonb_build_object(
            'spentMinor', counted, 'spentCount', coalesce(purchases[counter], 1 - joins)));
          reason := upper(explanation #>> '{limit,interval}') || '_LIMIT_EXCEEDED';
          exit;
        end if;
      end loop;
    end if;
    if reason is null then
      if r.currency is distinct from currencies[s.account_place] then
        raise exception '% is asked of an account in %', r.currency, currencies[s.account_place];
      end if;
      amount := affordable(r.surplus, r.asked_minor, available[s.account_place] + credit[s.account_place]);
      reason := case when r.asked_minor = 0 then 'ACCOUNT_CHECK'
        when amount = r.asked_minor then 'APPROVED'
        when amount >= r.minimum_minor and amount > 0 then 'APPROVED_PARTLY'
        else 'INSUFFICIENT_FUNDS' end;
      explanation := jsonb_build_object('funds', jsonb_build_object('creditLimitMinor', credit[s.account_place],
        'neededMinor', r.asked_minor + surplus_of(r.surplus, r.asked_minor)));
    end if;
    is_approved := reason in ('APPROVED', 'APPROVED_PARTLY', 'ACCOUNT_CHECK');
    if not is_approved then amount := 0; end if;
    -- In the order of the table's columns: one expression is much quicker than one a column.
    written := written || row(s.tenant_id, r.request_id, r.decision_id, r.authorization_id, r.stripe_card_id, r.currency,
      r.asked_minor, r.card_id, r.account_id, is_approved, reason, amount, coalesce(r.surplus, '{"kind":"none"}'),
      available[s.account_place],
      case when r.account_id is null then '{}' else jsonb_build_object('card', r.card_version, 'account',
        r.account_version, 'cardholder', r.cardholder_version, 'tenant', r.tenant_version) end,
      explanation, coalesce(r.timings, '{}'), false, r.requested_at, clock_timestamp(),
      p_now, pg_current_xact_id())::decisions;
    if s.is_seen and r.stripe_card_id is not null then seen := seen || r.decision_id; end if;
    if is_approved then
      held := amount + surplus_of(r.surplus, amount);
      is_first := s.counted_minor is null and approved[s.purchase_place] is null;
      holds := holds || row(place, is_first, case when held > 0 then nextval('journal_entries_entry_id_seq') end,
        s.tenant_id, r.authorization_id, r.account_id, r.card_id, r.stripe_card_id, r.currency, r.decision_id, r.merchant,
        amount, held)::decided_hold;
      if not is_first then increments := increments || holds[cardinality(holds)]; end if;
      available[s.account_place] := available[s.account_place] - held;
      approved[s.purchase_place] := own + amount;
      if amount > 0 and r.counts is not null then
        foreach counter in array r.counts loop
          spent[counter] := spent[counter] + amount;
          purchases[counter] := purchases[counter] + joins;
        end loop;
      end if;
    end if;
    outcomes[place] := row('decided', r.decision_id, is_approved, reason, amount, true, null, null);
  end loop;

  if cardinality(written) > 0 then perform write_decisions(written, holds, p_now); end if;
  if cardinality(increments) > 0 then perform write_increments(increments); end if;
  -- A view or a capture of these authorizations came before the decision (an increment, or an answer given late): the
  -- relay converges them once more, so that the order of the two does not matter. A decline changes flags, too.
  if cardinality(seen) > 0 then
    insert into inbox (tenant_id, stripe_account, event_id, source, type, object_id, group_key, created, payload)
    select w.tenant_id, t.stripe_account, 'decision:' || w.decision_id, 'decision', 'decision.recorded',
           w.authorization_id, w.stripe_card_id, w.requested_at,
           jsonb_build_object('authorizationId', w.authorization_id)::text
      from unnest(written) w join tenants t on t.tenant_id = w.tenant_id
     where w.decision_id = any (seen);
  end if;
  return outcomes;
end $$;

-- Decides a list of requests in order of arrival, in one transaction. Answers a list in the same order: `decided` (with
-- the recorded answer if there was one), `busy` (the account is locked by somebody else), `stale` (the profile is older
-- than the rows; the fresh one comes along), `too_late`, `unknown_tenant`, or `failed`; all but the first write nothing.
-- It runs as the owner, because the processes' role cannot write decisions: this is the only way to one, and it looks at
-- the money whatever our code believes. Rows are looked up by key, whatever a plan that was made while the tables were
-- small would do; and plans are kept, because to make them anew took nearly half of the time of a short list.
create function decide(p_counters json, p_requests json, p_now timestamptz default clock_timestamp()) returns json
language plpgsql security definer set search_path = public, pg_temp
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set plan_cache_mode = force_generic_plan as $$
declare
  requests asked_request[];
  outcomes request_outcome[];
  one request_outcome[];
begin
  -- What is read after the lock must be what was committed before it.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'decide() needs the isolation level read committed';
  end if;
  requests := array(select r from json_populate_recordset(null::asked_request, p_requests) r);
  begin
    outcomes := decide_together(p_counters, requests, p_now, false);
  exception
    when others then
      -- The server cannot decide at all (it is read-only, full, or ending), which is no fault of a request.
      if left(sqlstate, 2) in ('25', '53', '57', '58') or cardinality(requests) = 0 then raise; end if;
      outcomes := array_fill(row('failed', null, null, null, null, false, null, sqlerrm)::request_outcome,
        array[cardinality(requests)]);
  end;
  -- One bad request must not fail its neighbours: each is decided by itself.
  for place in 1 .. cardinality(requests) loop
    if (outcomes[place]).outcome in ('apart', 'failed') then
      begin
        one := decide_together(p_counters, requests[place:place], p_now, true);
      exception
        when others then
          one := array[row('failed', null, null, null, null, false, null, sqlerrm)::request_outcome];
      end;
      outcomes[place] := one[1];
    end if;
  end loop;
  return (select coalesce(json_agg(json_build_object('outcome', o.outcome, 'decisionId', o.decision_id,
      'approved', o.approved, 'reason', o.reason, 'approvedMinor', o.approved_minor, 'profile', o.profile,
      'error', o.error) order by o.ordinality), '[]')
    from unnest(outcomes) with ordinality o);
end $$;

-- Keeps what was answered (src/ports/decision-store.ts, GivenAnswer). Its commit waits for no disk: losing some costs no
-- money, and decisions must not wait for it.
create function record_answers(p_answers json) returns void language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  insert into answer_batches (span, answers)
  select tstzrange(min(r."answeredAt"), max(r."answeredAt"), '[]'), p_answers::jsonb
    from json_to_recordset(p_answers) as r ("answeredAt" timestamptz);
end $$;

revoke execute on function standings_of(asked_request[], text[], bigint[]),
  write_decisions(decisions[], decided_hold[], timestamptz), write_increments(decided_hold[]),
  decide_together(json, asked_request[], timestamptz, boolean), decide(json, json, timestamptz) from public;
grant execute on function decide(json, json, timestamptz) to issuing_app;
