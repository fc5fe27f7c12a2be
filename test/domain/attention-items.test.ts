import { describe, expect, it } from 'vitest';
import {
  itemChanges,
  itemsOfAccount,
  itemsOfAuthorization,
  itemsOfTransaction,
} from '../../src/domain/attention-items.ts';
import { AUTHORIZATION_FLAGS } from '../../src/domain/authorization-flags.ts';
import type {
  AccountState,
  AttentionItem,
  AuthorizationState,
  TransactionState,
} from '../../src/domain/books.ts';
import { NO_EVIDENCE } from '../../src/domain/confirmation.ts';
import {
  parseAccountId,
  parseAuthorizationId,
  parseCardId,
  parseTenantId,
  parseTransactionId,
} from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import {
  AT_S,
  sampleAccount,
  sampleCard,
  sampleEntry,
  sampleTransaction,
  sampleView,
} from '../support/sample-books.ts';
import { currency } from '../support/sample-request.ts';

const { tenantId, cardId, accountId, stripeCardId } = sampleCard();

const authorization = (over: Partial<AuthorizationState> = {}): AuthorizationState => ({
  record: {
    authorizationId: parseAuthorizationId('iauth_1'),
    newest: [sampleView()],
    evidence: { ...NO_EVIDENCE, history: [sampleEntry(1_000)] },
    heldMinor: minorUnits(0),
    decisions: [],
  },
  tenantId,
  accountId,
  cardId,
  stripeCardId,
  currency: currency('usd'),
  status: 'closed',
  capturedMinor: minorUnits(1_500),
  refundedMinor: minorUnits(20),
  countedMinor: minorUnits(1_500),
  anchoredS: AT_S,
  isPurchase: true,
  awaits: [],
  merchant: sampleView().merchant,
  flags: [],
  ...over,
});

const transaction = (over: Partial<TransactionState> = {}): TransactionState => ({
  transaction: sampleTransaction({ authorizationId: null }),
  tenantId,
  accountId,
  cardId,
  flags: [],
  ...over,
});

describe('an authorization', () => {
  it('is an item for each flag that a person has to look into, and for no other', () => {
    const items = itemsOfAuthorization(authorization({ flags: AUTHORIZATION_FLAGS }), []);
    expect(items.map(({ kind }) => kind)).toEqual([
      'approved_against_decision',
      'captured_after_reversal',
      'captured_while_declined',
      'cleared_unseen',
      'refunded_beyond_capture',
      'cleared_twice',
    ]);
    const informative = authorization({ flags: ['adopted', 'over_captured', 'tied'] });
    expect(itemsOfAuthorization(informative, [])).toEqual([]);
  });

  it('tells the facts that a person needs', () => {
    const booked = ['ipi_2', 'ipi_1'].map((id) => ({
      transactionId: parseTransactionId(id),
      type: 'capture' as const,
      amountMinor: minorUnits(750),
      createdS: AT_S,
    }));
    expect(itemsOfAuthorization(authorization({ flags: ['cleared_twice'] }), booked)).toEqual([
      {
        tenantId,
        kind: 'cleared_twice',
        subject: 'iauth_1',
        cardId,
        accountId,
        details: {
          status: 'closed',
          currency: 'usd',
          approvedMinor: 1_000,
          capturedMinor: 1_500,
          refundedMinor: 20,
          captured: '15.00 USD',
          merchant: 'Shop',
          transactionIds: 'ipi_1 ipi_2',
        },
      },
    ]);
  });

  it('has no merchant while none is known', () => {
    const unseen = authorization({ flags: ['cleared_unseen'], merchant: null });
    expect(itemsOfAuthorization(unseen, [])).toMatchObject([{ details: { merchant: null } }]);
  });
});

describe('a clearing record', () => {
  it.each<[string, Partial<TransactionState>, string]>([
    ['a capture of no authorization', { flags: ['forced_capture'] }, 'forced_capture'],
    ['a refund of nothing known', { flags: ['unlinked_refund'] }, 'unlinked_refund'],
    [
      'one of an unknown card',
      { accountId: null, cardId: null, flags: ['suspense'] },
      'transaction_of_unknown_card',
    ],
    [
      'one of another currency',
      { accountId: null, cardId: null, flags: ['suspense', 'wrong_currency'] },
      'transaction_of_wrong_currency',
    ],
  ])('is an item as %s', (_what, over, kind) => {
    expect(itemsOfTransaction(transaction(over), undefined)).toMatchObject([{ kind }]);
  });

  it('is none when it is booked where it belongs', () => {
    expect(itemsOfTransaction(transaction(), sampleCard())).toEqual([]);
  });

  it('tells the facts that a person needs', () => {
    const seen = { ...sampleTransaction({ amount: 1_234 }), type: 'refund' as const };
    const state = transaction({ transaction: seen, flags: ['unlinked_refund'] });
    expect(itemsOfTransaction(state, undefined)).toEqual([
      {
        tenantId,
        kind: 'unlinked_refund',
        subject: 'ipi_1',
        cardId,
        accountId,
        details: {
          type: 'refund',
          amountMinor: 1_234,
          currency: 'usd',
          amount: '12.34 USD',
          stripeCardId: 'ic_1',
          authorizationId: 'iauth_1',
          merchant: 'Shop',
          category: 'bakeries',
        },
      },
    ]);
  });

  it('names the card of its tenant where the money is in suspense, and no other card', () => {
    const waiting = transaction({
      accountId: null,
      cardId: null,
      flags: ['suspense', 'wrong_currency'],
    });
    expect(itemsOfTransaction(waiting, sampleCard())).toMatchObject([{ cardId, accountId }]);
    const foreign = sampleCard({ tenantId: parseTenantId('ten_other') });
    const nobody = [{ cardId: null, accountId: null }];
    expect(itemsOfTransaction(waiting, foreign)).toMatchObject(nobody);
    expect(itemsOfTransaction(waiting, undefined)).toMatchObject(nobody);
  });

  it('names its own card and account rather than those of the card it names', () => {
    const replaced = sampleCard({
      cardId: parseCardId('card_2'),
      accountId: parseAccountId('acc_2'),
    });
    const items = itemsOfTransaction(transaction({ flags: ['forced_capture'] }), replaced);
    expect(items).toMatchObject([{ cardId, accountId }]);
  });
});

describe('an account', () => {
  const itemsOf = (over: { available: number; limit?: number; status?: AccountState['status'] }) =>
    itemsOfAccount(
      sampleAccount({
        availableMinor: minorUnits(over.available),
        creditLimitMinor: minorUnits(over.limit ?? 0),
        status: over.status ?? 'open',
      }),
    );

  it('is an item below its limit only', () => {
    expect(itemsOf({ available: 0 })).toEqual([]);
    expect(itemsOf({ available: -500, limit: 500 })).toEqual([]);
    expect(itemsOf({ available: -501, limit: 500 })).toEqual([
      {
        tenantId,
        kind: 'account_overdrawn',
        subject: accountId,
        cardId: null,
        accountId,
        details: { availableMinor: -501, creditLimitMinor: 500, currency: 'usd', status: 'open' },
      },
    ]);
  });

  it('that is closed is an item while there is money on it', () => {
    expect(itemsOf({ available: 0, status: 'closed' })).toEqual([]);
    expect(itemsOf({ available: 1, status: 'frozen' })).toEqual([]);
    expect(itemsOf({ available: 1, status: 'closed' })).toMatchObject([
      { kind: 'money_on_closed_account', subject: accountId, details: { status: 'closed' } },
    ]);
    const kinds = itemsOf({ available: -1, status: 'closed' }).map(({ kind }) => kind);
    expect(kinds).toEqual(['account_overdrawn', 'money_on_closed_account']);
  });
});

describe('between two states', () => {
  const item = (kind: string, over: Partial<AttentionItem> = {}): AttentionItem => ({
    tenantId,
    kind,
    subject: 'ipi_1',
    cardId,
    accountId,
    details: { amountMinor: 1 },
    ...over,
  });

  it('what is new opens, and what has other facts is told anew', () => {
    const told = item('cleared_twice', { details: { amountMinor: 2 } });
    expect(itemChanges([], [item('tied')])).toEqual({ opened: [item('tied')], closed: [] });
    expect(itemChanges([item('cleared_twice')], [told])).toEqual({ opened: [told], closed: [] });
  });

  it('what has not changed is not told again', () => {
    const both = [item('cleared_twice'), item('cleared_unseen')];
    expect(itemChanges(both, [...both])).toEqual({ opened: [], closed: [] });
  });

  it.each([
    ['account_overdrawn', 'the balance is back above the limit'],
    ['money_on_closed_account', 'the account is empty, or open again'],
    ['transaction_of_unknown_card', 'the card is known now'],
    ['forced_capture', 'its authorization is known now'],
    ['unlinked_refund', 'its authorization is known now'],
    ['cleared_twice', 'what is known of the authorization now settles it'],
  ])('%s closes because %s', (kind, resolution) => {
    const stays = item('cleared_unseen');
    expect(itemChanges([item(kind), stays], [stays])).toEqual({
      opened: [],
      closed: [{ tenantId, kind, subject: 'ipi_1', resolution }],
    });
  });
});
