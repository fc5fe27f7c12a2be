/** What views show of the answers to our requests, and which decisions that confirms, piece by piece. */
import { describe, expect, it } from 'vitest';
import {
  confirmedRequests,
  type Evidence,
  mergeEvidence,
  NO_EVIDENCE,
  settledRequests,
  shownBy,
} from '../../src/domain/confirmation.ts';
import { parseTransactionId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { AT_S, sampleDecision, sampleEntry, sampleView } from '../support/sample-books.ts';

type View = Parameters<typeof sampleView>[0];
const after = (...views: readonly View[]): Evidence =>
  views.map((view) => sampleView(view)).reduce(mergeEvidence, NO_EVIDENCE);
const event = (atS: number) => ({ rank: { source: 'event', atS } }) as const;
const fetched = (atS: number) => ({ rank: { source: 'fetched', atS } }) as const;
const capture = { transactionId: parseTransactionId('ipi_1'), amountMinor: null };

describe('the evidence of views', () => {
  it('is the largest amount of an approved view before any capture', () => {
    expect(after({ amount: 100 }, { amount: 300 }, { amount: 200 }).authorizedMinor).toBe(300);
    expect(after({ amount: 100, approved: false }).authorizedMinor).toBe(0);
    expect(after({ amount: 100, captures: [capture] }).authorizedMinor).toBe(0);
    expect(after({ amount: 100, ...fetched(AT_S) }).authorizedMinor).toBe(100);
  });

  it('is the latest second at which it had ended, and the earliest at which it was reversed', () => {
    const at = (status: 'closed' | 'reversed' | 'pending' | 'expired', atS: number) => ({
      status,
      ...event(AT_S + atS),
    });
    expect(after(at('pending', 1))).toMatchObject({ endedS: 0, reversedS: null });
    expect(after(at('closed', 1), at('expired', 2))).toMatchObject({
      endedS: AT_S + 2,
      reversedS: null,
    });
    const all = after(at('reversed', 5), at('reversed', 3), at('pending', 9), at('closed', 4));
    expect(all).toMatchObject({ endedS: AT_S + 5, reversedS: AT_S + 3 });
    const seen = after({ status: 'reversed', ...fetched(AT_S + 7) });
    expect(seen).toMatchObject({ endedS: AT_S + 7, reversedS: AT_S + 7 });
  });

  it('is the latest second at which an amount of it was held', () => {
    const held = (...views: readonly View[]) => after(...views).heldS;
    expect(held(event(AT_S + 3), event(AT_S + 5), event(AT_S + 4))).toBe(AT_S + 5);
    expect(held(fetched(AT_S + 6))).toBe(AT_S + 6);
    expect(held({ approved: false }, { amount: 0 }, { status: 'closed' })).toBe(0);
    expect(held({ amount: 1 })).toBe(AT_S);
  });

  it('is every key of its metadata once, in order, and the longest history', () => {
    const long = [sampleEntry(1), sampleEntry(2)];
    const all = after(
      { metadataKeys: ['evt_b', 'evt_a'], history: long },
      { metadataKeys: ['evt_a', 'evt_c'], history: [sampleEntry(3)] },
    );
    expect(all.metadataKeys).toEqual(['evt_a', 'evt_b', 'evt_c']);
    expect(all.history).toEqual(long);
    expect(after({ history: [sampleEntry(3)] }, { history: long }).history).toEqual(long);
  });

  it('of a decided view without a history is its own answer', () => {
    const own = (approved: boolean) => [
      { amountMinor: 1_000, approved, createdS: AT_S, reason: '' },
    ];
    expect(after({ history: [] }).history).toEqual(own(true));
    const declined = { approved: false, status: 'closed', history: [] } as const;
    expect(after(declined).history).toEqual(own(false));
    expect(after({ approved: false, history: [] }).history).toEqual([]);
    const told = [sampleEntry(7, { reason: 'webhook_approved' })];
    expect(after({ status: 'closed', history: told }).history).toEqual(told);
  });

  it('of equally long histories is the one that Stripe told, else that of more, in any order', () => {
    const lone = (amount: number, afterS = 0) => ({ amount, history: [], ...event(AT_S + afterS) });
    const told = { history: [sampleEntry(7, { reason: 'webhook_approved' })] };
    const either = (a: View, b: View) => {
      const { history } = after(a, b);
      expect(after(b, a).history).toEqual(history);
      return history.map(({ amountMinor, approved }) => [amountMinor, approved]);
    };
    expect(either(lone(1_000), lone(600, 60))).toEqual([[1_000, true]]);
    expect(either(lone(1_000), told)).toEqual([[7, true]]);
    const declined = { ...lone(600), approved: false, status: 'closed' } as const;
    expect(either(lone(600), declined)).toEqual([[600, true]]);
    expect(either({ history: [sampleEntry(5)] }, { history: [sampleEntry(7)] })).toEqual([
      [7, true],
    ]);
    const late = { history: [sampleEntry(5, { createdS: AT_S + 1 })] };
    expect(after(late, { history: [sampleEntry(5)] }).history).toEqual(late.history);
    expect(after({ history: [sampleEntry(5)] }, late).history).toEqual(late.history);
    const [a, b] = ['a', 'b'].map((reason) => ({ history: [sampleEntry(5, { reason })] }));
    if (a === undefined || b === undefined) throw new Error('two were made');
    expect(after(a, b).history).toEqual(b.history);
    expect(after(b, a).history).toEqual(b.history);
  });

  it('of fetched views is kept apart by their second, the ten newest', () => {
    const one = after(
      { ...fetched(AT_S), metadataKeys: ['evt_b'] },
      { ...fetched(AT_S), metadataKeys: ['evt_a'] },
    );
    expect(one).toMatchObject({ metadataKeys: [], history: [] });
    expect(one.fetched).toMatchObject([{ atS: AT_S, metadataKeys: ['evt_a', 'evt_b'] }]);
    const two = after(
      { ...fetched(AT_S), metadataKeys: ['evt_a'] },
      { ...fetched(AT_S + 1), metadataKeys: ['evt_b'] },
    );
    expect(two.fetched).toMatchObject([
      { atS: AT_S + 1, metadataKeys: ['evt_b'] },
      { atS: AT_S, metadataKeys: ['evt_a'] },
    ]);
    const many = after(
      ...[5, 3, 12, 1, 9, 2, 11, 4, 8, 6, 10, 7].map((atS) => fetched(AT_S + atS)),
    );
    expect(many.fetched.map((view) => view.atS - AT_S)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3]);
  });
});

describe('what counts as shown', () => {
  const evidence = after(
    { ...event(AT_S + 5), metadataKeys: ['evt_event'] },
    { ...fetched(AT_S + 5), metadataKeys: ['evt_fetched'] },
  );
  const keys = (...newest: readonly View[]) =>
    shownBy(
      evidence,
      newest.map((view) => sampleView(view)),
    ).metadataKeys;

  it('is not what a fetched view says that lost to an event of its second', () => {
    expect(keys(event(AT_S + 5))).toEqual(['evt_event']);
    expect(keys(event(AT_S + 4))).toEqual(['evt_event']);
  });

  it('is what a fetched view says once it is the newest, or older than the newest', () => {
    const both = ['evt_event', 'evt_fetched'];
    expect(keys(fetched(AT_S + 5))).toEqual(both);
    expect(keys(event(AT_S + 6))).toEqual(both);
    expect(keys(fetched(AT_S + 6))).toEqual(both);
    expect(keys(fetched(AT_S + 4))).toEqual(['evt_event']);
  });

  it('is all of the events while there is no view', () => {
    expect(keys()).toEqual(['evt_event']);
  });
});

describe('a decision is confirmed', () => {
  type Shown = Parameters<typeof confirmedRequests>[1];
  const confirmed = (
    decisions: readonly ReturnType<typeof sampleDecision>[],
    shown: Partial<Shown>,
  ) => [...confirmedRequests(decisions, { metadataKeys: [], history: [], ...shown })].toSorted();
  const one = sampleDecision({ requestId: 'evt_1' });

  it('by the key of its request, with any history or with none', () => {
    expect(confirmed([one], { metadataKeys: ['evt_1'] })).toEqual(['evt_1']);
    expect(confirmed([one], { metadataKeys: ['evt_1', 'note'] })).toEqual(['evt_1']);
    expect(confirmed([one], {})).toEqual([]);
  });

  it.each<[string, Parameters<typeof sampleEntry>[1], readonly string[]]>([
    ['at its time', {}, ['evt_1']],
    ['two seconds later', { createdS: AT_S + 2 }, ['evt_1']],
    ['two seconds earlier', { createdS: AT_S - 2 }, ['evt_1']],
    ['three seconds later', { createdS: AT_S + 3 }, []],
    ['three seconds earlier', { createdS: AT_S - 3 }, []],
    [
      'four seconds later, by time-out',
      { createdS: AT_S + 4, reason: 'webhook_timeout' },
      ['evt_1'],
    ],
    ['five seconds later, by time-out', { createdS: AT_S + 5, reason: 'webhook_timeout' }, []],
    ['answered otherwise', { approved: false, reason: 'insufficient_funds' }, ['evt_1']],
    ['of another amount', { amountMinor: minorUnits(999) }, []],
  ])('by an entry of its amount: %s', (_what, over, requests) => {
    expect(confirmed([one], { history: [sampleEntry(1_000, over)] })).toEqual(requests);
  });

  it('by the part that it approved, or by the whole that was asked', () => {
    const part = sampleDecision({ requestId: 'evt_1', amount: 400, askedMinor: minorUnits(1_000) });
    for (const amount of [400, 1_000]) {
      expect(confirmed([part], { history: [sampleEntry(amount)] })).toEqual(['evt_1']);
    }
    const none = sampleDecision({ requestId: 'evt_1', approved: false });
    expect(confirmed([none], { history: [sampleEntry(0, { approved: false })] })).toEqual([]);
  });

  it('not by an approval that we gave, where it is a decline of ours', () => {
    const declined = sampleDecision({ requestId: 'evt_1', approved: false });
    expect(confirmed([declined], { history: [sampleEntry(1_000)] })).toEqual([]);
    const byStandIn = [sampleEntry(1_000, { reason: 'network_stip' })];
    expect(confirmed([declined], { history: byStandIn })).toEqual(['evt_1']);
  });

  it('by one entry each, those with a key first', () => {
    const second = sampleDecision({ requestId: 'evt_2' });
    const history = [sampleEntry(1_000)];
    expect(confirmed([one, second], { history })).toEqual(['evt_1']);
    expect(confirmed([second, one], { history })).toEqual(['evt_1']);
    expect(confirmed([one, second], { history, metadataKeys: ['evt_2'] })).toEqual(['evt_2']);
    const twice = [sampleEntry(1_000), sampleEntry(1_000)];
    expect(confirmed([one, second], { history: twice, metadataKeys: ['evt_2'] })).toHaveLength(2);
    expect(confirmed([one, second], { history: twice })).toEqual(['evt_1', 'evt_2']);
  });

  it('the earlier request before the later one, a decline before an approval', () => {
    const earlier = sampleDecision({ requestId: 'evt_9', requestedS: AT_S - 1 });
    expect(confirmed([one, earlier], { history: [sampleEntry(1_000)] })).toEqual(['evt_9']);
    const declined = sampleDecision({ requestId: 'evt_9', approved: false, requestedS: AT_S + 1 });
    const history = [sampleEntry(1_000, { approved: false, reason: 'webhook_declined' })];
    expect(confirmed([one, declined], { history })).toEqual(['evt_9']);
  });

  it('by the entry with its own outcome where there are both', () => {
    const history = [
      sampleEntry(1_000, { approved: false, reason: 'insufficient_funds' }),
      sampleEntry(1_000),
    ];
    const declined = sampleDecision({ requestId: 'evt_2', approved: false });
    expect(confirmed([one], { history })).toEqual(['evt_1']);
    expect(confirmed([one, declined], { history })).toEqual(['evt_1', 'evt_2']);
  });

  it('by an entry with its own outcome, which leaves the other to whom that belongs', () => {
    const history = [
      sampleEntry(1_000, { reason: 'network_stip' }),
      sampleEntry(1_000, { approved: false, createdS: AT_S + 2 }),
    ];
    // The decline is near both, the approval near the first only.
    const declined = sampleDecision({ requestId: 'evt_2', approved: false, requestedS: AT_S + 1 });
    const approval = sampleDecision({ requestId: 'evt_1', requestedS: AT_S - 1 });
    expect(confirmed([declined, approval], { history })).toEqual(['evt_1', 'evt_2']);
  });

  it('not by the entry of a request whose decision is not recorded yet', () => {
    const history = [sampleEntry(1_000)];
    expect(confirmed([one], { history, metadataKeys: ['evt_other'] })).toEqual([]);
    // A key of another kind is a note of somebody's, and stands for no request.
    for (const note of ['order_7', 'extra_7']) {
      expect(confirmed([one], { history, metadataKeys: [note] })).toEqual(['evt_1']);
    }
    const twice = [...history, sampleEntry(1_000)];
    expect(confirmed([one], { history: twice, metadataKeys: ['evt_other'] })).toEqual(['evt_1']);
  });

  it.each([
    ['webhook_timeout', ['evt_1']],
    ['webhook_error', ['evt_1']],
    ['webhook_approved', []],
  ])('of a fuel pump by an entry of any amount that says %s', (reason, requests) => {
    const surplus = { kind: 'fuel', holdMinor: minorUnits(10_000), validUntilS: AT_S } as const;
    const pump = sampleDecision({ requestId: 'evt_1', amount: 100, surplus });
    expect(confirmed([pump], { history: [sampleEntry(17_500, { reason })] })).toEqual(requests);
    const shop = sampleDecision({ requestId: 'evt_1', amount: 100 });
    expect(confirmed([shop], { history: [sampleEntry(17_500, { reason })] })).toEqual([]);
  });
});

describe('a decision is settled', () => {
  const late = sampleDecision({ requestId: 'evt_late', requestedS: AT_S });
  const settled = (endedS: number) => [
    ...settledRequests([late], { ...NO_EVIDENCE, endedS }, [sampleView({ history: [] })]),
  ];

  it('when the authorization is shown to have ended ten minutes after it, without it', () => {
    expect(settled(AT_S + 599)).toEqual([]);
    expect(settled(AT_S + 600)).toEqual(['evt_late']);
    expect(settled(AT_S + 601)).toEqual(['evt_late']);
  });

  it('when it was shown', () => {
    const evidence = { ...NO_EVIDENCE, metadataKeys: ['evt_late'] };
    expect([...settledRequests([late], evidence, [])]).toEqual(['evt_late']);
  });
});
