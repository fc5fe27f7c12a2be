/** Clearing records that belong to no authorization, to nobody known, or to somebody else. */
import { describe, expect, it } from 'vitest';
import type { Books } from '../../src/domain/books.ts';
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
  AT_S,
  apply,
  booksOf,
  linesOf,
  NOW_S,
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

const ID = parseAuthorizationId('iauth_1');
const IPI = parseTransactionId('ipi_1');
const recorded = { kind: 'card_recorded', stripeCardId: sampleCard().stripeCardId } as const;
const nobody: Books = { ...booksOf(), cards: new Map() };
const cardKnown = (books: Books): Books => ({ ...books, cards: booksOf().cards });

describe('a forced capture', () => {
  const forced = () => apply(booksOf(), seen(sampleUnlinked()));

  it('is taken from the account, counts as a purchase, and opens an item', () => {
    const change = forced();
    expect(linesOf(change)).toEqual(['capture: available → network_settlement 1000']);
    expect(change.transactions).toEqual([
      {
        isNew: true,
        state: {
          transaction: sampleUnlinked(),
          tenantId: 'ten_1',
          accountId: 'acc_1',
          cardId: 'card_1',
          flags: ['forced_capture'],
        },
      },
    ]);
    expect(change.opened).toMatchObject([{ kind: 'forced_capture', subject: 'ipi_1' }]);
    expect(change.spending).toMatchObject([
      { delta: { purchases: 1, captures: 1, capturedMinor: 1_000, refundedMinor: 0 } },
    ]);
    // It moves no card that can be spent with; the item is for people.
    expect(change.facts).toEqual([]);
    expect(change.authorizations).toEqual([]);
  });

  it('is booked once, within one batch and later', () => {
    expect(linesOf(apply(booksOf(), seen(sampleUnlinked()), seen(sampleUnlinked())))).toHaveLength(
      1,
    );
    expect(apply(written(booksOf(), forced()), seen(sampleUnlinked()))).toMatchObject({
      entries: [],
      transactions: [],
      opened: [],
      closed: [],
    });
  });

  it('loses its flag, its item and its purchase when its authorization turns up', () => {
    const after = apply(written(booksOf(), forced()), seen(sampleTransaction()));
    expect(linesOf(after)).toEqual([]);
    expect(after.transactions).toMatchObject([
      { isNew: false, state: { flags: [], transaction: { authorizationId: ID } } },
    ]);
    expect(after.closed).toMatchObject([{ kind: 'forced_capture', subject: 'ipi_1' }]);
    expect(after.authorizations).toMatchObject([{ state: { capturedMinor: 1_000 } }]);
    // One purchase before and after, now that of the authorization.
    expect(after.spending).toEqual([]);
  });

  it('belongs to an authorization that lists it by its id', () => {
    const listing = sampleView({
      status: 'closed',
      captures: [{ transactionId: IPI, amountMinor: null }],
    });
    const after = apply(written(booksOf(), forced()), viewed(listing));
    expect(linesOf(after)).toEqual([]);
    expect(after.transactions).toMatchObject([{ state: { transaction: { authorizationId: ID } } }]);
    expect(after.closed).toMatchObject([{ kind: 'forced_capture' }]);
    expect(after.authorizations).toMatchObject([
      { state: { capturedMinor: 1_000, flags: ['adopted'] } },
    ]);
  });

  it('of another account is not touched by an authorization that lists its id', () => {
    const other = sampleCard({
      stripeCardId: parseStripeCardId('ic_2'),
      cardId: parseCardId('card_2'),
      accountId: parseAccountId('acc_2'),
    });
    const books = booksOf({
      cards: [sampleCard(), other],
      accounts: [sampleAccount(), sampleAccount({ accountId: other.accountId })],
    });
    const listing = sampleView({
      stripeCardId: other.stripeCardId,
      captures: [{ transactionId: IPI, amountMinor: null }],
    });
    const after = apply(written(books, apply(books, seen(sampleUnlinked()))), viewed(listing));
    expect(after.transactions).toEqual([]);
    expect(after.closed).toEqual([]);
  });
});

describe('a refund of nothing known', () => {
  it('is given to the account and told, and is no purchase', () => {
    const change = apply(booksOf(), seen(sampleUnlinked({ type: 'refund' })));
    expect(linesOf(change)).toEqual(['refund: network_settlement → available 1000']);
    expect(change.opened).toMatchObject([{ kind: 'unlinked_refund' }]);
    expect(change.facts).toEqual([]);
    expect(change.spending).toMatchObject([{ delta: { purchases: 0, refundedMinor: 1_000 } }]);
    const after = apply(written(booksOf(), change), seen(sampleTransaction({ type: 'refund' })));
    expect(after.closed).toMatchObject([{ kind: 'unlinked_refund' }]);
    expect(after.transactions).toMatchObject([{ state: { flags: [] } }]);
  });
});

describe('a record of a card that nobody knows', () => {
  it.each([
    ['capture', 'capture: suspense → network_settlement 1000', 'available → suspense'],
    ['refund', 'refund: network_settlement → suspense 1000', 'suspense → available'],
  ] as const)('waits in suspense until the card is known: a %s', (type, line, moved) => {
    const waits = apply(nobody, seen(sampleUnlinked({ type })));
    expect(linesOf(waits)).toEqual([line]);
    expect(waits.entries).toMatchObject([
      {
        tenantId: 'ten_1',
        currency: 'usd',
        accountId: null,
        entry: { authorizationId: null, transactionId: 'ipi_1', effectiveS: AT_S + 60 },
      },
    ]);
    expect(waits.transactions).toMatchObject([
      { state: { accountId: null, cardId: null, flags: ['suspense'] } },
    ]);
    expect(waits.opened).toMatchObject([{ kind: 'transaction_of_unknown_card', cardId: null }]);
    expect(waits.spending).toEqual([]);
    expect(outcomesOf(waits)).toEqual([
      { kind: 'applied', reason: 'booked against suspense: nobody knows the card' },
    ]);

    const known = apply(cardKnown(written(nobody, waits)), recorded);
    expect(linesOf(known)).toEqual([`suspense_resolution: ${moved} 1000`]);
    expect(known.entries).toMatchObject([
      { accountId: 'acc_1', entry: { transactionId: 'ipi_1', effectiveS: NOW_S } },
    ]);
    expect(known.closed).toMatchObject([{ kind: 'transaction_of_unknown_card' }]);
    expect(known.opened).toMatchObject([
      { kind: type === 'capture' ? 'forced_capture' : 'unlinked_refund' },
    ]);
    expect(known.woken).toEqual(['ic_1']);
    expect(outcomesOf(known)).toEqual([{ kind: 'applied', reason: null }]);
    expect(known.spending).toMatchObject([{ cardId: 'card_1' }]);
  });

  it('is booked once', () => {
    const waits = apply(nobody, seen(sampleUnlinked()), seen(sampleUnlinked()));
    expect(linesOf(waits)).toHaveLength(1);
    const again = apply(written(nobody, waits), seen(sampleUnlinked()));
    expect(again).toMatchObject({ entries: [], transactions: [], opened: [] });
  });

  it('leaves it with the first view of its authorization, which tells whose it is', () => {
    const newer = parseStripeCardId('ic_newer');
    const waits = apply(nobody, seen(sampleTransaction({ stripeCardId: newer })));
    const change = apply(cardKnown(written(nobody, waits)), viewed(sampleView()));
    expect(linesOf(change)).toEqual(['suspense_resolution: available → suspense 1000']);
    expect(change.transactions).toMatchObject([{ state: { accountId: 'acc_1', flags: [] } }]);
    expect(change.authorizations).toMatchObject([
      { state: { capturedMinor: 1_000, record: { heldMinor: 0 } } },
    ]);
    expect(change.closed).toMatchObject([{ kind: 'transaction_of_unknown_card' }]);
  });

  it('stays there when the view is of another authorization, or does not list it', () => {
    const newer = parseStripeCardId('ic_newer');
    const other = parseAuthorizationId('iauth_other');
    for (const waiting of [
      sampleTransaction({ stripeCardId: newer, authorizationId: other }),
      sampleUnlinked({ stripeCardId: newer }),
    ]) {
      const waits = cardKnown(written(nobody, apply(nobody, seen(waiting))));
      const change = apply(waits, viewed(sampleView()));
      expect(linesOf(change)).toEqual(['hold: available → held 1000']);
      expect(change.transactions).toEqual([]);
    }
  });

  it('leaves it, too, with a view that lists it by its id', () => {
    const newer = parseStripeCardId('ic_newer');
    const waits = cardKnown(
      written(nobody, apply(nobody, seen(sampleUnlinked({ stripeCardId: newer })))),
    );
    const listing = sampleView({ captures: [{ transactionId: IPI, amountMinor: null }] });
    const change = apply(waits, viewed(listing));
    expect(change.transactions).toMatchObject([
      { state: { accountId: 'acc_1', flags: [], transaction: { authorizationId: ID } } },
    ]);
    expect(change.authorizations).toMatchObject([{ state: { capturedMinor: 1_000 } }]);
  });

  it('moves with any row of the card, and takes its place with its authorization', () => {
    const waits = apply(nobody, seen(sampleTransaction()));
    expect(waits.transactions).toMatchObject([{ state: { transaction: { authorizationId: ID } } }]);
    const known = apply(cardKnown(written(nobody, waits)), viewed(sampleView()));
    expect(linesOf(known)).toEqual(['suspense_resolution: available → suspense 1000']);
    expect(known.transactions).toMatchObject([{ state: { accountId: 'acc_1', flags: [] } }]);
    expect(known.authorizations).toMatchObject([
      { state: { capturedMinor: 1_000, record: { heldMinor: 0 } } },
    ]);
    expect(known.opened).toEqual([]);
  });

  it('moves in the order of the ids, whatever the order of arrival', () => {
    const [b, a] = ['ipi_b', 'ipi_a'].map((id) =>
      seen(sampleUnlinked({ transactionId: parseTransactionId(id) })),
    );
    if (a === undefined || b === undefined) throw new Error('there are two');
    const waits = cardKnown(written(nobody, apply(nobody, b, a)));
    const inOrder = [...waits.transactions];
    for (const stored of [inOrder, inOrder.toReversed()]) {
      const known = apply({ ...waits, transactions: new Map(stored) }, recorded);
      expect(known.entries.map(({ entry }) => entry.transactionId)).toEqual(['ipi_a', 'ipi_b']);
    }
  });

  it('does not move to another card, nor to a card of another tenant', () => {
    const waits = written(nobody, apply(nobody, seen(sampleUnlinked())));
    const other = sampleCard({ stripeCardId: parseStripeCardId('ic_2') });
    const withOther = { ...waits, cards: booksOf({ cards: [other] }).cards };
    const ofOther = { kind: 'card_recorded', stripeCardId: other.stripeCardId } as const;
    expect(linesOf(apply(withOther, ofOther))).toEqual([]);
    const [state] = waits.transactions.values();
    if (state === undefined) throw new Error('it waits');
    const foreign = { ...state, tenantId: parseTenantId('ten_other') };
    const books = { ...cardKnown(waits), transactions: new Map([[IPI, foreign]]) };
    expect(linesOf(apply(books, recorded))).toEqual([]);
  });

  it('learns its authorization from a later row, and no longer from any that comes after', () => {
    const waits = written(nobody, apply(nobody, seen(sampleUnlinked())));
    const learned = apply(waits, seen(sampleTransaction()));
    expect(learned.entries).toEqual([]);
    expect(learned.transactions).toMatchObject([
      { isNew: false, state: { flags: ['suspense'], transaction: { authorizationId: ID } } },
    ]);
    const books = written(waits, learned);
    const other = parseAuthorizationId('iauth_other');
    const again = apply(
      books,
      seen(sampleTransaction({ authorizationId: other })),
      seen(sampleUnlinked()),
    );
    expect(again.transactions).toEqual([]);
  });

  it('does not learn it once it is on an account, nor from a row of another tenant', () => {
    const elsewhere = parseStripeCardId('ic_nobody');
    const naming = seen(sampleTransaction({ stripeCardId: elsewhere }));
    const forced = written(booksOf(), apply(booksOf(), seen(sampleUnlinked())));
    expect(apply(forced, naming).transactions).toEqual([]);
    const waits = written(nobody, apply(nobody, seen(sampleUnlinked())));
    const [state] = waits.transactions.values();
    if (state === undefined) throw new Error('it waits');
    const foreign = { ...state, tenantId: parseTenantId('ten_other') };
    const books = { ...waits, transactions: new Map([[IPI, foreign]]) };
    expect(apply(books, naming).transactions).toEqual([]);
  });

  it('that is listed whole by an authorization of the card belongs to it; the view waits', () => {
    const listing = sampleView({ captures: [{ transactionId: IPI, amountMinor: minorUnits(5) }] });
    const change = apply(nobody, viewed(listing, sampleUnlinked()));
    expect(linesOf(change)).toHaveLength(1);
    expect(change.transactions).toMatchObject([
      { state: { transaction: { authorizationId: ID } } },
    ]);
    expect(outcomesOf(change)).toEqual([
      { kind: 'parked', reason: 'nobody here knows the card of this event' },
    ]);
    expect(outcomesOf(apply(nobody, recorded))).toMatchObject([{ kind: 'parked' }]);
  });

  it('belongs to the card of its authorization where that is known', () => {
    const books = written(booksOf(), apply(booksOf(), viewed(sampleView())));
    const newer = sampleTransaction({ stripeCardId: parseStripeCardId('ic_newer') });
    const change = apply(books, seen(newer));
    expect(linesOf(change)).toEqual(['capture: held → network_settlement 1000']);
    expect(change.transactions).toMatchObject([{ state: { cardId: 'card_1' } }]);
  });

  it('moves to the account of its authorization once a row of that names it', () => {
    const newer = parseStripeCardId('ic_newer');
    const stored = written(booksOf(), apply(booksOf(), viewed(sampleView())));
    const waits = written(stored, apply(stored, seen(sampleUnlinked({ stripeCardId: newer }))));
    const change = apply(waits, seen(sampleTransaction({ stripeCardId: newer })));
    expect(linesOf(change)).toEqual([
      'suspense_resolution: available → suspense 1000',
      'release: held → available 1000',
    ]);
    expect(change.transactions).toMatchObject([
      { state: { accountId: 'acc_1', flags: [], transaction: { authorizationId: ID } } },
    ]);
  });
});

describe('a record of another currency than its account', () => {
  const euros = sampleTransaction({ currency: currency('eur') });

  it('is booked aside, without its authorization, for a person to settle', () => {
    const change = apply(booksOf(), seen(euros));
    expect(change.entries).toMatchObject([{ currency: 'eur', accountId: null }]);
    expect(linesOf(change)).toEqual(['capture: suspense → network_settlement 1000']);
    expect(change.transactions).toMatchObject([
      {
        state: {
          accountId: null,
          flags: ['suspense', 'wrong_currency'],
          transaction: { authorizationId: null },
        },
      },
    ]);
    expect(change.opened).toMatchObject([
      { kind: 'transaction_of_wrong_currency', cardId: 'card_1', accountId: 'acc_1' },
    ]);
    expect(outcomesOf(change)).toEqual([
      {
        kind: 'attention',
        reason: "its currency is not the account's (usd): booked against suspense",
        hasItem: true,
      },
    ]);
    expect(change.authorizations).toEqual([]);
    const again = apply(written(booksOf(), change), seen(euros), recorded);
    expect(again).toMatchObject({ entries: [], transactions: [], opened: [], closed: [] });
  });

  it('stays in suspense when its card turns up, and is told as what it is', () => {
    const waits = written(nobody, apply(nobody, seen(euros)));
    const change = apply(cardKnown(waits), recorded);
    expect(linesOf(change)).toEqual([]);
    expect(change.transactions).toMatchObject([
      {
        state: {
          accountId: null,
          flags: ['suspense', 'wrong_currency'],
          transaction: { authorizationId: null },
        },
      },
    ]);
    expect(change.closed).toMatchObject([{ kind: 'transaction_of_unknown_card' }]);
    expect(change.opened).toMatchObject([{ kind: 'transaction_of_wrong_currency' }]);
    const settled = apply(written(cardKnown(waits), change), recorded);
    expect(settled.transactions).toEqual([]);
  });

  it('does not keep the others that a view lists from being booked', () => {
    const dollars = sampleTransaction({ transactionId: parseTransactionId('ipi_2'), amount: 7 });
    const change = apply(booksOf(), viewed(sampleView({ status: 'closed' }), euros, dollars));
    expect(linesOf(change)).toEqual([
      'capture: suspense → network_settlement 1000',
      'capture: available → network_settlement 7',
    ]);
    expect(outcomesOf(change)).toMatchObject([{ kind: 'attention', hasItem: true }]);
    expect(change.authorizations).toMatchObject([{ state: { capturedMinor: 7 } }]);
  });

  it('does not hold what an authorization of another currency shows', () => {
    const change = apply(booksOf(), viewed(sampleView({ currency: currency('eur') })));
    expect(change.entries).toEqual([]);
    expect(change.authorizations).toEqual([]);
    expect(outcomesOf(change)).toEqual([
      { kind: 'attention', reason: "its currency is not the account's (usd)", hasItem: false },
    ]);
  });
});
