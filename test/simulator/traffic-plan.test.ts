import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PlanSettings, planDigest, planTraffic } from '../../src/simulator/traffic/plan.ts';
import { Random } from '../../src/simulator/traffic/random.ts';
import { DAY, HOUR, SCENARIOS, type Step } from '../../src/simulator/traffic/step.ts';

const RUNS = 60;
const WEEK_RUN = { cards: 8, rate: 50, durationSeconds: 7, daySeconds: 1, seed: 1 };

const settings: fc.Arbitrary<PlanSettings> = fc
  .record({
    cards: fc.integer({ min: 1, max: 30 }),
    rate: fc.double({ min: 0.5, max: 40, noNaN: true }),
    durationSeconds: fc.double({ min: 1, max: 15, noNaN: true }),
    days: fc.double({ min: 0.1, max: 90, noNaN: true }),
    seed: fc.maxSafeNat(),
    existingCards: fc.boolean(),
  })
  .map(({ days, ...rest }) => ({ ...rest, daySeconds: rest.durationSeconds / days }));

const everyPlan = (check: (steps: readonly Step[], given: PlanSettings) => void): void =>
  fc.assert(
    fc.property(settings, (given) => check(planTraffic(given), given)),
    { numRuns: RUNS },
  );

const opened = (steps: readonly Step[]) => steps.filter(({ opens }) => opens);

describe('random numbers', () => {
  it('are the same for one seed, and others for another, also above 32 bits', () => {
    const draw = (seed: number) => {
      const random = new Random(seed);
      return Array.from({ length: 5 }, () => random.fraction());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(new Set([draw(7), draw(8), draw(7 + 2 ** 32)].map(String)).size).toBe(3);
  });

  it('keep to their range and reach both ends of it', () => {
    const random = new Random(1);
    const drawn = new Set(Array.from({ length: 200 }, () => random.between(2, 5)));
    expect(drawn).toEqual(new Set([2, 3, 4, 5]));
  });

  it('never pick what has no weight', () => {
    const random = new Random(1);
    const draw = () =>
      random.weighted([
        ['a', 0],
        ['b', 1],
        ['c', 3],
      ]);
    const drawn = Array.from({ length: 400 }, draw);
    expect(drawn).not.toContain('a');
    const share = drawn.filter((entry) => entry === 'c').length / drawn.length;
    expect(share).toBeGreaterThan(0.65);
    expect(share).toBeLessThan(0.85);
  });
});

describe('a plan', () => {
  it('is the same for the same seed, and another for another', () => {
    fc.assert(
      fc.property(settings, (given) => {
        const digest = planDigest(planTraffic(given));
        expect(planDigest(planTraffic(given))).toBe(digest);
        expect(planDigest(planTraffic({ ...given, seed: given.seed ^ 1 }))).not.toBe(digest);
      }),
      { numRuns: 15 },
    );
  });

  it('has as many purchases as rate and duration say', () => {
    everyPlan((steps, { rate, durationSeconds }) => {
      expect(Math.abs(opened(steps).length - rate * durationSeconds)).toBeLessThanOrEqual(0.5);
    });
  });

  it('has each scenario when there are enough purchases, but leaves cards that exist alone', () => {
    everyPlan((steps, { existingCards }) => {
      const purchases = opened(steps);
      if (purchases.length < SCENARIOS.length) return;
      const wanted = SCENARIOS.filter(
        (scenario) =>
          existingCards !== true || (scenario !== 'lost_card' && scenario !== 'inactive_card'),
      );
      expect(new Set(purchases.map(({ scenario }) => scenario))).toEqual(new Set(wanted));
    });
  });

  it('is mostly everyday shopping', () => {
    const purchases = opened(planTraffic({ ...WEEK_RUN, rate: 300 }));
    const share = (...scenarios: string[]) =>
      purchases.filter(({ scenario }) => scenarios.includes(scenario)).length / purchases.length;
    expect(share('grocery')).toBeGreaterThan(0.25);
    expect(share('grocery', 'restaurant', 'fuel', 'taxi', 'subscription')).toBeGreaterThan(0.6);
    expect(share('card_testing', 'lost_card')).toBeLessThan(0.03);
  });

  it('goes forward in whole seconds, and begins no purchase after its end', () => {
    everyPlan((steps, { durationSeconds, daySeconds }) => {
      const times = steps.map(({ at }) => at);
      expect(times.every((at) => Number.isSafeInteger(at) && at >= 0)).toBe(true);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      const end = (durationSeconds / daySeconds) * DAY;
      expect(opened(steps).at(-1)?.at ?? 0).toBeLessThan(end);
    });
  });

  it('moves whole amounts above zero only', () => {
    everyPlan((steps) => {
      const amounts = steps.flatMap(({ call }) =>
        'amount' in call && call.amount !== undefined ? [call.amount] : [],
      );
      expect(amounts.filter((amount) => !Number.isSafeInteger(amount) || amount <= 0)).toEqual([]);
    });
  });

  it('uses nothing before it exists: cards, authorizations, captures', () => {
    everyPlan((steps, { cards, existingCards }) => {
      const known = new Set(
        existingCards === true ? Array.from({ length: cards }, (_, lane) => `c${lane}`) : [],
      );
      for (const { call } of steps) {
        const used = [
          'card' in call && call.kind !== 'card' ? call.card : undefined,
          call.kind === 'card' ? call.replaces : undefined,
          'authorization' in call ? call.authorization : undefined,
          call.kind === 'refund' ? call.capture : undefined,
        ].filter((name) => name !== undefined);
        expect(used.filter((name) => !known.has(name))).toEqual([]);
        const made = call.kind === 'card' ? call.card : 'name' in call ? call.name : undefined;
        if (call.kind === 'cardholder' || made === undefined) continue;
        expect(known.has(made)).toBe(false);
        known.add(made);
      }
    });
  });

  it('keeps each name with one person, and names that Stripe prints on cards', () => {
    everyPlan((steps) => {
      const lanes = new Map<string, number>();
      for (const { call, lane } of steps) {
        if (call.kind === 'cardholder') expect(call.name).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
        if (call.kind === 'cardholder') expect(call.name.length).toBeLessThanOrEqual(24);
        if (call.kind === 'card') lanes.set(call.card, lane);
        if (call.kind === 'authorize') expect(lanes.get(call.card) ?? lane).toBe(lane);
      }
    });
  });
});

describe('the scripts', () => {
  const steps = planTraffic({ ...WEEK_RUN, rate: 200 });
  const calls = steps.map(({ call }) => call);

  /** The calls about each authorization of a scenario, with their times since it. */
  function stories(scenario: string) {
    const found = new Map<string, { after: number; call: Step['call'] }[]>();
    const begun = new Map<string, number>();
    for (const { at, call, scenario: of } of steps.filter((step) => step.scenario === scenario)) {
      expect(of).toBe(scenario);
      const name = call.kind === 'authorize' ? call.name : undefined;
      const key = name ?? ('authorization' in call ? call.authorization : undefined);
      if (key === undefined) continue;
      if (name !== undefined) begun.set(name, at);
      const story = found.get(key) ?? [];
      story.push({ after: at - (begun.get(key) ?? 0), call });
      found.set(key, story);
    }
    return [...found.values()];
  }

  it('capture the whole hotel bill in parts, of which only the last closes', () => {
    const hotels = stories('hotel');
    expect(hotels.length).toBeGreaterThan(5);
    for (const story of hotels) {
      const sum = (...kinds: string[]) =>
        story.reduce(
          (total, { call }) =>
            kinds.includes(call.kind) && 'amount' in call ? total + (call.amount ?? 0) : total,
          0,
        );
      const captures = story.flatMap(({ call }) => (call.kind === 'capture' ? [call.close] : []));
      expect(captures).toEqual([false, false, true]);
      expect(sum('capture')).toBe(sum('authorize', 'increment'));
    }
  });

  it('capture groceries the next day and never more than is held', () => {
    for (const [first, second] of stories('grocery')) {
      expect(second?.after).toBeGreaterThanOrEqual(20 * HOUR);
      expect(second?.after).toBeLessThanOrEqual(28 * HOUR);
      const held = first?.call.kind === 'authorize' ? first.call.amount : 0;
      const taken = second?.call.kind === 'capture' ? (second.call.amount ?? held) : Infinity;
      expect(taken).toBeLessThanOrEqual(held);
    }
  });

  it('capture tips on top of what is held, and fuel for what was filled in', () => {
    for (const [first, second] of [...stories('restaurant'), ...stories('taxi')]) {
      const held = first?.call.kind === 'authorize' ? first.call.amount : Infinity;
      const taken = second?.call.kind === 'capture' ? (second.call.amount ?? 0) : 0;
      expect(taken).toBeGreaterThan(held);
      expect(taken).toBeLessThanOrEqual(held * 1.25 + 1);
    }
    for (const [first, second, third] of stories('fuel')) {
      expect([100, 10_000]).toContain(first?.call.kind === 'authorize' ? first.call.amount : 0);
      expect(second?.call).toMatchObject({ kind: 'finalize' });
      const filled = second?.call.kind === 'finalize' ? second.call.amount : 0;
      expect(third?.call).toMatchObject({ kind: 'capture', amount: filled });
    }
  });

  it('let a hold go before they capture late', () => {
    const late = stories('late_capture');
    expect(late.length).toBeGreaterThan(2);
    for (const story of late) {
      expect(['reverse', 'expire']).toContain(story[1]?.call.kind);
      expect(story[2]?.call).toMatchObject({ kind: 'capture', form: 'late' });
    }
  });

  it('test cards with tiny amounts within seconds', () => {
    const bursts = steps.filter(
      ({ scenario, call }) => scenario === 'card_testing' && call.kind === 'authorize',
    );
    expect(bursts.length).toBeGreaterThan(15);
    expect(bursts.every(({ call }) => call.kind === 'authorize' && call.amount < 200)).toBe(true);
    const gaps = bursts.slice(1).map(({ at }, index) => at - (bursts[index]?.at ?? 0));
    expect(gaps.filter((gap) => gap > 3).length).toBeLessThan(bursts.length / 7);
  });

  it('go on with the replacement of a lost card, while the old one is still captured', () => {
    const lost = calls.flatMap((call) => (call.kind === 'lose_card' ? [call.card] : []));
    expect(lost.length).toBeGreaterThan(2);
    for (const card of lost) {
      const loss = calls.findIndex((call) => call.kind === 'lose_card' && call.card === card);
      const next = calls[loss + 1];
      expect(next).toMatchObject({ kind: 'card', replaces: card });
      const later = calls.slice(loss + 1);
      const bought = calls
        .slice(0, loss)
        .flatMap((call) => (call.kind === 'authorize' && call.card === card ? [call.name] : []));
      expect(later.some((call) => call.kind === 'authorize' && call.card === card)).toBe(false);
      expect(
        later.some((call) => call.kind === 'capture' && bought.includes(call.authorization)),
      ).toBe(true);
    }
  });

  it('charge a subscription once in 30 days, always for the same price', () => {
    const long = planTraffic({ cards: 2, rate: 40, durationSeconds: 10, daySeconds: 0.1, seed: 2 });
    const charges = long.flatMap(({ at, call, scenario }) =>
      scenario === 'subscription' && call.kind === 'authorize' ? [{ at, ...call }] : [],
    );
    const series = new Map<string, { at: number }[]>();
    for (const charge of charges) {
      const key = [charge.card.split('.')[0], charge.merchant.name, charge.amount].join();
      series.set(key, [...(series.get(key) ?? []), charge]);
    }
    const repeated = [...series.values()].filter((entries) => entries.length > 1);
    expect(repeated.length).toBeGreaterThan(0);
    for (const entries of repeated) {
      const gaps = entries.slice(1).map(({ at }, index) => at - (entries[index]?.at ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(30 * DAY);
    }
  });
});
