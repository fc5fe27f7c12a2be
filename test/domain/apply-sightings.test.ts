/** One batch on small books: what is booked, what is told, and what waits. */
import { describe, expect, it } from 'vitest';
import { parseAuthorizationId, parseTransactionId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import {
  AT_S,
  apply,
  booksOf,
  linesOf,
  NOW_S,
  outcomesOf,
  sampleAccount,
  sampleDecision,
  sampleTransaction,
  sampleUnlinked,
  sampleView,
  seen,
  viewed,
  written,
} from '../support/sample-books.ts';

const ID = parseAuthorizationId('iauth_1');
const authorizationId = (id: string) => parseAuthorizationId(id);
const transactionId = (id: string) => parseTransactionId(id);
const listed = (id: string, amount: number | null = null) => ({
  transactionId: transactionId(id),
  amountMinor: amount === null ? null : minorUnits(amount),
});

describe('a view of an authorization that nobody here has seen', () => {
  const first = () => apply(booksOf(), viewed(sampleView()));

  it('is held, and everything known of it is stored', () => {
    const change = first();
    expect(linesOf(change)).toEqual(['hold: available → held 1000']);
    expect(change.entries).toMatchObject([
      {
        tenantId: 'ten_1',
        currency: 'usd',
        accountId: 'acc_1',
        entry: { authorizationId: ID, transactionId: null, effectiveS: AT_S },
      },
    ]);
    expect(change.authorizations).toEqual([
      {
        isNew: true,
        confirmations: [],
        state: {
          record: {
            authorizationId: ID,
            newest: [sampleView()],
            evidence: expect.objectContaining({ history: sampleView().history }),
            heldMinor: 1_000,
            decisions: [],
          },
          tenantId: 'ten_1',
          accountId: 'acc_1',
          cardId: 'card_1',
          stripeCardId: 'ic_1',
          currency: 'usd',
          status: 'pending',
          capturedMinor: 0,
          refundedMinor: 0,
          countedMinor: 1_000,
          anchoredS: AT_S,
          isPurchase: true,
          merchant: sampleView().merchant,
          flags: ['adopted'],
          awaits: [],
        },
      },
    ]);
    expect(change.accounts).toEqual([sampleAccount({ availableMinor: minorUnits(9_000) })]);
    expect(change.transactions).toEqual([]);
    expect([...change.outcomes]).toEqual([[0, { kind: 'applied', reason: null }]]);
    expect(change.woken).toEqual([]);
  });

  it('counts as one purchase of its card', () => {
    const change = first();
    expect(change.spending).toEqual([
      {
        tenantId: 'ten_1',
        cardId: 'card_1',
        delta: { purchases: 1, captures: 0, capturedMinor: 0, refundedMinor: 0 },
      },
    ]);
    expect(change.facts).toEqual([]);
  });

  it('changes nothing when it comes again', () => {
    const change = first();
    const books = written(booksOf(), change);
    const again = apply(books, viewed(sampleView()), viewed(sampleView()));
    expect(again).toMatchObject({
      entries: [],
      spending: [],
      opened: [],
      closed: [],
      accounts: [],
    });
    expect(again.authorizations).toMatchObject([
      { isNew: false, state: change.authorizations[0]?.state },
    ]);
  });
});

describe('a capture', () => {
  it('takes what is held, and is told once', () => {
    const books = written(booksOf(), apply(booksOf(), viewed(sampleView())));
    const change = apply(books, seen(sampleTransaction({ amount: 1_200 })));
    expect(linesOf(change)).toEqual([
      'capture: held → network_settlement 1000',
      'capture: available → network_settlement 200',
    ]);
    expect(change.entries).toMatchObject([
      { entry: { authorizationId: ID, transactionId: 'ipi_1', effectiveS: AT_S + 60 } },
    ]);
    expect(change.transactions).toEqual([
      {
        isNew: true,
        state: {
          transaction: sampleTransaction({ amount: 1_200 }),
          tenantId: 'ten_1',
          accountId: 'acc_1',
          cardId: 'card_1',
          flags: [],
        },
      },
    ]);
    expect(change.accounts).toMatchObject([{ availableMinor: 8_800 }]);
    expect(change.spending).toMatchObject([
      { delta: { purchases: 0, captures: 1, capturedMinor: 1_200, refundedMinor: 0 } },
    ]);
    const after = apply(written(books, change), seen(sampleTransaction({ amount: 1_200 })));
    expect(after).toMatchObject({ entries: [], transactions: [], spending: [] });
  });

  it('is booked with the view that lists it whole, though the view says that all has ended', () => {
    const closed = sampleView({ status: 'closed', captures: [listed('ipi_1', 1_000)] });
    const books = written(booksOf(), apply(booksOf(), viewed(sampleView({ history: [] }))));
    const change = apply(books, viewed(closed, sampleUnlinked()), seen(sampleTransaction()));
    expect(linesOf(change)).toEqual(['capture: held → network_settlement 1000']);
    expect(change.transactions).toMatchObject([
      { state: { transaction: { authorizationId: ID } } },
    ]);
  });

  it('of a refund is given back to the account', () => {
    const refund = sampleTransaction({ type: 'refund', amount: 300 });
    const change = apply(booksOf(), seen(refund));
    expect(linesOf(change)).toEqual(['refund: network_settlement → available 300']);
    expect(change.spending).toMatchObject([
      { delta: { purchases: 0, captures: 0, capturedMinor: 0, refundedMinor: 300 } },
    ]);
    expect(change.authorizations).toMatchObject([
      // Nothing else tells yet where the money came from.
      {
        state: {
          status: 'pending',
          refundedMinor: 300,
          isPurchase: false,
          merchant: refund.merchant,
        },
      },
    ]);
  });

  it('comes in the order of its time, whatever the order of the rows', () => {
    const [early, late] = [
      sampleTransaction({ transactionId: transactionId('ipi_b'), amount: 1, createdS: AT_S + 1 }),
      sampleTransaction({ transactionId: transactionId('ipi_a'), amount: 2, createdS: AT_S + 2 }),
    ];
    const same = sampleTransaction({
      transactionId: transactionId('ipi_c'),
      amount: 3,
      createdS: AT_S + 1,
    });
    const orders = [
      [early, late, same],
      [late, same, early],
      [same, early, late],
    ];
    for (const order of orders) {
      expect(linesOf(apply(booksOf(), ...order.map(seen)))).toEqual([
        'capture: available → network_settlement 1',
        'capture: available → network_settlement 3',
        'capture: available → network_settlement 2',
      ]);
    }
  });

  it('anchors its purchase at the earliest while no view is known', () => {
    const [first, second] = [
      sampleTransaction({ transactionId: transactionId('ipi_a'), createdS: AT_S + 70 }),
      sampleTransaction({ transactionId: transactionId('ipi_b'), createdS: AT_S + 30 }),
    ];
    const books = written(booksOf(), apply(booksOf(), seen(first)));
    const change = apply(books, seen(second));
    expect(change.authorizations).toMatchObject([{ state: { anchoredS: AT_S + 30 } }]);
    const both = apply(booksOf(), seen(first), seen(second));
    expect(both.authorizations).toMatchObject([{ state: { anchoredS: AT_S + 30 } }]);
  });

  it('tells the merchant of the earliest while no view does, whatever the order', () => {
    const record = (id: string, createdS: number) =>
      seen(
        sampleTransaction({
          transactionId: transactionId(id),
          createdS,
          merchant: { ...sampleView().merchant, name: `Shop of ${id}` },
        }),
      );
    const early = record('ipi_b', AT_S + 30);
    const same = record('ipi_c', AT_S + 30);
    const late = record('ipi_a', AT_S + 70);
    for (const order of [
      [early, same, late],
      [late, same, early],
      [same, late, early],
    ]) {
      const name = 'Shop of ipi_b';
      expect(apply(booksOf(), ...order).authorizations).toMatchObject([
        { state: { merchant: { name }, anchoredS: AT_S + 30 } },
      ]);
    }
  });

  it('before every view is dated, carried and anchored by itself', () => {
    const change = apply(booksOf(), seen(sampleTransaction()));
    expect(change.authorizations).toMatchObject([
      {
        state: {
          anchoredS: AT_S + 60,
          currency: 'usd',
          cardId: 'card_1',
          isPurchase: true,
          flags: ['cleared_unseen'],
        },
      },
    ]);
    expect(change.opened).toMatchObject([{ kind: 'cleared_unseen', subject: 'iauth_1' }]);
    const next = apply(written(booksOf(), change), viewed(sampleView()));
    expect(next.closed).toMatchObject([{ kind: 'cleared_unseen', subject: 'iauth_1' }]);
    expect(next.authorizations).toMatchObject([{ state: { anchoredS: AT_S, flags: ['adopted'] } }]);
  });
});

describe('what a person has to settle', () => {
  const capture = sampleTransaction();
  const second = sampleTransaction({ transactionId: transactionId('ipi_2'), amount: 5 });

  it('is not told again while nothing about it has changed', () => {
    const books = written(booksOf(), apply(booksOf(), seen(capture)));
    expect(apply(books, { kind: 'decision', authorizationId: ID }).opened).toEqual([]);
    expect(apply(books, seen(capture))).toMatchObject({ opened: [], closed: [] });
  });

  it('is told anew with every clearing record', () => {
    const books = written(booksOf(), apply(booksOf(), seen(capture)));
    expect(apply(books, seen(second)).opened).toMatchObject([
      { kind: 'cleared_unseen', details: { transactionIds: 'ipi_1 ipi_2', capturedMinor: 1_005 } },
    ]);
  });
});

describe('an account', () => {
  it('that the network brings below its limit is told once, and is closed when it is back', () => {
    const books = booksOf({ accounts: [sampleAccount({ availableMinor: minorUnits(100) })] });
    const taken = apply(books, seen(sampleTransaction({ amount: 101 })));
    expect(taken.opened.filter(({ kind }) => kind === 'account_overdrawn')).toMatchObject([
      { subject: 'acc_1', details: { availableMinor: -1 } },
    ]);
    const refund = sampleTransaction({
      transactionId: transactionId('ipi_2'),
      type: 'refund',
      amount: 1,
    });
    const given = apply(written(books, taken), seen(refund));
    expect(given.closed).toMatchObject([{ kind: 'account_overdrawn', subject: 'acc_1' }]);
  });
});

describe('a decision that came after the view of its authorization', () => {
  const known = (over: object, view = sampleView()) => {
    const first = apply(booksOf(), viewed(view));
    const [stored] = first.authorizations;
    if (stored === undefined) throw new Error('the authorization was stored');
    const { state } = stored;
    const record = { ...state.record, decisions: [sampleDecision(over)] };
    return {
      ...written(booksOf(), first),
      authorizations: new Map([[ID, { ...state, record }]]),
    };
  };

  it('is confirmed by it, and takes the flag back', () => {
    const decided = { kind: 'decision', authorizationId: ID } as const;
    const change = apply(known({ decidedS: AT_S - 5 }), decided);
    expect(change.entries).toEqual([]);
    expect(change.authorizations).toMatchObject([
      {
        confirmations: [{ requestId: 'evt_request', isConfirmed: true }],
        state: { flags: [], anchoredS: AT_S - 5 },
      },
    ]);
    expect(outcomesOf(change)).toEqual([{ kind: 'applied', reason: null }]);
  });

  it('is held on top where the view does not show it', () => {
    const decided = { kind: 'decision', authorizationId: ID } as const;
    const change = apply(known({ requestedS: AT_S + 50, amount: 70 }), decided);
    expect(linesOf(change)).toEqual(['hold: available → held 70']);
    expect(change.authorizations).toMatchObject([{ confirmations: [] }]);
  });

  it('of an account that was not loaded is a bug', () => {
    const decided = { kind: 'decision', authorizationId: ID } as const;
    const books = { ...known({ requestedS: AT_S + 50 }), accounts: new Map() };
    expect(() => apply(books, decided)).toThrow('account acc_1 is loaded and locked');
  });

  it('does not anchor the purchase when it is a decline', () => {
    const decided = { kind: 'decision', authorizationId: ID } as const;
    const change = apply(known({ approved: false, decidedS: AT_S - 5 }), decided);
    expect(change.authorizations).toMatchObject([{ state: { anchoredS: AT_S } }]);
    expect(change.opened).toMatchObject([{ kind: 'approved_against_decision' }]);
  });

  it('does not anchor it when another approval came before', () => {
    const decided = { kind: 'decision', authorizationId: ID } as const;
    const books = known({ decidedS: AT_S - 5 });
    const state = books.authorizations.get(ID);
    if (state === undefined) throw new Error('the authorization was stored');
    const more = sampleDecision({ requestId: 'evt_more', decidedS: AT_S - 1 });
    const record = { ...state.record, decisions: [more, ...state.record.decisions, more] };
    const change = apply(
      { ...books, authorizations: new Map([[ID, { ...state, record }]]) },
      decided,
    );
    expect(change.authorizations).toMatchObject([{ state: { anchoredS: AT_S - 5 } }]);
  });

  it('as a decline before anything else is anchored now, at no merchant', () => {
    const decided = { kind: 'decision', authorizationId: ID } as const;
    const books = known({ approved: false });
    const state = books.authorizations.get(ID);
    if (state === undefined) throw new Error('the authorization was stored');
    const record = { ...state.record, newest: [], heldMinor: minorUnits(0) };
    const change = apply(
      { ...books, authorizations: new Map([[ID, { ...state, record, merchant: null }]]) },
      decided,
    );
    expect(change.authorizations).toMatchObject([{ state: { anchoredS: NOW_S, merchant: null } }]);
  });

  it('of an authorization that is not known here waits', () => {
    const decided = { kind: 'decision', authorizationId: authorizationId('iauth_2') } as const;
    const change = apply(booksOf(), decided);
    expect(outcomesOf(change)).toMatchObject([{ kind: 'parked' }]);
  });
});
