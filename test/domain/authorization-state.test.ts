import { describe, expect, it } from 'vitest';
import {
  type AuthorizationSnapshot,
  isTied,
  latestViews,
  mergeSnapshot,
  type PreviousFields,
} from '../../src/domain/authorization-state.ts';
import { parseTransactionId } from '../../src/domain/ids.ts';
import { AT_S, sampleEntry, sampleView } from '../support/sample-books.ts';

const merged = (...views: readonly AuthorizationSnapshot[]) =>
  views.reduce<readonly AuthorizationSnapshot[]>(mergeSnapshot, []);
const event = (atS: number) => ({ rank: { source: 'event', atS } }) as const;
const fetched = (atS: number) => ({ rank: { source: 'fetched', atS } }) as const;
const capture = (id: string) => ({ transactionId: parseTransactionId(id), amountMinor: null });

/** The only view left of two, whichever comes first. */
function expectNewer(newer: AuthorizationSnapshot, older: AuthorizationSnapshot): void {
  expect(merged(older, newer)).toEqual([newer]);
  expect(merged(newer, older)).toEqual([newer]);
}

describe('of two views the newest', () => {
  it('is the one of the later second, whatever its history and its source', () => {
    const long = { history: [sampleEntry(1), sampleEntry(2)] };
    expectNewer(sampleView(event(AT_S + 1)), sampleView({ ...event(AT_S), ...long }));
    expectNewer(sampleView(fetched(AT_S + 1)), sampleView({ ...event(AT_S), ...long }));
  });

  it('is the event where an event and a fetched view are of one second', () => {
    const long = { history: [sampleEntry(1), sampleEntry(2)] };
    expectNewer(sampleView(event(AT_S)), sampleView({ ...fetched(AT_S), ...long }));
  });

  it('is the one with the longer history where both are of one second', () => {
    const long = { history: [sampleEntry(1), sampleEntry(2)] };
    expectNewer(sampleView(long), sampleView());
    expectNewer(sampleView({ ...fetched(AT_S), ...long }), sampleView(fetched(AT_S)));
  });
});

describe('views of one rank', () => {
  it('are all kept, each once, in an order that does not depend on their arrival', () => {
    const [a, b, c] = [300, 100, 200].map((amount) => sampleView({ amount })) as [
      AuthorizationSnapshot,
      AuthorizationSnapshot,
      AuthorizationSnapshot,
    ];
    const all = merged(a, b, c);
    expect(all).toHaveLength(3);
    expect(merged(c, a, b, a, { ...c })).toEqual(all);
    expect(merged(b, b, c, a)).toEqual(all);
  });

  it('are one where a database has given its fields back in another order', () => {
    const stored = sampleView({ captures: [capture('ipi_1')] });
    const reversed = <T extends object>(value: T): T =>
      Object.fromEntries(Object.entries(value).toReversed()) as T;
    const { rank, merchant } = stored;
    const same = reversed({ ...stored, rank: reversed(rank), merchant: reversed(merchant) });
    expect(JSON.stringify(same)).not.toBe(JSON.stringify(stored));
    expect(merged(stored, same)).toEqual([stored]);
  });

  it('are thirty at most', () => {
    const views = Array.from({ length: 40 }, (_view, index) => sampleView({ amount: index + 1 }));
    expect(merged(...views)).toHaveLength(30);
  });
});

describe('among views of one rank', () => {
  const follows = (previous: PreviousFields, over: Partial<AuthorizationSnapshot> = {}) =>
    sampleView({ amount: 2_000, previous, ...over });
  const updated = (over: Parameters<typeof sampleView>[0]) => sampleView({ previous: {}, ...over });

  it('one that names the earlier value came after the one that shows it', () => {
    const was = updated({ amount: 1_000, captures: [capture('ipi_1')] });
    for (const previous of [
      { amountMinor: 1_000 },
      { status: 'pending' },
      { approved: true },
      { captureCount: 1 },
      { status: 'pending', approved: true, amountMinor: 1_000, captureCount: 1 },
    ] as const) {
      const later = follows(previous);
      expect(latestViews([was, later])).toEqual([later]);
      expect(latestViews([later, was])).toEqual([later]);
    }
  });

  it('one that names another earlier value did not come after it: both stand', () => {
    const was = updated({ amount: 1_000, captures: [capture('ipi_1')] });
    for (const previous of [
      { amountMinor: 999 },
      { status: 'closed' },
      { approved: false },
      { captureCount: 0 },
      { status: 'pending', approved: true, amountMinor: 1_000, captureCount: 2 },
      { status: 'pending', approved: true, amountMinor: 999, captureCount: 1 },
      { status: 'pending', approved: false, amountMinor: 1_000, captureCount: 1 },
      { status: 'closed', approved: true, amountMinor: 1_000, captureCount: 1 },
    ] as const) {
      const both = [was, follows(previous)];
      expect(latestViews(both)).toEqual(both);
    }
  });

  it('one that tells of no earlier value came after the creation only', () => {
    const created = sampleView({ amount: 1_000 });
    const other = updated({ amount: 1_500 });
    const later = follows({});
    expect(latestViews([created, later])).toEqual([later]);
    expect(latestViews([other, later])).toEqual([other, later]);
  });

  it('one that names an earlier value came after the creation, whatever that shows', () => {
    const later = follows({ amountMinor: 5 });
    expect(latestViews([sampleView({ amount: 1_000 }), later])).toEqual([later]);
  });

  it('a fetched one is no creation', () => {
    const looked = sampleView({ ...fetched(AT_S), amount: 1_000 });
    const later = follows({ amountMinor: 5 }, fetched(AT_S));
    expect(latestViews([looked, later])).toEqual([looked, later]);
  });

  it('all stand where each says that it came after another', () => {
    const there = updated({ amount: 1_000, previous: { amountMinor: 2_000 } });
    const back = follows({ amountMinor: 1_000 });
    expect(latestViews([there, back])).toEqual([there, back]);
  });
});

describe('isTied', () => {
  it('is true where views differ in what matters to the books', () => {
    for (const other of [
      sampleView({ amount: 999 }),
      sampleView({ status: 'closed' }),
      sampleView({ approved: false }),
      sampleView({ captures: [capture('ipi_1')] }),
    ]) {
      expect(isTied([sampleView(), other])).toBe(true);
    }
  });

  it('is false for one view, for none, and for views that differ in something else', () => {
    expect(isTied([])).toBe(false);
    expect(isTied([sampleView()])).toBe(false);
    expect(isTied([sampleView(), sampleView({ metadataKeys: ['evt_1'] })])).toBe(false);
  });
});
