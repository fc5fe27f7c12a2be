import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorizationChain } from '../../src/domain/authorization-chain.ts';
import { type AuthorizationSnapshot, mergeSnapshot } from '../../src/domain/authorization-state.ts';
import { mergeEvidence, NO_EVIDENCE } from '../../src/domain/confirmation.ts';
import { parseTransactionId } from '../../src/domain/ids.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { type Story, storyPlan, tell } from '../support/authorization-story.ts';
import {
  AT_S,
  sampleDecision,
  sampleEntry,
  sampleTransaction,
  sampleView,
} from '../support/sample-books.ts';

const seed = Number(fc.sample(fc.nat(), 1)[0]);
const plan = { amount: 1_000, approved: true, asked: true, keyed: true, steps: [], shrinks: false };
const never = { sameSecond: Array.from({ length: 7 }, () => false) };

function chainOf({ snapshots, transactions, decisions }: Story) {
  return authorizationChain({
    newest: snapshots.reduce(mergeSnapshot, [] as readonly AuthorizationSnapshot[]),
    evidence: snapshots.reduce(mergeEvidence, NO_EVIDENCE),
    decisions,
    booked: transactions,
  });
}

describe('the chain of a purchase', () => {
  it('pairs each decision with the answer that Stripe shows for it', () => {
    const steps = [
      { kind: 'increment', amount: 500, approved: true },
      { kind: 'increment', amount: 700, approved: false },
    ] as const;
    const chain = chainOf(tell({ ...plan, ...never, steps }));
    expect(chain).toMatchObject({ approved: true, approvedMinor: 1_500, transactions: [] });
    expect(
      chain.requests.map((r) => [r.decision?.requestId, r.answer?.amountMinor, r.confirmed]),
    ).toEqual([
      ['evt_0', 1_000, true],
      ['evt_1', 500, true],
      ['evt_2', 700, true],
    ]);
  });

  it('shows a decision before any view does, and adds its approval to the total', () => {
    const story = tell({ ...plan, ...never });
    const chain = chainOf({ ...story, snapshots: [] });
    expect(chain).toMatchObject({ approved: true, approvedMinor: 1_000 });
    expect(chain.requests).toMatchObject([{ answer: null, confirmed: false, heldMinor: 1_000 }]);
  });

  it('shows what was answered without us as a request of its own', () => {
    const chain = chainOf(tell({ ...plan, ...never, asked: false }));
    expect(chain.requests).toMatchObject([
      { decision: null, answer: { amountMinor: 1_000, approved: true }, confirmed: true },
    ]);
  });

  it('says what a decision set aside, with its surplus', () => {
    const { decisions, ...story } = tell({ ...plan, ...never });
    const surplus = { kind: 'fuel', holdMinor: minorUnits(10_000), validUntilS: 2e9 } as const;
    const chain = chainOf({ ...story, decisions: decisions.map((d) => ({ ...d, surplus })) });
    expect(chain.requests[0]?.heldMinor).toBe(10_000);
  });

  it('lists requests that came in one second in the order of the history', () => {
    const steps = [
      { kind: 'increment', amount: 900, approved: true },
      { kind: 'increment', amount: 100, approved: true },
    ] as const;
    const sameSecond = never.sameSecond.map(() => true);
    const chain = chainOf(tell({ ...plan, sameSecond, steps, keyed: false }));
    expect(chain.requests.map((r) => r.answer?.amountMinor)).toEqual([1_000, 900, 100]);
  });

  it('lists requests of one second as the history does, then those that it does not show', () => {
    const snapshots = [
      sampleView({ history: [sampleEntry(300), sampleEntry(200), sampleEntry(100)] }),
    ];
    const own = [
      sampleDecision({ requestId: 'evt_first', amount: 300 }),
      sampleDecision({ requestId: 'evt_and', amount: 100 }),
      sampleDecision({ requestId: 'evt_unseen_a', amount: 44 }),
      sampleDecision({ requestId: 'evt_unseen_b', amount: 33 }),
    ];
    const earlier = sampleDecision({ requestId: 'evt_z', amount: 22, requestedS: AT_S - 1 });
    const later = sampleDecision({ requestId: 'evt_a', amount: 11, requestedS: AT_S + 1 });
    const all = [earlier, ...own, later];
    for (const decisions of [all, all.toReversed()]) {
      const { requests } = chainOf({ snapshots, transactions: [], decisions });
      expect(requests.map((r) => r.decision?.requestId ?? r.answer?.amountMinor)).toEqual([
        'evt_z',
        'evt_first',
        200,
        'evt_and',
        'evt_unseen_a',
        'evt_unseen_b',
        'evt_a',
      ]);
    }
  });

  it('lists clearing records by their time, those of one second by their ids', () => {
    const [a, b, early] = [
      sampleTransaction({ transactionId: parseTransactionId('ipi_a') }),
      sampleTransaction({ transactionId: parseTransactionId('ipi_b') }),
      sampleTransaction({ transactionId: parseTransactionId('ipi_c'), createdS: AT_S }),
    ];
    for (const transactions of [
      [a, b, early],
      [early, b, a],
    ]) {
      const chain = chainOf({ snapshots: [], decisions: [], transactions });
      expect(chain.transactions).toEqual([early, a, b]);
    }
  });

  it('is approved, before any view, once one of our answers was an approval', () => {
    const declined = sampleDecision({ requestId: 'evt_0', approved: false });
    const approved = (...decisions: Story['decisions']) =>
      chainOf({ snapshots: [], transactions: [], decisions }).approved;
    expect(approved(declined)).toBe(false);
    expect(approved(declined, sampleDecision())).toBe(true);
  });

  it(`does not depend on the order of arrival (seed ${seed})`, () => {
    const told = storyPlan.chain((p) => {
      const story = tell(p);
      const shuffled = <T>(items: readonly T[]) =>
        fc.shuffledSubarray([...items, ...items], {
          minLength: items.length * 2,
          maxLength: items.length * 2,
        });
      return fc.record({
        story: fc.constant(story),
        snapshots: shuffled(story.snapshots),
        transactions: fc.shuffledSubarray([...story.transactions], {
          minLength: story.transactions.length,
        }),
        decisions: fc.shuffledSubarray([...story.decisions], {
          minLength: story.decisions.length,
        }),
      });
    });
    fc.assert(
      fc.property(told, ({ story, ...other }) => {
        expect(chainOf(other)).toEqual(chainOf(story));
      }),
      { seed },
    );
  });

  it(`shows each request and each answer once (seed ${seed})`, () => {
    fc.assert(
      fc.property(storyPlan, (p) => {
        const story = tell(p);
        const { requests } = chainOf(story);
        const answers = requests.flatMap((r) => (r.answer === null ? [] : [r.answer]));
        const shown = story.snapshots.at(-1)?.history ?? [];
        expect(new Set(answers).size).toBe(answers.length);
        expect(answers).toHaveLength(shown.length);
        expect(requests.flatMap((r) => r.decision ?? [])).toHaveLength(story.decisions.length);
      }),
      { seed },
    );
  });
});
