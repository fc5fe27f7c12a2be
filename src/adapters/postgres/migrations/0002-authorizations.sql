-- Purchases: authorizations as Stripe last showed them, our decisions, and the clearing records.

create table authorizations (
  tenant_id text not null,
  authorization_id text primary key,
  account_id text not null,
  card_id text not null,
  stripe_card_id text not null,
  currency currency_code not null,
  -- The newest snapshot with its rank (src/domain/authorization-state.ts); null while only our decision is known.
  snapshot jsonb,
  -- Parts of answers to our requests that snapshots have shown so far, used to confirm decisions.
  evidence jsonb not null default '{}',
  status text not null default 'pending' check (status in ('pending', 'closed', 'reversed', 'expired')),
  -- Written with the postings alone: the sum of what they put into and took out of `held`.
  held_minor bigint not null default 0 check (held_minor >= 0),
  captured_minor bigint not null default 0 check (captured_minor >= 0),
  refunded_minor bigint not null default 0 check (refunded_minor >= 0),
  -- What this purchase counts towards spending limits, and the moment it counts at.
  counted_minor bigint not null default 0 check (counted_minor >= 0),
  anchored_at timestamptz not null,
  merchant jsonb not null default '{}',
  flags text[] not null default '{}',
  -- Approved by anybody, or captured: counted in card_spending.
  is_purchase boolean not null default false,
  -- Clearing records that it lists and that are not on the books as its own.
  awaits text[] not null default '{}',
  created_at timestamptz not null default now()
) with (fillfactor = 80, toast_tuple_target = 256);
-- Views lie outside of the row, uncompressed: the hold of a row changes more often than what was seen of it.
alter table authorizations alter snapshot set storage external, alter evidence set storage external;
-- Asked for a record that names no authorization; nearly always empty.
create index authorizations_awaiting on authorizations using gin (awaits) where awaits <> '{}';
create index authorizations_of_card on authorizations (card_id, anchored_at);
-- Views of one rank contradict each other; the relay fetches these from Stripe.
create index authorizations_tied on authorizations (created_at) where 'tied' = any (flags);
create index authorizations_of_account on authorizations (account_id, anchored_at);

-- Our recorded answer to one request. The row is the claim: it is written with its answer. Like authorizations it has no
-- foreign keys: the two functions that write them (0007-books.sql, 0009-decide.sql) look for what they refer to, once a
-- list, and none of it is ever deleted. A key to the tenant would lock its one row with each decision.
create table decisions (
  tenant_id text not null,
  -- The id of the issuing_authorization.request event.
  request_id text not null,
  decision_id text not null unique check (starts_with(decision_id, 'dec_') and length(decision_id) between 5 and 64),
  -- The first four are null only where the request was unreadable.
  authorization_id text,
  stripe_card_id text,
  currency currency_code,
  asked_minor bigint check (asked_minor >= 0),
  card_id text,
  account_id text,
  approved boolean not null,
  reason text not null check (length(reason) between 2 and 60),
  approved_minor bigint not null check (approved_minor >= 0),
  -- How much more than the amount is held, as a rule: {"kind":"none"|"margin"|"fuel", …}.
  surplus jsonb not null default '{"kind":"none"}',
  available_before_minor bigint,
  versions jsonb not null default '{}',
  -- src/domain/finding.ts: what a rule found, the limit that would have been broken, the funds.
  explanation jsonb not null default '{}',
  -- When the request was received, and how long each step had taken until Postgres was asked.
  timings jsonb not null default '{}',
  -- An approval of ours that a snapshot has shown, or that was settled otherwise, no longer adds to the hold.
  confirmed boolean not null default false,
  -- Stripe's time of the request in seconds, matched against request_history.
  requested_at bigint not null,
  decided_at timestamptz not null default clock_timestamp(),
  -- By the clock of the process that asked: when what was approved counts towards spending limits.
  counts_at timestamptz not null default clock_timestamp(),
  -- The transaction that wrote it: its place in the feed of changes.
  written_by xid8 not null default pg_current_xact_id(),
  primary key (tenant_id, request_id),
  check (approved or approved_minor = 0),
  check (approved_minor <= asked_minor),
  check (not approved or (account_id is not null and card_id is not null)),
  check (reason = 'REQUEST_UNREADABLE'
    or (authorization_id is not null and stripe_card_id is not null and currency is not null
      and asked_minor is not null))
);
create index decisions_of_authorization on decisions (authorization_id);
create index decisions_of_card on decisions (card_id, decided_at desc, decision_id desc);
-- What is held for a fuel pump lapses: the relay converges these once more when their time has come.
create index decisions_fuel on decisions (((surplus ->> 'validUntilS')::bigint))
  where surplus ->> 'kind' = 'fuel' and approved;
-- The feed of changes finds an approval of an amount by the posting of its hold, so that only the others keep an index for it.
create index decisions_unheld_by_writer on decisions (written_by) where approved_minor = 0;
create index decisions_unconfirmed on decisions (requested_at) where approved and not confirmed;

-- What left an authorizer as its answers, for people to read: all of a moment in one row, written a moment later and not
-- durably, because a row for each would be one more insert a decision, with its indexes. An answer differs from the decision when
-- Postgres was late, and then names none.
create table answer_batches (
  batch_id bigint generated always as identity primary key,
  -- When they left, by the clock of the process.
  span tstzrange not null,
  -- A list of src/ports/decision-store.ts, GivenAnswer.
  answers jsonb not null
);
-- Compressed, it would take more time than room.
alter table answer_batches alter answers set storage external;
create index answer_batches_in_time on answer_batches using gist (span);

-- Looks at Stripe for approvals that no view has shown: one row an authorization, gone when they are settled. Its times
-- are the relay's.
create table hold_lookups (
  tenant_id text not null references tenants,
  authorization_id text primary key references authorizations,
  looks integer not null default 0 check (looks >= 0),
  -- How the last look ended; null while the first is under way.
  result text check (result in ('found', 'not_listed', 'unknown', 'failed')),
  looked_at timestamptz,
  -- While a look is under way: when it counts as given up.
  next_look_at timestamptz not null
);

-- A clearing record, booked once with Stripe's amount (unsigned here; the type gives the direction).
create table transactions (
  tenant_id text not null,
  transaction_id text primary key,
  type text not null check (type in ('capture', 'refund')),
  authorization_id text,
  -- Null while the card is unknown: the money then sits in `suspense`.
  account_id text,
  card_id text references cards,
  stripe_card_id text not null,
  currency currency_code not null,
  amount_minor bigint not null check (amount_minor >= 0),
  merchant jsonb not null default '{}',
  -- What the amount is made of, as Stripe says: the merchant's amount and currency, ATM fee, cashback.
  parts jsonb not null default '{}',
  flags text[] not null default '{}',
  created_at timestamptz not null default now(),
  foreign key (tenant_id, account_id) references accounts (tenant_id, account_id),
  check ((account_id is null) = (card_id is null))
);
create index transactions_of_authorization on transactions (authorization_id);
create index transactions_of_card on transactions (card_id, created_at desc, transaction_id desc);
create index transactions_of_account on transactions (account_id, created_at desc, transaction_id desc);
create index transactions_by_tenant on transactions (tenant_id, created_at desc, transaction_id desc);

-- Disputes as Stripe last showed them: a card with one that is not decided is not settled. Whose they are follows from
-- the clearing record, which may move to another card. They move no money here.
create table disputes (
  tenant_id text not null references tenants,
  dispute_id text primary key,
  transaction_id text not null references transactions,
  status text not null check (status in ('unsubmitted', 'submitted', 'won', 'lost', 'expired')),
  -- Stripe seconds of the event that showed the status.
  event_created bigint not null,
  created_at timestamptz not null default now()
);
create index disputes_of_transaction on disputes (transaction_id);

-- The newest that events have shown of what a wallet or a merchant holds in place of a card's number.
create table tokens (
  tenant_id text not null references tenants,
  token_id text primary key,
  stripe_card_id text not null references stripe_cards,
  -- Whatever Stripe calls it: others may come.
  status text not null,
  event_created bigint not null
);
create index tokens_of_stripe_card on tokens (stripe_card_id);

-- The same of the designs that cards are printed with.
create table designs (
  tenant_id text not null references tenants,
  design_id text not null,
  status text not null,
  event_created bigint not null,
  primary key (tenant_id, design_id)
);
