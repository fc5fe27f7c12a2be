/** What the workflow of a card is told at once of purchases and of money, and what it is not told. */
import { describe, expect, it } from 'vitest';
import {
  AT_S,
  apply,
  booksOf,
  sampleCard,
  sampleTransaction,
  sampleView,
  seen,
  viewed,
  written,
} from '../support/sample-books.ts';

describe('a purchase', () => {
  const spendingOn = (usage: string | null) =>
    apply(booksOf({ cards: [sampleCard({ usage })] }), viewed(sampleView())).facts;

  it('is told to the card at once when the card is not being spent from', () => {
    for (const usage of ['unused', 'dormant']) {
      expect(spendingOn(usage)).toEqual([
        {
          tenantId: 'ten_1',
          cardId: 'card_1',
          fact: { kind: 'purchase_seen' },
          dedupeKey: 'purchase/iauth_1',
        },
      ]);
    }
    expect(spendingOn('spending')).toEqual([]);
  });

  it('is told to a card that is not known to be active yet, and not to one that ends', () => {
    const kinds = (['activation', 'winding_down', 'closed'] as const).map((phase) => {
      const books = booksOf({ cards: [sampleCard({ usage: null, phase })] });
      return apply(books, viewed(sampleView())).facts.map(({ fact }) => fact.kind);
    });
    expect(kinds).toEqual([['purchase_seen'], [], []]);
  });

  it('is told once, and only if it is one', () => {
    const books = booksOf({ cards: [sampleCard({ usage: 'unused' })] });
    const declined = apply(books, viewed(sampleView({ approved: false, status: 'closed' })));
    expect(declined.facts).toEqual([]);
    expect(declined.spending).toEqual([]);
    const checked = apply(books, viewed(sampleView({ amount: 0 })));
    expect(checked.facts).toEqual([]);
    const first = apply(books, viewed(sampleView()));
    const later = sampleView({ amount: 500, rank: { source: 'event', atS: AT_S + 9 } });
    expect(apply(written(books, first), viewed(later)).facts).toEqual([]);
  });
});

describe('money on a card that winds down', () => {
  it.each(['winding_down', 'closed'] as const)(
    'is told to its workflow while it is %s',
    (phase) => {
      const books = booksOf({ cards: [sampleCard({ phase })] });
      for (const type of ['capture', 'refund'] as const) {
        expect(apply(books, seen(sampleTransaction({ type }))).facts).toEqual([
          {
            tenantId: 'ten_1',
            cardId: 'card_1',
            fact: { kind: 'money_seen', cause: type },
            dedupeKey: 'money/ipi_1',
          },
        ]);
      }
    },
  );

  it('is not told to one that is active', () => {
    expect(apply(booksOf(), seen(sampleTransaction())).facts).toEqual([]);
    expect(apply(booksOf(), seen(sampleTransaction({ type: 'refund' }))).facts).toEqual([]);
  });
});
