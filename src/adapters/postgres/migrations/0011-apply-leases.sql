-- Work on the inbox that was begun: what ends its process, or always fails, must not be begun for ever.

-- A lease is committed before the work, and goes with the transaction of the work. One that stays was left behind by a
-- relay that died; which of its rows is to blame shows when each is applied by itself. It excludes nobody by itself:
-- advisory locks do that, which end with their process.
create table apply_leases (
  lease_id bigint generated always as identity primary key,
  -- Whose it is, for people.
  relay text not null,
  -- Groups that may still be under way.
  group_keys text[] not null,
  taken_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null
);
grant select, insert, delete on apply_leases to issuing_app;
grant update (group_keys, expires_at) on apply_leases to issuing_app;
grant usage on sequence apply_leases_lease_id_seq to issuing_app;

-- Tries in a row that did not come to an end. A row that has any is applied alone, and each try is counted before it begins.
alter table inbox add column failures integer not null default 0;
grant update (failures) on inbox to issuing_app;
create index inbox_suspects on inbox (next_try_at, inbox_id) where status = 'pending' and failures > 0;
