-- Two things that the relay looks for again and again among rows that only grow in number.

-- What waits in suspense for its card: asked with every batch of that card.
create index transactions_in_suspense on transactions (stripe_card_id) where account_id is null;
-- The looks at Stripe for one authorization: asked before the next look.
create index inbox_fetches on inbox (object_id, inbox_id) where source = 'fetch';
