/** The tables of the minimal hold: a row an account with what is left of it, and a row a hold. Nothing else is kept. */
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import { accountOfCardNumber, CARDS, numberOfStripeCard } from './cards.ts';

const FUNDS_MINOR = 1_000_000_000_000;

/** The baseline has no directory: its process works out the account from the card. */
export const holdAccountOf = (stripeCardId: string): string =>
  accountOfCardNumber(numberOfStripeCard(stripeCardId));

export async function createHoldBaseline(owner: Sql): Promise<void> {
  await owner.unsafe(`
    create schema baseline;
    create table baseline.accounts (
      account_id text primary key, available_minor bigint not null, held_minor bigint not null default 0
    ) with (fillfactor = 70);
    create table baseline.holds (
      request_id text primary key, account_id text not null, amount_minor bigint not null,
      held_at timestamptz not null default clock_timestamp());
    create function baseline.hold(p_request text, p_account text, p_amount bigint) returns boolean
    language plpgsql as $$
    begin
      update baseline.accounts set available_minor = available_minor - p_amount, held_minor = held_minor + p_amount
       where account_id = p_account and available_minor >= p_amount;
      if not found then return false; end if;
      insert into baseline.holds (request_id, account_id, amount_minor) values (p_request, p_account, p_amount);
      return true;
    end $$;
    grant usage on schema baseline to issuing_app;
    grant all on all tables in schema baseline to issuing_app;`);
  const accounts = [...new Set(Array.from({ length: CARDS }, (_, n) => accountOfCardNumber(n)))];
  await owner`
    insert into baseline.accounts (account_id, available_minor)
    select account_id, ${FUNDS_MINOR}::bigint from unnest(${accounts}::text[]) account_id`;
}
