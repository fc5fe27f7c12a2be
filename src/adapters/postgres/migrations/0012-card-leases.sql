-- Which relay tells a card's workflow at the moment, so that of several only one does, and until when a card whose
-- workflow could not be told is left alone. Committed before Temporal is called; a relay that dies holds up its cards
-- until the lease ends. Not logged: after a crash of the database nobody holds anything, which is right.
create unlogged table card_leases (
  card_id text primary key,
  -- The relay, for as long as it runs; of a card that has to work off facts first, that it awaits room.
  holder text not null,
  until timestamptz not null,
  -- Times in a row that the card could not be told; each makes it wait longer.
  failures integer not null default 0
);
grant select, insert, update, delete on card_leases to issuing_app;

-- The oldest first, however many wait.
drop index facts_unsent;
create index facts_unsent on facts (fact_id) where signalled_at is null and closed_at is null;
-- Sent and not worked off: those that are sent again.
create index facts_unanswered on facts (signalled_at) where closed_at is null and signalled_at is not null;
