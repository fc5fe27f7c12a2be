/** The card, account and tenant behind a Stripe card, with the account's row locked. */
import type { CapturedAmountReading } from '../../../domain/hold.ts';
import {
  type AccountId,
  type CardId,
  parseAccountId,
  parseCardId,
  parseStripeCardId,
  parseTenantId,
  type StripeCardId,
  type TenantId,
} from '../../../domain/ids.ts';
import { invariant } from '../../../domain/invariant.ts';
import { type Currency, parseCurrency } from '../../../domain/money.ts';
import type { Transaction } from '../pool.ts';

export interface CardContext {
  readonly tenantId: TenantId;
  readonly accountId: AccountId;
  readonly cardId: CardId;
  readonly stripeCardId: StripeCardId;
  readonly currency: Currency;
  readonly phase: string;
  /** `unused`, `spending`, `dormant`, or null before the card was active. */
  readonly usage: string | null;
  readonly reading: CapturedAmountReading;
}

/**
 * Locks the account of a Stripe card, then reads what the books need to know: in this order, so that nothing
 * read is older than the lock. Null when nobody knows the card.
 */
export async function lockCardContext(
  tx: Transaction,
  stripeCardId: string,
): Promise<CardContext | null> {
  const locked = await tx`
    select 1 from accounts a
     where a.account_id = (select c.account_id from stripe_cards s join cards c using (card_id)
                            where s.stripe_card_id = ${stripeCardId})
       for no key update`;
  if (locked.length === 0) return null;
  const [row] = await tx<
    {
      tenant_id: string;
      account_id: string;
      card_id: string;
      currency: string;
      phase: string;
      usage: string | null;
      captured_amount: CapturedAmountReading;
    }[]
  >`select c.tenant_id, c.account_id, c.card_id, a.currency, c.phase, c.state ->> 'usage' as usage, t.captured_amount
      from stripe_cards s
      join cards c using (card_id)
      join accounts a on a.account_id = c.account_id
      join tenants t on t.tenant_id = c.tenant_id
     where s.stripe_card_id = ${stripeCardId}`;
  invariant(row !== undefined, `the card of ${stripeCardId} vanished under its lock`);
  const currency = parseCurrency(row.currency);
  invariant(
    currency !== undefined,
    `account ${row.account_id} has the unknown currency ${row.currency}`,
  );
  return {
    tenantId: parseTenantId(row.tenant_id),
    accountId: parseAccountId(row.account_id),
    cardId: parseCardId(row.card_id),
    stripeCardId: parseStripeCardId(stripeCardId),
    currency,
    phase: row.phase,
    usage: row.usage,
    reading: row.captured_amount,
  };
}
