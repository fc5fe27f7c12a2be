-- How far each tenant's events were read from Stripe's own list, and what is proven by comparing both.

-- Up to where the list was read. Whoever reads holds the row's lease, so that no two read for one tenant.
create table catch_ups (
  tenant_id text primary key references tenants,
  -- Stripe's seconds, as all times here that end in _s. What was made before this is no concern of ours. Null until
  -- the first reader has seen Stripe's clock.
  since_s bigint,
  -- Every event made before this has been read.
  watermark_s bigint,
  leased_by text,
  leased_until timestamptz,
  finished_at timestamptz,
  -- When a relay last set out to compare the days that no night's look had.
  days_taken_at timestamptz,
  check ((leased_by is null) = (leased_until is null)),
  check ((since_s is null) = (watermark_s is null))
);

-- Spans whose events Stripe no longer lists, and that were not read in time. Objects are read anew instead.
create table event_gaps (
  gap_id bigint generated always as identity primary key,
  tenant_id text not null references tenants,
  from_s bigint not null,
  to_s bigint not null,
  found_at timestamptz not null default now(),
  -- When the objects had been read, and how many of each kind were looked at and stored.
  reread_at timestamptz,
  reread jsonb,
  check (to_s > from_s),
  check ((reread_at is null) = (reread is null)),
  unique (tenant_id, from_s)
);
create index event_gaps_open on event_gaps (tenant_id) where reread_at is null;

-- The last comparison of each day.
create table completeness_days (
  tenant_id text not null references tenants,
  day date not null,
  -- Which types were compared.
  type_set text not null,
  from_s bigint not null,
  to_s bigint not null,
  -- Whether the day was over, so that the comparison is final.
  was_over boolean not null,
  -- Of each side the number of events, and the SHA-256 of their sorted ids, a line each.
  stripe_count bigint not null,
  stripe_hash text not null,
  our_count bigint not null,
  our_hash text not null,
  -- Events of ours that Stripe does not list, and the ids of the first of them.
  unknown_count bigint not null,
  unknown text[] not null,
  looked_at timestamptz not null default now(),
  whole_at timestamptz,
  primary key (tenant_id, day),
  check (whole_at is null or (was_over and stripe_count = our_count and stripe_hash = our_hash))
);

-- Events that no delivery had brought, and when they came after all. Kept when the events themselves have gone.
create table missing_events (
  tenant_id text not null references tenants,
  event_id text not null,
  type text not null,
  created bigint not null,
  found_at timestamptz not null default now(),
  filled_at timestamptz,
  primary key (tenant_id, created, event_id)
);
create index missing_events_open on missing_events (tenant_id) where filled_at is null;

grant select, insert on catch_ups, event_gaps, completeness_days, missing_events to issuing_app;
grant update (since_s, watermark_s, leased_by, leased_until, finished_at, days_taken_at) on catch_ups to issuing_app;
grant update (to_s, reread_at, reread) on event_gaps to issuing_app;
grant update (type_set, from_s, to_s, was_over, stripe_count, stripe_hash, our_count, our_hash, unknown_count, unknown,
  looked_at, whole_at) on completeness_days to issuing_app;
grant update (filled_at) on missing_events to issuing_app;
grant usage on all sequences in schema public to issuing_app;
