/** Which account takes a record out of suspense when several could, and what no authorization may take from there. */
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
import { netOf } from '../../src/domain/ledger.ts';
import { minorUnits } from '../../src/domain/money.ts';
import {
  apply,
  booksOf,
  linesOf,
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

const NEWER = parseStripeCardId('ic_newer');
const IPI = parseTransactionId('ipi_1');
const euros = { currency: currency('eur') };
const waitingFor = (books: Books, over: Parameters<typeof sampleTransaction>[0] = {}): Books =>
  written(books, apply(books, seen(sampleTransaction({ stripeCardId: NEWER, ...over }))));

describe('a record in suspense that names an authorization', () => {
  const held = ['hold: available → held 1000'];
  const untouched = {
    transactions: [],
    closed: [],
    authorizations: [{ state: { capturedMinor: 0, flags: ['adopted'] } }],
  };

  it('is not claimed by an authorization of that id on another tenant', () => {
    const waits = waitingFor(booksOf());
    const [state] = waits.transactions.values();
    if (state === undefined) throw new Error('it waits');
    const foreign = { ...state, tenantId: parseTenantId('ten_other') };
    const change = apply(
      { ...waits, transactions: new Map([[IPI, foreign]]) },
      viewed(sampleView()),
    );
    expect(linesOf(change)).toEqual(held);
    expect(change).toMatchObject(untouched);
  });

  it('is not claimed by an account of another currency', () => {
    const change = apply(waitingFor(booksOf(), euros), viewed(sampleView()));
    expect(linesOf(change)).toEqual(held);
    expect(change).toMatchObject(untouched);
  });
});

describe('a record whose card turns up after its authorization was decided', () => {
  const card = (accountId: string) =>
    sampleCard({
      stripeCardId: NEWER,
      cardId: parseCardId('card_2'),
      accountId: parseAccountId(accountId),
    });
  const second = sampleAccount({ accountId: parseAccountId('acc_2') });
  const known = { kind: 'card_recorded', stripeCardId: NEWER } as const;
  /** As after our approval: the authorization is stored, but no view of it has come. */
  function decided(accountId: string): Books {
    const books = booksOf({ accounts: [sampleAccount(), second] });
    const [stored] = apply(books, viewed(sampleView())).authorizations;
    if (stored === undefined) throw new Error('the authorization is stored');
    const record = { ...stored.state.record, newest: [] };
    return {
      ...waitingFor(books),
      cards: booksOf({ cards: [sampleCard(), card(accountId)] }).cards,
      authorizations: new Map([[record.authorizationId, { ...stored.state, record }]]),
    };
  }

  it('belongs to it where both are of one account', () => {
    const change = apply(decided('acc_1'), known);
    expect(change.transactions).toMatchObject([
      { state: { accountId: 'acc_1', flags: [], transaction: { authorizationId: 'iauth_1' } } },
    ]);
    expect(change.authorizations).toMatchObject([{ state: { capturedMinor: 1_000 } }]);
  });

  it("stands alone where the card is another account's: that of the authorization is not locked", () => {
    const change = apply(decided('acc_2'), known);
    expect(change.transactions).toMatchObject([
      {
        state: {
          accountId: 'acc_2',
          flags: ['forced_capture'],
          transaction: { ...sampleTransaction({ stripeCardId: NEWER }), authorizationId: null },
        },
      },
    ]);
    expect(linesOf(change)).toEqual(['suspense_resolution: available → suspense 1000']);
    expect(change.authorizations).toEqual([]);
  });
});

describe('a record set aside because of its currency', () => {
  // The record names a card in dollars; its authorization is on an account in euros of the same tenant.
  const inEuros = sampleCard({
    stripeCardId: parseStripeCardId('ic_2'),
    cardId: parseCardId('card_2'),
    accountId: parseAccountId('acc_2'),
  });
  const books = booksOf({
    cards: [sampleCard(), inEuros],
    accounts: [sampleAccount(), sampleAccount({ accountId: inEuros.accountId, ...euros })],
  });
  const record = sampleTransaction({ ...euros, amount: 400 });
  const view = (amount: number | null) =>
    sampleView({
      ...euros,
      stripeCardId: inEuros.stripeCardId,
      captures: [{ transactionId: IPI, amountMinor: amount === null ? null : minorUnits(amount) }],
    });
  type Told = Parameters<typeof apply>[1];
  function both(first: Told, then: Told) {
    const before = apply(books, first);
    const after = apply(written(books, before), then);
    const postings = [...before.entries, ...after.entries].flatMap(({ entry }) => entry.postings);
    return {
      books: written(written(books, before), after),
      waiting: netOf(postings, 'suspense'),
      cleared: netOf(postings, 'network_settlement'),
    };
  }

  it('moves to the account in its currency whose authorization shows it whole, in either order', () => {
    const whole = viewed(view(400), { ...record, authorizationId: null });
    for (const after of [both(seen(record), whole), both(whole, seen(record))]) {
      expect(after).toMatchObject({ waiting: 0, cleared: 400 });
      expect(after.books.transactions.get(IPI)).toMatchObject({
        accountId: 'acc_2',
        flags: [],
        transaction: { authorizationId: 'iauth_1' },
      });
      expect(after.books.accounts.get(inEuros.accountId)?.availableMinor).toBe(9_000);
    }
  });

  it('stays for a person where only its id is shown, in either order', () => {
    const listing = viewed(view(null));
    for (const after of [both(seen(record), listing), both(listing, seen(record))]) {
      expect(after).toMatchObject({ waiting: -400, cleared: 400 });
      expect(after.books.transactions.get(IPI)).toMatchObject({
        accountId: null,
        flags: ['suspense', 'wrong_currency'],
      });
      const authorization = after.books.authorizations.get(parseAuthorizationId('iauth_1'));
      expect(authorization?.capturedMinor).toBe(0);
    }
  });
});

describe('a record that names no authorization', () => {
  const unlinked = seen(sampleUnlinked());
  const other = parseTransactionId('ipi_2');
  const listing = viewed(
    sampleView({
      status: 'closed',
      captures: [IPI, other].map((transactionId) => ({ transactionId, amountMinor: null })),
    }),
  );
  const listed = written(booksOf(), apply(booksOf(), listing));
  const awaited = (books: Books) =>
    books.authorizations.get(parseAuthorizationId('iauth_1'))?.awaits;

  it('belongs to the one that was seen to list it, which waits for it no longer', () => {
    expect(awaited(listed)).toEqual([IPI, other]);
    const change = apply(listed, unlinked);
    expect(change.transactions).toMatchObject([
      { state: { flags: [], transaction: { authorizationId: 'iauth_1' } } },
    ]);
    expect(change.authorizations).toMatchObject([{ state: { capturedMinor: 1_000 } }]);
    expect(change.opened).toEqual([]);
    expect(awaited(written(listed, change))).toEqual([other]);
  });

  it("stands alone where the one that lists it is another tenant's", () => {
    const foreign = [...listed.authorizations].map(
      ([id, state]) => [id, { ...state, tenantId: parseTenantId('ten_other') }] as const,
    );
    const change = apply({ ...listed, authorizations: new Map(foreign) }, unlinked);
    expect(change.transactions).toMatchObject([{ state: { flags: ['forced_capture'] } }]);
    expect(change.authorizations).toEqual([]);
  });

  it('but is listed is no rule for one that names another authorization', () => {
    const authorizationId = parseAuthorizationId('iauth_2');
    const change = apply(listed, seen(sampleTransaction({ authorizationId })));
    expect(change.transactions).toMatchObject([{ state: { transaction: { authorizationId } } }]);
    expect(awaited(written(listed, change))).toEqual([IPI, other]);
  });

  it("stands alone where the one that lists it is another account's", () => {
    const elsewhere = sampleCard({
      stripeCardId: NEWER,
      cardId: parseCardId('card_2'),
      accountId: parseAccountId('acc_2'),
    });
    const books = {
      ...listed,
      cards: booksOf({ cards: [sampleCard(), elsewhere] }).cards,
      accounts: new Map([
        ...listed.accounts,
        [elsewhere.accountId, sampleAccount({ accountId: elsewhere.accountId })] as const,
      ]),
    };
    const record = sampleUnlinked({ stripeCardId: NEWER });
    const change = apply(books, seen(record));
    expect(change.transactions).toMatchObject([
      { state: { accountId: 'acc_2', flags: ['forced_capture'] } },
    ]);
    expect(change.authorizations).toEqual([]);
  });
});
