-- Who is who: tenants, customer accounts, cardholders, cards, and the Stripe cards a card has owned.
-- Every row carries its tenant, which is the unit by which data can be spread over several databases.

-- Letters are counted rather than matched: a regular expression would take a noticeable part of a decision.
create domain currency_code as text
  check (length(value) = 3 and translate(value, 'abcdefghijklmnopqrstuvwxyz', '') = '');

-- One Stripe account: the platform's own (stripe_account null) or a connected account.
create table tenants (
  tenant_id text primary key check (tenant_id ~ '^ten_[A-Za-z0-9]{1,60}$'),
  stripe_account text unique check (stripe_account ~ '^acct_[A-Za-z0-9_]{1,60}$'),
  name text not null check (length(name) between 1 and 200),
  -- Held on top of a foreign-currency purchase, because the final amount is known at capture only.
  fx_margin_bp integer not null default 300 check (fx_margin_bp between 0 and 10000),
  -- Held for a fuel status check (MCC 5542) until the pump reports the true amount.
  fuel_hold_minor bigint not null default 10000 check (fuel_hold_minor between 100 and 100000000),
  -- Whether Stripe's `amount` of a partly captured authorization shrinks or stays; see convergence.ts.
  captured_amount text not null default 'unknown' check (captured_amount in ('unknown', 'shrinks', 'stays')),
  -- Who verifies the holders of cards that name nobody.
  kyc_provider text not null default 'stripe_identity' check (kyc_provider in ('stripe_identity', 'external', 'manual')),
  controls jsonb not null default '{}',
  version bigint not null default 1,
  created_at timestamptz not null default now()
);
-- A null is not equal to a null, so uniqueness alone would allow two platforms.
create unique index tenants_one_platform on tenants ((true)) where stripe_account is null;

-- Money of one customer in one currency. The balances follow from postings, in the database
-- (0003-ledger.sql, 0007-books.sql): the processes' role has no privilege to update them.
create table accounts (
  tenant_id text not null references tenants,
  account_id text not null check (account_id ~ '^acc_[A-Za-z0-9]{1,60}$'),
  customer_ref text not null check (length(customer_ref) between 1 and 200),
  currency currency_code not null,
  status text not null default 'open' check (status in ('open', 'frozen', 'closed')),
  credit_limit_minor bigint not null default 0 check (credit_limit_minor >= 0),
  allow_partial boolean not null default false,
  controls jsonb not null default '{}',
  -- Bounded by what a JSON number carries exactly: a credit beyond it is refused rather than rounded.
  available_minor bigint not null default 0
    check (available_minor between -9007199254740991 and 9007199254740991),
  held_minor bigint not null default 0 check (held_minor between 0 and 9007199254740991),
  -- Number and time of the last posting of this account: the next one is one higher, and not earlier.
  seq bigint not null default 0 check (seq >= 0),
  last_posted_at timestamptz not null default '-infinity',
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  -- The sum is what a statement shows; a release brings it all back.
  check (available_minor + held_minor between -9007199254740991 and 9007199254740991),
  primary key (account_id),
  unique (tenant_id, account_id),
  unique (account_id, tenant_id, currency)
) with (fillfactor = 70);
create index accounts_by_tenant on accounts (tenant_id, created_at desc, account_id desc);

-- The person or company on the card; its row owns the KYC outcome and Stripe's `ich_`.
-- Personal data lies in `profile`, `kyc_last_error` and `kyc_url` here; docs/kyc.md lists where else.
create table cardholders (
  tenant_id text not null references tenants,
  cardholder_id text primary key check (cardholder_id ~ '^chr_[A-Za-z0-9]{1,60}$'),
  customer_ref text not null check (length(customer_ref) between 1 and 200),
  type text not null check (type in ('individual', 'company')),
  profile jsonb not null,
  kyc_status text not null default 'unverified'
    check (kyc_status in ('unverified', 'pending', 'verified', 'failed', 'rejected')),
  -- Of the check that runs or ran last, and the provider's own reference of it.
  kyc_provider text not null default 'stripe_identity' check (kyc_provider in ('stripe_identity', 'external', 'manual')),
  kyc_session_id text,
  kyc_url text,
  -- Newest view of the check that was taken in: the provider's seconds; an older one changes nothing.
  kyc_event_created bigint not null default 0,
  -- Code and reason of the last failure. The reason may be personal; it goes with the redaction.
  kyc_last_error jsonb,
  kyc_attempts integer not null default 0 check (kyc_attempts >= 0),
  -- Of the last verification; it stays while a newer check runs, and ends with a rejection.
  kyc_verified_at timestamptz,
  -- When the check last ended, well or badly; null while it runs.
  kyc_decided_at timestamptz,
  kyc_redacted_at timestamptz,
  -- When everything personal was last taken out of this row and all others (src/adapters/postgres/erasure).
  erased_at timestamptz,
  stripe_cardholder_id text,
  stripe_status text not null default 'active' check (stripe_status in ('active', 'inactive', 'blocked')),
  stripe_disabled_reason text,
  stripe_event_created bigint not null default 0,
  -- Rises with every change of the profile; beside it the one that Stripe has, 0 before it has any.
  profile_version bigint not null default 1,
  stripe_profile_version bigint not null default 0 check (stripe_profile_version <= profile_version),
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  unique (tenant_id, customer_ref),
  unique (tenant_id, cardholder_id),
  unique (tenant_id, stripe_cardholder_id),
  check (kyc_status <> 'verified' or kyc_verified_at is not null),
  check (kyc_status <> 'rejected' or kyc_verified_at is null)
);
create index cardholders_by_session on cardholders (tenant_id, kyc_session_id);

create table cards (
  tenant_id text not null,
  card_id text primary key check (card_id ~ '^card_[A-Za-z0-9]{1,60}$'),
  cardholder_id text not null,
  account_id text not null,
  type text not null check (type in ('virtual', 'physical')),
  currency currency_code not null,
  phase text not null default 'kyc' check (
    phase in ('kyc', 'issuance', 'awaiting_delivery', 'activation', 'active', 'winding_down', 'closed')),
  -- The whole state of src/domain/card-state.ts, as the workflow last saved it; null until its first save.
  state jsonb,
  -- What the decision needs beside the phase. Written by the API before it answers.
  freezes jsonb not null default '{}' check (jsonb_typeof(freezes) = 'object'),
  cancel_requested_at timestamptz,
  cancel_reason text check (cancel_reason in ('requested', 'lost', 'stolen')),
  stripe_card_id text,
  shipping jsonb,
  -- Printed below the name; personal, like `shipping`.
  second_line text check (length(second_line) between 1 and 24),
  -- What was asked for with the card and stays as it is: CardOptions of src/ports/cards.ts.
  options jsonb not null default '{}' check (jsonb_typeof(options) = 'object'),
  controls jsonb not null default '{}',
  -- Rises with every change of the controls, so that Stripe is told each of them once.
  controls_version bigint not null default 1,
  replacement_for text references cards,
  -- It ended before it could be spent with, so that another may take its place.
  replacement_failed boolean not null default false,
  replacement_reason text check (replacement_reason in ('lost', 'stolen', 'damaged', 'expired')),
  -- The first card of the chain of replacements that this one belongs to: spending limits of cards count across it.
  chain_id text not null,
  version bigint not null default 1,
  phase_since timestamptz not null default now(),
  workflow_started_at timestamptz,
  created_at timestamptz not null default now(),
  foreign key (tenant_id, cardholder_id) references cardholders (tenant_id, cardholder_id),
  foreign key (account_id, tenant_id, currency) references accounts (account_id, tenant_id, currency),
  unique (tenant_id, card_id),
  check ((type = 'physical') or shipping is null),
  check ((type = 'physical') or second_line is null),
  check ((cancel_requested_at is null) = (cancel_reason is null)),
  check (phase not in ('awaiting_delivery', 'activation', 'active') or stripe_card_id is not null),
  check (phase <> 'awaiting_delivery' or type = 'physical')
);
create index cards_by_tenant on cards (tenant_id, created_at desc, card_id desc);
create index cards_by_cardholder on cards (cardholder_id, created_at desc, card_id desc);
create index cards_by_account on cards (account_id, created_at desc, card_id desc);
create index cards_by_phase on cards (phase, created_at desc, card_id desc);
create index cards_by_time on cards (created_at desc, card_id desc);
create index cards_of_chain on cards (chain_id);
create unique index cards_replaced_once on cards (replacement_for) where not replacement_failed;
create function join_chain() returns trigger language plpgsql as $$
begin
  new.chain_id := coalesce((select c.chain_id from cards c where c.card_id = new.replacement_for), new.card_id);
  return new;
end $$;
create trigger cards_chain before insert on cards for each row execute function join_chain();
create index cards_without_workflow on cards (created_at) where workflow_started_at is null;

-- Each Stripe card a card has owned, one an issuance attempt, with the newest snapshot of it.
create table stripe_cards (
  tenant_id text not null,
  stripe_card_id text primary key,
  card_id text not null,
  attempt integer not null check (attempt >= 1),
  status text not null check (status in ('active', 'inactive', 'canceled')),
  cancellation_reason text,
  last4 text not null check (last4 ~ '^[0-9]{4}$'),
  exp_month integer not null check (exp_month between 1 and 12),
  exp_year integer not null check (exp_year between 2000 and 2200),
  shipping_status text check (
    shipping_status in ('pending', 'submitted', 'shipped', 'delivered', 'returned', 'failure', 'canceled')),
  carrier text,
  tracking_number text,
  tracking_url text,
  -- When Stripe expects the parcel to arrive.
  eta timestamptz,
  -- What events have shown of the status, from which it is derived (src/domain/card-view.ts).
  status_history jsonb not null default '{"base":"inactive","sightings":[]}',
  -- Of the newest fraud warning that was seen: one that is not newer freezes nothing.
  fraud_warned_at timestamptz,
  -- Stripe seconds of the newest event that shaped this row; 0 when it came from a create call.
  event_created bigint not null default 0,
  created_at timestamptz not null default now(),
  foreign key (tenant_id, card_id) references cards (tenant_id, card_id),
  unique (card_id, attempt),
  unique (stripe_card_id, tenant_id, card_id)
);

-- A call that creates something at Stripe, stored before it is sent: the business attempt with its frozen body.
create table stripe_attempts (
  tenant_id text not null references tenants,
  -- Our id of what is being created for: a card or a cardholder.
  subject_id text not null,
  step text not null check (step in ('create_cardholder', 'create_card', 'create_verification')),
  attempt integer not null check (attempt >= 1),
  idempotency_key text not null unique check (length(idempotency_key) between 1 and 255),
  -- Personal. Of an attempt that is over and old only its KYC provider is kept: {"forgotten": true, "provider": ...}.
  request jsonb not null,
  -- When the first call was sent: Stripe forgets keys after 24 h.
  started_at timestamptz not null default now(),
  -- Stripe answered 500 under this key: it would replay that answer, so the object must be looked for.
  spoiled boolean not null default false,
  result_id text,
  refusal jsonb,
  finished_at timestamptz,
  -- Of a KYC check: when its provider was told to forget what the customer showed.
  redacted_at timestamptz,
  primary key (subject_id, step, attempt),
  check (result_id is null or refusal is null),
  check ((finished_at is not null) = (result_id is not null or refusal is not null))
);
create index stripe_attempts_of_check on stripe_attempts (result_id) where step = 'create_verification';
create index stripe_attempts_remembered on stripe_attempts (finished_at)
  where finished_at is not null and not request ? 'forgotten';
create index stripe_attempts_unredacted on stripe_attempts (finished_at)
  where step = 'create_verification' and result_id is not null and redacted_at is null
    and request ->> 'provider' = 'stripe_identity';

-- Processes keep card profiles in memory; every change of what a decision reads is announced as `<table>:<id>`.
-- The argument of the trigger names the id's column.
create function announce_profile_change() returns trigger language plpgsql as $$
begin
  perform pg_notify('profile_changed', tg_table_name || ':' || (to_jsonb(new) ->> tg_argv[0]));
  return null;
end $$;
