/** Batches about several cards, accounts and tenants: nothing is mixed up, and what moves is counted where it is. */
import { describe, expect, it } from 'vitest';
import {
  parseAccountId,
  parseAuthorizationId,
  parseCardId,
  parseStripeCardId,
  parseTenantId,
  parseTransactionId,
} from '../../src/domain/ids.ts';
import {
  AT_S,
  apply,
  booksOf,
  outcomesOf,
  sampleAccount,
  sampleCard,
  sampleTransaction,
  sampleView,
  seen,
  viewed,
  written,
} from '../support/sample-books.ts';

const authorizationId = (id: string) => parseAuthorizationId(id);

describe('an authorization whose card was replaced', () => {
  const replacement = sampleCard({
    stripeCardId: parseStripeCardId('ic_2'),
    cardId: parseCardId('card_2'),
    usage: 'unused',
  });
  const both = booksOf({ cards: [sampleCard(), replacement] });
  const later = { source: 'event', atS: AT_S + 9 } as const;

  it('moves with it, and so does its purchase', () => {
    const books = written(both, apply(both, viewed(sampleView())));
    const change = apply(
      books,
      viewed(sampleView({ stripeCardId: replacement.stripeCardId, rank: later, amount: 900 })),
    );
    expect(change.authorizations).toMatchObject([
      { state: { cardId: 'card_2', stripeCardId: 'ic_2' } },
    ]);
    expect(change.spending).toEqual([
      {
        tenantId: 'ten_1',
        cardId: 'card_1',
        delta: { purchases: -1, captures: 0, capturedMinor: 0, refundedMinor: 0 },
      },
      {
        tenantId: 'ten_1',
        cardId: 'card_2',
        delta: { purchases: 1, captures: 0, capturedMinor: 0, refundedMinor: 0 },
      },
    ]);
  });

  it('stays with the card it is on while only a clearing record names the other', () => {
    const books = written(both, apply(both, viewed(sampleView())));
    const capture = sampleTransaction({ stripeCardId: replacement.stripeCardId });
    const change = apply(books, seen(capture));
    expect(change.authorizations).toMatchObject([{ state: { cardId: 'card_1' } }]);
    expect(change.transactions).toMatchObject([{ state: { cardId: 'card_2' } }]);
    expect(change.spending).toMatchObject([{ cardId: 'card_2', delta: { captures: 1 } }]);
  });

  it('leaves a record with the card that it names, as soon as that is known', () => {
    const one = booksOf();
    const held = written(one, apply(one, viewed(sampleView())));
    const capture = sampleTransaction({ stripeCardId: replacement.stripeCardId });
    const before = apply(held, seen(capture));
    expect(before.transactions).toMatchObject([{ state: { cardId: 'card_1' } }]);
    const known = { ...written(held, before), cards: both.cards };
    const change = apply(known, { kind: 'decision', authorizationId: authorizationId('iauth_1') });
    expect(change.entries).toEqual([]);
    expect(change.transactions).toMatchObject([{ isNew: false, state: { cardId: 'card_2' } }]);
    expect(change.spending).toMatchObject([
      { cardId: 'card_1', delta: { captures: -1, capturedMinor: -1_000 } },
      { cardId: 'card_2', delta: { captures: 1, capturedMinor: 1_000 } },
    ]);
  });

  it('tells the first purchase to the card that it is on', () => {
    const view = sampleView({ stripeCardId: replacement.stripeCardId });
    // The clearing record still names the card that is being spent from.
    const change = apply(both, seen(sampleTransaction()), viewed(view));
    expect(change.facts).toMatchObject([{ cardId: 'card_2', fact: { kind: 'purchase_seen' } }]);
  });

  it('waits with its new card, while records that name the old one are booked', () => {
    const one = booksOf();
    const held = written(one, apply(one, viewed(sampleView())));
    const moved = sampleView({ stripeCardId: replacement.stripeCardId, rank: later });
    const change = apply(held, viewed(moved, sampleTransaction()));
    expect(outcomesOf(change)).toMatchObject([{ kind: 'parked' }]);
    expect(change.entries).toMatchObject([{ accountId: 'acc_1', entry: { kind: 'capture' } }]);
    expect(change.transactions).toMatchObject([{ state: { accountId: 'acc_1', flags: [] } }]);
  });

  it('is not moved by a card of another account', () => {
    const elsewhere = { ...replacement, accountId: parseAccountId('acc_2') };
    const other = sampleAccount({ accountId: elsewhere.accountId });
    const books = booksOf({
      cards: [sampleCard(), elsewhere],
      accounts: [sampleAccount(), other],
    });
    const known = written(books, apply(books, viewed(sampleView())));
    const change = apply(
      known,
      viewed(sampleView({ stripeCardId: elsewhere.stripeCardId, rank: later })),
    );
    expect(outcomesOf(change)).toEqual([
      { kind: 'attention', reason: "authorization iauth_1 is another account's", hasItem: false },
    ]);
    expect(change.authorizations).toEqual([]);
    // A record that the authorization lists is its own, whatever card it names.
    const listing = viewed(
      sampleView({ rank: later }),
      sampleTransaction({ stripeCardId: elsewhere.stripeCardId }),
    );
    expect(apply(known, listing).transactions).toMatchObject([
      { state: { accountId: 'acc_1', cardId: 'card_1' } },
    ]);
  });
});

describe('several authorizations and cards in one batch', () => {
  it.each([[['b', 'a', 'c']], [['a', 'b', 'c']], [['c', 'b', 'a']]])(
    'are each brought forward in the order of their ids, as %o',
    (names) => {
      const views = names.map((name) =>
        viewed(sampleView({ authorizationId: authorizationId(`iauth_${name}`) })),
      );
      const change = apply(booksOf(), ...views);
      const ids = change.authorizations.map(({ state }) => state.record.authorizationId);
      expect(ids).toEqual(['iauth_a', 'iauth_b', 'iauth_c']);
      expect(change.entries.map(({ entry }) => entry.authorizationId)).toEqual(ids);
      expect(change.accounts).toMatchObject([{ availableMinor: 7_000 }]);
      expect(change.spending).toMatchObject([{ delta: { purchases: 3 } }]);
    },
  );

  it('leave suspense in the order of their cards, whatever the order of the rows', () => {
    const ids = ['ic_a', 'ic_b', 'ic_c'].map(parseStripeCardId);
    const nobody = booksOf({ cards: [] });
    const waiting = ids.map((stripeCardId, index) =>
      seen(
        sampleTransaction({
          transactionId: parseTransactionId(`ipi_${ids.length - index}`),
          authorizationId: null,
          stripeCardId,
        }),
      ),
    );
    const cards = ids.map((stripeCardId) => sampleCard({ stripeCardId }));
    const known = {
      ...written(nobody, apply(nobody, ...waiting)),
      cards: booksOf({ cards }).cards,
    };
    const rows = ids.map((stripeCardId) => ({ kind: 'card_recorded', stripeCardId }) as const);
    const [a, b, c] = rows;
    if (a === undefined || b === undefined || c === undefined) throw new Error('there are three');
    for (const order of [rows, [b, a, c], [c, b, a]]) {
      const change = apply(known, ...order);
      expect(change.entries.map(({ entry }) => entry.transactionId)).toEqual([
        'ipi_3',
        'ipi_2',
        'ipi_1',
      ]);
      expect(change.woken).toHaveLength(3);
    }
  });

  it('are never mixed up between accounts', () => {
    const second = sampleCard({
      stripeCardId: parseStripeCardId('ic_2'),
      cardId: parseCardId('card_2'),
      accountId: parseAccountId('acc_2'),
    });
    const books = booksOf({
      cards: [second, sampleCard()],
      accounts: [sampleAccount({ accountId: second.accountId }), sampleAccount()],
    });
    const change = apply(
      books,
      viewed(
        sampleView({
          authorizationId: authorizationId('iauth_2'),
          stripeCardId: second.stripeCardId,
          amount: 20,
        }),
      ),
      viewed(sampleView({ amount: 10 })),
    );
    expect(change.accounts).toMatchObject([
      { accountId: 'acc_1', availableMinor: 9_990 },
      { accountId: 'acc_2', availableMinor: 9_980 },
    ]);
  });
});

describe('what is not on the tenant that the row is of', () => {
  it('is unknown: a card belongs to one tenant', () => {
    const foreign = booksOf({ cards: [sampleCard({ tenantId: parseTenantId('ten_other') })] });
    const change = apply(foreign, viewed(sampleView()), seen(sampleTransaction()));
    expect(outcomesOf(change)).toMatchObject([{ kind: 'parked' }, { kind: 'applied' }]);
    expect(change.transactions).toMatchObject([{ state: { tenantId: 'ten_1', accountId: null } }]);
  });
});
