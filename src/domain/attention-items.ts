/**
 * What a person has to settle, as it follows from the state of an account, an authorization or a clearing record.
 * A change of the books opens the items that follow from the new state and not from the old one, and closes the
 * others: an item closes itself when the missing piece arrives.
 */
import { type AuthorizationFlag, approvedTotal } from './authorization-flags.ts';
import type {
  AccountState,
  AttentionItem,
  AuthorizationState,
  CardState,
  ClosedItem,
  TransactionState,
} from './books.ts';
import type { BookedTransaction } from './convergence.ts';
import { formatMoney } from './money.ts';

/** Flags of an authorization that a person has to look into; the others are for information. */
const FLAGS_WITH_ITEM: readonly AuthorizationFlag[] = [
  'approved_against_decision',
  'captured_after_reversal',
  'captured_while_declined',
  'cleared_unseen',
  'refunded_beyond_capture',
  'cleared_twice',
];

export function itemsOfAuthorization(
  state: AuthorizationState,
  booked: readonly BookedTransaction[],
): readonly AttentionItem[] {
  const kinds = FLAGS_WITH_ITEM.filter((flag) => state.flags.includes(flag));
  if (kinds.length === 0) return [];
  const { record, tenantId, cardId, accountId, currency } = state;
  const details = {
    status: state.status,
    currency,
    approvedMinor: approvedTotal({ ...record, booked }),
    capturedMinor: state.capturedMinor,
    refundedMinor: state.refundedMinor,
    captured: formatMoney(state.capturedMinor, currency),
    merchant: state.merchant?.name ?? null,
    transactionIds: booked
      .map((b) => b.transactionId)
      .toSorted()
      .join(' '),
  };
  return kinds.map((kind) => ({
    tenantId,
    kind,
    subject: record.authorizationId,
    cardId,
    accountId,
    details,
  }));
}

/** `card` is the card that the record names, where it is known here. */
export function itemsOfTransaction(
  state: TransactionState,
  card: CardState | undefined,
): readonly AttentionItem[] {
  const kind = kindOf(state);
  if (kind === undefined) return [];
  const { transaction, tenantId } = state;
  const { amountMinor, currency } = transaction;
  const owner = card?.tenantId === tenantId ? card : undefined;
  return [
    {
      tenantId,
      kind,
      subject: transaction.transactionId,
      cardId: state.cardId ?? owner?.cardId ?? null,
      accountId: state.accountId ?? owner?.accountId ?? null,
      details: {
        type: transaction.type,
        amountMinor,
        currency,
        amount: formatMoney(amountMinor, currency),
        stripeCardId: transaction.stripeCardId,
        authorizationId: transaction.authorizationId,
        merchant: transaction.merchant.name,
        category: transaction.merchant.category,
      },
    },
  ];
}

function kindOf({ flags, accountId }: TransactionState): string | undefined {
  if (flags.includes('wrong_currency')) return 'transaction_of_wrong_currency';
  if (accountId === null) return 'transaction_of_unknown_card';
  return flags.find((flag) => flag === 'forced_capture' || flag === 'unlinked_refund');
}

/** Only the network can bring an account below its limit or move a closed one; the item goes when that is settled. */
export function itemsOfAccount(state: AccountState): readonly AttentionItem[] {
  const { accountId, tenantId, availableMinor, creditLimitMinor, currency, status } = state;
  const kinds = [
    ...(availableMinor + creditLimitMinor < 0 ? ['account_overdrawn'] : []),
    ...(status === 'closed' && availableMinor !== 0 ? ['money_on_closed_account'] : []),
  ];
  const details = { availableMinor, creditLimitMinor, currency, status };
  const owner = { tenantId, subject: accountId, cardId: null, accountId };
  return kinds.map((kind) => ({ ...owner, kind, details }));
}

const RESOLUTIONS: Readonly<Record<string, string>> = {
  account_overdrawn: 'the balance is back above the limit',
  money_on_closed_account: 'the account is empty, or open again',
  transaction_of_unknown_card: 'the card is known now',
  forced_capture: 'its authorization is known now',
  unlinked_refund: 'its authorization is known now',
};
const RESOLUTION_OF_OTHERS = 'what is known of the authorization now settles it';

const sameDetails = (a: AttentionItem, b: AttentionItem): boolean =>
  JSON.stringify(a.details) === JSON.stringify(b.details);

/** What opens (or is told anew, with other facts) and what closes between two states of one thing. */
export function itemChanges(
  before: readonly AttentionItem[],
  after: readonly AttentionItem[],
): { readonly opened: readonly AttentionItem[]; readonly closed: readonly ClosedItem[] } {
  const opened = after.filter((item) => {
    const known = before.find((b) => b.kind === item.kind);
    return known === undefined || !sameDetails(known, item);
  });
  const closed = before
    .filter((item) => !after.some((a) => a.kind === item.kind))
    .map(({ tenantId, kind, subject }) => ({
      tenantId,
      kind,
      subject,
      resolution: RESOLUTIONS[kind] ?? RESOLUTION_OF_OTHERS,
    }));
  return { opened, closed };
}
