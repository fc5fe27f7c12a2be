-- The processes' role reads and writes rows, owns nothing, and cannot touch a balance, a hold, or a booked entry.
grant usage on schema public to issuing_app;
grant select, insert on all tables in schema public to issuing_app;
revoke insert on schema_migrations from issuing_app;
grant update on tenants, cardholders, cards, stripe_cards, stripe_attempts, transactions, inbox, facts,
  card_spending, attention_items, idempotency_keys to issuing_app;
grant delete on idempotency_keys, inbox to issuing_app;
grant update (status, credit_limit_minor, allow_partial, controls, version) on accounts to issuing_app;
grant update (snapshot, evidence, status, captured_minor, refunded_minor, counted_minor, anchored_at, merchant, flags, is_purchase)
  on authorizations to issuing_app;
grant update (confirmed) on decisions to issuing_app;
-- A new account or authorization starts at zero: the balances are not the processes' to choose.
revoke insert on accounts, authorizations from issuing_app;
grant insert (tenant_id, account_id, customer_ref, currency, status, credit_limit_minor, allow_partial, controls)
  on accounts to issuing_app;
grant insert (tenant_id, authorization_id, account_id, card_id, stripe_card_id, currency, snapshot, evidence, status,
  captured_minor, refunded_minor, counted_minor, anchored_at, merchant, flags, is_purchase) on authorizations to issuing_app;
grant usage on all sequences in schema public to issuing_app;
