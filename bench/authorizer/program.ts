/** The card program that is asked about, written straight into the tables. */
import type { Database } from '../cluster.ts';
import { createProgram } from '../ledger/program.ts';
import { accountOfCardNumber, CARDS, LIMITED, SINGLE_CARDS } from './cards.ts';
import { createHoldBaseline } from './hold-baseline.ts';

/** Far above what a run spends, on an account and under a limit alike. */
const FUNDS_MINOR = 1_000_000_000_000;

export async function fill({ app, owner }: Database, category: string): Promise<void> {
  await createProgram(app, {
    cards: SINGLE_CARDS,
    accounts: SINGLE_CARDS,
    fundsMinor: FUNDS_MINOR,
  });
  for (let card = SINGLE_CARDS; card < CARDS; card += 1) {
    await app`
      insert into cards (tenant_id, card_id, cardholder_id, account_id, type, currency, phase, stripe_card_id, state)
      select a.tenant_id, 'card_' || ${card}::int, c.cardholder_id, a.account_id, 'virtual', 'usd', 'active',
             'ic_bench' || lpad(${card}::text, 18, '0'), c.state
        from accounts a join cards c using (account_id) where a.account_id = ${accountOfCardNumber(card)}
       order by c.created_at, c.card_id limit 1`;
  }
  await app`
    insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
    select tenant_id, stripe_card_id, card_id, 1, 'active', '4242', 12, 2030 from cards
    on conflict (stripe_card_id) do nothing`;
  const limits = [
    { interval: 'daily', amountMinor: FUNDS_MINOR },
    { interval: 'weekly', amountMinor: FUNDS_MINOR, categories: [category, 'airlines'] },
    { interval: 'monthly', amountMinor: FUNDS_MINOR },
  ];
  const limited = [...LIMITED.spread, ...LIMITED.hot].map((card) => `card_${card}`);
  await app`
    update cards set controls = ${JSON.stringify({ limits })}::text::jsonb where card_id = any (${limited}::text[])`;
  await createHoldBaseline(owner);
  await owner.unsafe('vacuum analyze');
}
