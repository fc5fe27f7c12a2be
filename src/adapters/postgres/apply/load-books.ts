/** Loads what is stored of the customers that a batch concerns, with their accounts locked. */
import type { AmountParts, Merchant } from '../../../domain/authorization-state.ts';
import type {
  AccountState,
  AuthorizationState,
  Books,
  CardState,
  TransactionFlag,
  TransactionState,
} from '../../../domain/books.ts';
import type { CardPhase } from '../../../domain/card-phase.ts';
import type { RecordedDecision } from '../../../domain/confirmation.ts';
import type { CapturedAmountReading } from '../../../domain/hold.ts';
import type {
  AccountId,
  AuthorizationId,
  CardId,
  StripeCardId,
  TenantId,
  TransactionId,
} from '../../../domain/ids.ts';
import type { Currency, MinorUnits } from '../../../domain/money.ts';
import type { Transaction } from '../pool.ts';
import type { Named } from './named.ts';
import { type AuthorizationRow, toAuthorization } from './stored-authorization.ts';

/** `skip`: leaves out accounts that somebody else has locked; `wait`: waits for them, up to the lock timeout. */
export type LockMode = 'skip' | 'wait';

/**
 * Locks the accounts behind the names, ascending as everybody does, in a statement of its own: so that nothing read
 * afterwards is older than the lock. Answers the accounts that are locked now.
 *
 * Before that it waits for whoever else is about to write what is named: the record of an unknown card and the view of
 * its authorization lock no account in common, and neither would see the other.
 */
export async function lockAccounts(
  tx: Transaction,
  { cards, authorizations, unlinked, shared }: Named,
  mode: LockMode,
): Promise<readonly AccountState[]> {
  return tx<AccountState[]>`
    with named as materialized (
      select count(pg_advisory_xact_lock(hashtextextended(name, 17))) as locks
        from unnest(${[...shared]}::text[]) name)
    select account_id as "accountId", tenant_id as "tenantId", currency, available_minor as "availableMinor",
           credit_limit_minor as "creditLimitMinor", status
      from accounts
     where (select locks from named) >= 0
       and account_id = any (array(
         select c.account_id from stripe_cards s join cards c using (card_id)
          where s.stripe_card_id = any (${[...cards]})
         union
         select account_id from authorizations where authorization_id = any (${[...authorizations]})
         ${unlinked.length === 0 ? tx`` : tx`union select account_id from authorizations where ${listsOneOf(tx, unlinked)}`}))
     order by account_id for no key update ${mode === 'skip' ? tx`skip locked` : tx``}`;
}

const listsOneOf = (tx: Transaction, unlinked: readonly TransactionId[]) =>
  tx`awaits && ${[...unlinked]}::text[] and awaits <> '{}'`;

/** Loads everything the names lead to. `accounts` are locked. */
export async function loadBooks(
  tx: Transaction,
  named: Named,
  accounts: readonly AccountState[],
): Promise<Books> {
  const [cards, transactions, ofNames] = await Promise.all([
    loadCards(tx, named),
    loadTransactions(tx, named),
    loadAuthorizations(tx, named.authorizations),
  ]);
  // What leaves suspense may name an authorization that no row does, and a row may be of one that lists it.
  const ids = new Set(named.authorizations);
  for (const { transaction } of transactions) {
    if (transaction.authorizationId !== null) ids.add(transaction.authorizationId);
  }
  for (const id of await findAwaiting(tx, named.unlinked)) ids.add(id);
  const late = [...ids].slice(named.authorizations.length);
  const [ofSuspense, more, theirCards] =
    late.length === 0
      ? [[], [], []]
      : await Promise.all([
          loadAuthorizations(tx, late),
          loadTransactions(tx, { ...NOTHING, authorizations: late }),
          loadCards(tx, { ...NOTHING, authorizations: late }),
        ]);
  const authorizations = byId([...ofNames, ...ofSuspense], (state) => state.record.authorizationId);
  const unseen = [...ids].filter((id) => !authorizations.has(id));
  return {
    cards: byId([...cards, ...theirCards], (card) => card.stripeCardId),
    accounts: byId(accounts, (account) => account.accountId),
    authorizations,
    transactions: byId([...transactions, ...more], (state) => state.transaction.transactionId),
    decisions: unseen.length === 0 ? new Map() : await loadDecisions(tx, unseen),
  };
}

const NOTHING: Named = {
  cards: [],
  authorizations: [],
  transactions: [],
  unlinked: [],
  shared: [],
};

/** Authorizations that were seen to list one of the records. */
async function findAwaiting(
  tx: Transaction,
  unlinked: readonly TransactionId[],
): Promise<readonly AuthorizationId[]> {
  if (unlinked.length === 0) return [];
  const rows = await tx<{ id: AuthorizationId }[]>`
    select authorization_id as id from authorizations where ${listsOneOf(tx, unlinked)}`;
  return rows.map(({ id }) => id);
}

const byId = <Id, T>(items: readonly T[], idOf: (item: T) => Id): ReadonlyMap<Id, T> =>
  new Map(items.map((item) => [idOf(item), item]));

interface CardRow {
  stripeCardId: StripeCardId;
  tenantId: TenantId;
  cardId: CardId;
  accountId: AccountId;
  phase: CardPhase;
  usage: string | null;
  reading: CapturedAmountReading;
}

const loadCards = (
  tx: Transaction,
  { cards, authorizations }: Named,
): Promise<readonly CardState[]> =>
  tx<CardRow[]>`
    select s.stripe_card_id as "stripeCardId", c.tenant_id as "tenantId", c.card_id as "cardId",
           c.account_id as "accountId", c.phase, c.state ->> 'usage' as usage, t.captured_amount as reading
      from stripe_cards s
      join cards c using (card_id)
      join tenants t on t.tenant_id = c.tenant_id
     where s.stripe_card_id = any (array(
       select unnest(${[...cards]}::text[])
       union
       select stripe_card_id from authorizations where authorization_id = any (${[...authorizations]})))`;

interface TransactionRow {
  transaction_id: TransactionId;
  tenant_id: TenantId;
  type: 'capture' | 'refund';
  authorization_id: AuthorizationId | null;
  account_id: AccountId | null;
  card_id: CardId | null;
  stripe_card_id: StripeCardId;
  amount_minor: MinorUnits;
  currency: Currency;
  merchant: Merchant;
  parts: AmountParts;
  flags: TransactionFlag[];
  created_s: number;
}

/** Clearing records by id, those of the authorizations, and what waits in suspense for the cards. */
async function loadTransactions(
  tx: Transaction,
  { transactions, authorizations, cards }: Named,
): Promise<readonly TransactionState[]> {
  const rows = await tx<TransactionRow[]>`
    select transaction_id, tenant_id, type, authorization_id, account_id, card_id, stripe_card_id, amount_minor,
           currency, merchant, parts, flags, extract(epoch from created_at)::bigint as created_s
      from transactions
     where transaction_id = any (${[...transactions]}) or authorization_id = any (${[...authorizations]})
        or (account_id is null and stripe_card_id = any (${[...cards]}))`;
  return rows.map((row) => ({
    transaction: {
      transactionId: row.transaction_id,
      type: row.type,
      authorizationId: row.authorization_id,
      stripeCardId: row.stripe_card_id,
      amountMinor: row.amount_minor,
      currency: row.currency,
      createdS: row.created_s,
      merchant: row.merchant,
      parts: row.parts,
    },
    tenantId: row.tenant_id,
    accountId: row.account_id,
    cardId: row.card_id,
    flags: row.flags,
  }));
}

async function loadAuthorizations(
  tx: Transaction,
  ids: readonly AuthorizationId[],
): Promise<readonly AuthorizationState[]> {
  const rows = await tx<AuthorizationRow[]>`
    select z.authorization_id, z.tenant_id, z.account_id, z.card_id, z.stripe_card_id, z.currency, z.snapshot,
           z.evidence, z.status, z.held_minor, z.captured_minor, z.refunded_minor, z.counted_minor,
           extract(epoch from z.anchored_at)::float8 as anchored_s, z.merchant, z.flags, z.is_purchase, z.awaits,
           (select ${decisionList(tx)} from decisions d
             where d.authorization_id = z.authorization_id) as decisions
      from authorizations z where z.authorization_id = any (${[...ids]})`;
  return rows.map(toAuthorization);
}

/** Decisions on authorizations that have no row yet. */
async function loadDecisions(
  tx: Transaction,
  ids: readonly AuthorizationId[],
): Promise<Books['decisions']> {
  const rows = await tx<{ authorization_id: AuthorizationId; decisions: RecordedDecision[] }[]>`
    select d.authorization_id, ${decisionList(tx)} as decisions from decisions d
     where d.authorization_id = any (${[...ids]}) group by 1`;
  return new Map(rows.map((row) => [row.authorization_id, row.decisions]));
}

const decisionList = (tx: Transaction) => tx`
  jsonb_agg(jsonb_build_object('requestId', d.request_id, 'approved', d.approved, 'askedMinor', coalesce(d.asked_minor, 0),
      'approvedMinor', d.approved_minor, 'surplus', d.surplus, 'requestedS', d.requested_at, 'isSettled', d.confirmed,
      'decidedS', extract(epoch from d.counts_at)::float8)
    order by d.decided_at, d.request_id)`;
