/**
 * Clearing records that no account can take: of cards nobody knows, moved when the card turns up, and of another
 * currency than the card's account, which stay until a person settles them.
 */
import type { Merchant, ObservedTransaction } from '../../../domain/authorization-state.ts';
import { bookInSuspense } from '../../../domain/convergence.ts';
import { parseAuthorizationId, parseTransactionId, type TenantId } from '../../../domain/ids.ts';
import { move } from '../../../domain/ledger.ts';
import { type Currency, minorUnits } from '../../../domain/money.ts';
import { type AttentionDraft, closeAttention, openAttention } from '../attention.ts';
import { writeEntry } from '../ledger.ts';
import type { Transaction } from '../pool.ts';
import { insertTransaction } from './authorization-rows.ts';
import type { CardContext } from './card-context.ts';

const UNKNOWN_CARD = 'transaction_of_unknown_card';
const WRONG_CURRENCY = 'transaction_of_wrong_currency';
/** Marks rows that stay in suspense although their card is known. */
const WRONG_CURRENCY_FLAG = 'wrong_currency';

/** Books the transaction in suspense, with an item; a repeat adds at most the authorization it names. */
export async function bookUnknownCard(
  tx: Transaction,
  tenantId: TenantId,
  transaction: ObservedTransaction,
): Promise<void> {
  const { transactionId, authorizationId } = transaction;
  if (await bookAside(tx, tenantId, transaction, ['suspense'])) {
    await openAttention(tx, { tenantId, kind: UNKNOWN_CARD, ...aboutTransaction(transaction) });
    return;
  }
  await tx`
    update transactions set authorization_id = ${authorizationId}
     where transaction_id = ${transactionId} and authorization_id is null and account_id is null
       and tenant_id = ${tenantId} and not ${WRONG_CURRENCY_FLAG} = any (flags)`;
}

/** Books a transaction of a known card in its own currency; the account has another one and is not touched. */
export async function bookWrongCurrency(
  tx: Transaction,
  context: CardContext,
  transaction: ObservedTransaction,
): Promise<void> {
  // Without its authorization: that one adds up amounts of the account's currency.
  const alone = { ...transaction, authorizationId: null };
  const flags = ['suspense', WRONG_CURRENCY_FLAG];
  if (!(await bookAside(tx, context.tenantId, alone, flags))) return;
  await openWrongCurrency(tx, context, transaction);
}

async function bookAside(
  tx: Transaction,
  tenantId: TenantId,
  transaction: ObservedTransaction,
  flags: readonly string[],
): Promise<boolean> {
  const nobody = { tenantId, accountId: null, cardId: null } as const;
  if (!(await insertTransaction(tx, transaction, nobody, flags))) return false;
  const owner = { tenantId, currency: transaction.currency, accountId: null };
  await writeEntry(tx, owner, bookInSuspense(transaction));
  return true;
}

const openWrongCurrency = (
  tx: Transaction,
  { tenantId, cardId, accountId }: CardContext,
  transaction: ObservedTransaction,
): Promise<void> =>
  openAttention(tx, {
    tenantId,
    cardId,
    accountId,
    kind: WRONG_CURRENCY,
    ...aboutTransaction(transaction),
  });

const aboutTransaction = (
  transaction: ObservedTransaction,
): Pick<AttentionDraft, 'subject' | 'details'> => ({
  subject: transaction.transactionId,
  details: {
    stripeCardId: transaction.stripeCardId,
    authorizationId: transaction.authorizationId,
    type: transaction.type,
    amountMinor: transaction.amountMinor,
    currency: transaction.currency,
  },
});

/**
 * Moves what waited in suspense for this card to its account, closes the items, and answers what was moved,
 * oldest first: it is on the books, but counted nowhere yet. The account is locked.
 */
export async function resolveSuspense(
  tx: Transaction,
  context: CardContext,
  nowS: number,
): Promise<readonly ObservedTransaction[]> {
  const waiting = await waitingFor(tx, context);
  const resolution = `the card is known now: ${context.cardId}`;
  for (const transaction of waiting) {
    const { transactionId: subject } = transaction;
    if (transaction.currency === context.currency)
      await moveToAccount(tx, context, transaction, nowS);
    else await leaveInSuspense(tx, context, transaction);
    await closeAttention(tx, { kind: UNKNOWN_CARD, subject, resolution });
  }
  return waiting.filter((transaction) => transaction.currency === context.currency);
}

async function waitingFor(
  tx: Transaction,
  context: CardContext,
): Promise<readonly ObservedTransaction[]> {
  const rows = await tx<
    {
      transaction_id: string;
      type: 'capture' | 'refund';
      authorization_id: string | null;
      amount_minor: number;
      currency: Currency;
      merchant: Merchant;
      created_s: number;
    }[]
  >`
    select transaction_id, type, authorization_id, amount_minor, currency, merchant,
           extract(epoch from created_at)::bigint as created_s
      from transactions
     where stripe_card_id = ${context.stripeCardId} and account_id is null and tenant_id = ${context.tenantId}
       and not ${WRONG_CURRENCY_FLAG} = any (flags)
     order by created_at, transaction_id for no key update`;
  return rows.map((row) => ({
    transactionId: parseTransactionId(row.transaction_id),
    type: row.type,
    authorizationId:
      row.authorization_id === null ? null : parseAuthorizationId(row.authorization_id),
    stripeCardId: context.stripeCardId,
    amountMinor: minorUnits(row.amount_minor),
    currency: row.currency,
    createdS: row.created_s,
    merchant: row.merchant,
  }));
}

async function moveToAccount(
  tx: Transaction,
  context: CardContext,
  { transactionId, type, amountMinor }: ObservedTransaction,
  nowS: number,
): Promise<void> {
  await tx`
    update transactions set account_id = ${context.accountId}, card_id = ${context.cardId},
           flags = array_remove(flags, 'suspense')
     where transaction_id = ${transactionId}`;
  await writeEntry(tx, context, {
    kind: 'suspense_resolution',
    authorizationId: null,
    transactionId,
    effectiveS: nowS,
    postings:
      type === 'capture'
        ? move('available', 'suspense', amountMinor)
        : move('suspense', 'available', amountMinor),
  });
}

async function leaveInSuspense(
  tx: Transaction,
  context: CardContext,
  transaction: ObservedTransaction,
): Promise<void> {
  await tx`
    update transactions set authorization_id = null, flags = array_append(flags, ${WRONG_CURRENCY_FLAG})
     where transaction_id = ${transaction.transactionId}`;
  await openWrongCurrency(tx, context, transaction);
}
