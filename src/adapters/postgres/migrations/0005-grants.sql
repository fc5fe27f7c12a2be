-- The processes' role reads and writes rows, owns nothing, and cannot touch a balance, a hold, a booked entry, an
-- amount of a clearing record, or what an event said. Updates are granted by column, to what changes in a life.
grant usage on schema public to issuing_app;
grant select, insert on all tables in schema public to issuing_app;
revoke insert on schema_migrations from issuing_app;
-- Totals are the roll-up's to write.
revoke insert on ledger_totals, ledger_roll_up from issuing_app;
grant execute on function roll_up_ledger() to issuing_app;
revoke insert on change_epoch from issuing_app;
grant execute on function current_change_epoch() to issuing_app;
grant update (name, fx_margin_bp, fuel_hold_minor, captured_amount, kyc_provider, controls, version) on tenants to issuing_app;
grant update (status, credit_limit_minor, allow_partial, controls, version) on accounts to issuing_app;
grant update (profile, kyc_status, kyc_provider, kyc_session_id, kyc_url, kyc_event_created, kyc_last_error,
  kyc_attempts, kyc_verified_at, kyc_decided_at, kyc_redacted_at, stripe_cardholder_id, stripe_status,
  stripe_disabled_reason, stripe_event_created, profile_version, stripe_profile_version, version)
  on cardholders to issuing_app;
grant update (replacement_failed, phase, state, freezes, cancel_requested_at, cancel_reason, stripe_card_id, shipping, controls, controls_version, version,
  second_line, options, phase_since, workflow_started_at, replacement_reason) on cards to issuing_app;
grant update (status, status_history, cancellation_reason, last4, exp_month, exp_year, shipping_status, carrier, tracking_number,
  tracking_url, eta, event_created) on stripe_cards to issuing_app;
grant update (request, spoiled, result_id, refusal, finished_at, redacted_at) on stripe_attempts to issuing_app;
grant update (account_id, card_id, authorization_id, flags) on transactions to issuing_app;
grant execute on function prepare_inbox(timestamptz) to issuing_app;
grant update (tenant_id, status, reason, attempts, next_try_at, settled_at, settled_by) on inbox to issuing_app;
grant update (signalled_at, signalled_run_id, closed_at) on facts to issuing_app;
grant update on card_spending to issuing_app;
grant update (fraud_warned_at) on stripe_cards to issuing_app;
grant update (status, event_created) on disputes, tokens, designs to issuing_app;
grant update (details, closed_at, resolution, resolved_by) on attention_items to issuing_app;
grant update (status, body) on idempotency_keys to issuing_app;
grant delete on idempotency_keys to issuing_app;
grant update (looks, result, looked_at, next_look_at) on hold_lookups to issuing_app;
grant delete on hold_lookups to issuing_app;
grant update (confirmed) on decisions to issuing_app;
-- Which transaction wrote an entry is the database's to fill in; what follows from a posting is the trigger's.
revoke insert on journal_entries from issuing_app;
grant insert (tenant_id, currency, kind, account_id, counter_account_id, authorization_id, transaction_id, decision_id,
  external_ref, corrects_entry_id, effective_at) on journal_entries to issuing_app;
revoke insert on postings from issuing_app;
grant insert (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id, authorization_id) on postings
  to issuing_app;
-- A new account starts at zero: the balances are not the processes' to choose.
revoke insert on accounts from issuing_app;
grant insert (tenant_id, account_id, customer_ref, currency, status, credit_limit_minor, allow_partial, controls)
  on accounts to issuing_app;
-- Purchases are written by `post_entries` (0007-books.sql) and `decide` (0009-decide.sql), decisions by the latter.
revoke insert on authorizations, decisions from issuing_app;
grant usage on all sequences in schema public to issuing_app;
-- A temporary table is a place where names can be made to mean something else; nobody here needs one.
do $$ begin execute format('revoke temporary on database %I from public', current_database()); end $$;
