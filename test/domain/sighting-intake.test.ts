/** Rows that contradict what is on the books, or what the same batch says. */
import { describe, expect, it } from 'vitest';
import {
  parseAccountId,
  parseAuthorizationId,
  parseCardId,
  parseStripeCardId,
  parseTenantId,
  parseTransactionId,
} from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import {
  apply,
  booksOf,
  linesOf,
  outcomesOf,
  sampleAccount,
  sampleCard,
  sampleTransaction,
  sampleUnlinked,
  sampleView,
  seen,
  viewed,
  written,
} from '../support/sample-books.ts';
import { currency } from '../support/sample-request.ts';

describe('a row that contradicts the books', () => {
  const capture = sampleTransaction();
  const booked = () => written(booksOf(), apply(booksOf(), seen(capture)));

  it.each<[string, Parameters<typeof sampleTransaction>[0], string]>([
    [
      'another amount',
      { amount: 999 },
      'transaction ipi_1 is on the books as capture of 10.00 USD, but is shown as capture of 9.99 USD',
    ],
    [
      'another type',
      { type: 'refund' },
      'transaction ipi_1 is on the books as capture of 10.00 USD, but is shown as refund of 10.00 USD',
    ],
    [
      'another currency',
      { currency: currency('eur') },
      'transaction ipi_1 is on the books as capture of 10.00 USD, but is shown as capture of 10.00 EUR',
    ],
    [
      'another authorization',
      { authorizationId: parseAuthorizationId('iauth_2') },
      'transaction ipi_1 is booked already, but not here',
    ],
  ])('by %s is for a person, and changes nothing', (_what, over, reason) => {
    const change = apply(booked(), seen(sampleTransaction(over)));
    expect(outcomesOf(change)).toEqual([{ kind: 'attention', reason, hasItem: false }]);
    expect(change).toMatchObject({ entries: [], authorizations: [], transactions: [] });
    // The same within one batch, where nothing is on the books yet.
    const both = apply(booksOf(), seen(capture), seen(sampleTransaction(over)));
    expect(outcomesOf(both)).toMatchObject([{ kind: 'applied' }, { kind: 'attention', reason }]);
    expect(linesOf(both)).toEqual(['capture: available → network_settlement 1000']);
  });

  it.each([
    ['its card is unknown', booksOf({ cards: [] }), sampleUnlinked()],
    ['it has another currency', booksOf(), sampleUnlinked({ currency: currency('eur') })],
  ])('by another amount is for a person also in suspense, where %s', (_why, books, first) => {
    const waits = written(books, apply(books, seen(first)));
    const authorizationId = parseAuthorizationId('iauth_1');
    const other = { ...first, amountMinor: minorUnits(999), authorizationId };
    const change = apply(waits, seen(other));
    expect(outcomesOf(change)).toMatchObject([{ kind: 'attention', hasItem: false }]);
    expect(change).toMatchObject({ entries: [], transactions: [] });
    const again = apply(waits, seen(first));
    expect(outcomesOf(again)).not.toMatchObject([{ hasItem: false }]);
    expect(again.entries).toEqual([]);
  });

  /** Books of nobody, with a record that waits in suspense at another tenant. */
  function waitingElsewhere() {
    const nobody = booksOf({ cards: [] });
    const { transactions } = written(nobody, apply(nobody, seen(sampleUnlinked())));
    const foreign = [...transactions].map(
      ([id, state]) => [id, { ...state, tenantId: parseTenantId('ten_other') }] as const,
    );
    return { ...nobody, transactions: new Map(foreign) };
  }

  it('does by being booked for another tenant, be its card unknown', () => {
    const change = apply(waitingElsewhere(), seen(sampleTransaction()));
    const reason = 'transaction ipi_1 is booked already, but not here';
    expect(outcomesOf(change)).toEqual([{ kind: 'attention', reason, hasItem: false }]);
    expect(change).toMatchObject({ entries: [], transactions: [] });
  });

  it('does not by being listed, by its id, by an authorization that it does not belong to', () => {
    const capture2 = sampleTransaction({ authorizationId: parseAuthorizationId('iauth_2') });
    const there = written(booksOf(), apply(booksOf(), seen(capture2)));
    const listed = [{ transactionId: capture2.transactionId, amountMinor: null }];
    const change = apply(there, viewed(sampleView({ captures: listed })));
    expect(change.transactions).toEqual([]);
    expect(change.authorizations).toMatchObject([{ state: { capturedMinor: 0 } }]);
  });

  it('does not by being listed by one authorization and naming another: it is the one that it names', () => {
    const named = sampleTransaction({ authorizationId: parseAuthorizationId('iauth_2') });
    const change = apply(booksOf(), viewed(sampleView(), named));
    expect(change.authorizations).toMatchObject([
      { state: { record: { authorizationId: 'iauth_1' }, capturedMinor: 0 } },
      { state: { record: { authorizationId: 'iauth_2' }, capturedMinor: 1_000 } },
    ]);
  });

  it('does not by leaving its authorization out', () => {
    const change = apply(booked(), seen(sampleUnlinked()));
    expect(outcomesOf(change)).toEqual([{ kind: 'applied', reason: null }]);
    const together = apply(booksOf(), seen(capture), seen(sampleUnlinked()));
    expect(linesOf(together)).toHaveLength(1);
    expect(together.transactions).toMatchObject([{ state: { flags: [] } }]);
  });

  const other = sampleCard({
    stripeCardId: parseStripeCardId('ic_2'),
    cardId: parseCardId('card_2'),
    accountId: parseAccountId('acc_2'),
  });
  const two = booksOf({
    cards: [sampleCard(), other],
    accounts: [sampleAccount(), sampleAccount({ accountId: other.accountId })],
  });
  const { stripeCardId } = other;

  it("does by a record that waits in suspense for another tenant's card", () => {
    const change = apply(
      { ...booksOf(), transactions: waitingElsewhere().transactions },
      seen(sampleUnlinked()),
    );
    const reason = 'transaction ipi_1 is booked already, but not here';
    expect(outcomesOf(change)).toMatchObject([{ kind: 'attention', reason }]);
  });

  it('does by another currency than it waits with in suspense', () => {
    const newer = parseStripeCardId('ic_newer');
    const waiting = sampleUnlinked({ stripeCardId: newer, currency: currency('eur') });
    const waits = written(booksOf(), apply(booksOf(), seen(waiting)));
    const listing = viewed(sampleView(), sampleUnlinked({ stripeCardId: newer }));
    const change = apply(waits, listing);
    const reason =
      'transaction ipi_1 is on the books as capture of 10.00 EUR, but is shown as capture of 10.00 USD';
    expect(outcomesOf(change)).toEqual([{ kind: 'attention', reason, hasItem: false }]);
    expect(change).toMatchObject({ entries: [], authorizations: [], transactions: [] });
  });

  it("does by a record that is another account's", () => {
    const reason = 'transaction ipi_1 is booked already, but not here';
    const there = written(two, apply(two, seen(sampleUnlinked())));
    const change = apply(there, seen(sampleUnlinked({ stripeCardId })));
    expect(outcomesOf(change)).toMatchObject([{ kind: 'attention', reason }]);
  });

  it("does by a view of an authorization that is another account's, stored or in the same batch", () => {
    const reason = "authorization iauth_1 is another account's";
    const view = viewed(sampleView({ stripeCardId }));
    const there = written(two, apply(two, viewed(sampleView())));
    expect(outcomesOf(apply(there, view))).toEqual([{ kind: 'attention', reason, hasItem: false }]);
    expect(outcomesOf(apply(two, seen(capture), view))).toMatchObject([
      { kind: 'applied' },
      { kind: 'attention', reason },
    ]);
  });

  it("does not by a record that names another account's authorization: it stands alone on its card's", () => {
    const second = sampleTransaction({ transactionId: parseTransactionId('ipi_2'), stripeCardId });
    const alone = {
      accountId: 'acc_2',
      flags: ['forced_capture'],
      transaction: { authorizationId: null },
    };
    const there = written(two, apply(two, viewed(sampleView())));
    const later = apply(there, seen(second));
    expect(outcomesOf(later)).toEqual([{ kind: 'applied', reason: null }]);
    expect(linesOf(later)).toEqual(['capture: available → network_settlement 1000']);
    expect(later.transactions).toMatchObject([{ state: alone }]);
    const together = apply(two, viewed(sampleView()), seen(second));
    expect(together.transactions).toMatchObject([{ state: alone }]);
    expect(together.authorizations).toMatchObject([{ state: { capturedMinor: 0 } }]);
  });

  it("does not by listing a record that names another account's authorization: it stands alone", () => {
    const there = written(two, apply(two, viewed(sampleView())));
    const own = sampleView({
      authorizationId: parseAuthorizationId('iauth_2'),
      stripeCardId,
      amount: 5,
    });
    const change = apply(there, viewed(own, sampleTransaction({ stripeCardId })));
    expect(linesOf(change)).toEqual([
      'capture: available → network_settlement 1000',
      'hold: available → held 5',
    ]);
    expect(change.authorizations).toMatchObject([
      { state: { accountId: 'acc_2', record: { authorizationId: 'iauth_2' }, capturedMinor: 0 } },
    ]);
    expect(change.transactions).toMatchObject([
      { state: { accountId: 'acc_2', flags: ['forced_capture'] } },
    ]);
  });
});
