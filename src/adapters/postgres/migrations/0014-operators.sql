-- Who may call the API, and what people and their programs did with what is usually left to the processes.

-- What was done by hand: replays, items settled, keys made and revoked, people erased. The processes may add to it and
-- read it; nothing of it changes.
create table audit_log (
  audit_id bigint generated always as identity primary key,
  -- Not the begin of the transaction, which may have waited for a lock.
  at timestamptz not null default clock_timestamp(),
  -- `api-key:NAME`, or `command:USER` for what was run on a machine.
  actor text not null check (actor <> ''),
  -- What was done, e.g. `event.replayed`.
  action text not null check (action ~ '^[a-z_]+[.][a-z_]+$'),
  -- What it was done to: an id.
  subject text not null check (subject <> ''),
  reason text,
  details jsonb not null default '{}' check (jsonb_typeof(details) = 'object'),
  -- The request of the API, as it is named in the logs; null for a command.
  request_id text
);
create index audit_log_of_subject on audit_log (subject, audit_id desc);
grant select on audit_log to issuing_app;
grant insert (actor, action, subject, reason, details, request_id) on audit_log to issuing_app;

-- Keys of the API. Only their hashes are here: who reads this table can call nothing. The owner makes and revokes them,
-- so that no process can give itself or others a key.
create table api_keys (
  api_key_id text primary key check (api_key_id ~ '^key_[A-Za-z0-9]{1,60}$'),
  -- What the audit log calls its holder.
  name text not null check (length(name) between 1 and 100),
  scope text not null check (scope in ('read', 'operate', 'admin')),
  -- SHA-256 of 256 random bits, which needs no salt: there is nothing to guess.
  key_hash bytea not null unique check (length(key_hash) = 32),
  created_at timestamptz not null default now(),
  -- To the minute, so that a busy key is not written with each call.
  last_used_at timestamptz,
  revoked_at timestamptz
);
-- A name stands for one holder at a time.
create unique index api_keys_name_once on api_keys (name) where revoked_at is null;
grant select on api_keys to issuing_app;
grant update (last_used_at) on api_keys to issuing_app;

-- The fate of an event names the facts that its transaction wrote.
create index facts_by_writer on facts (written_by);
-- And every item about it, closed ones too.
create index attention_items_ever_of_subject on attention_items (subject, opened_at desc);
