/** Random purchases, and random limits that they are asked under. */
import fc from 'fast-check';
import { LIMIT_INTERVALS } from '../../src/domain/controls.ts';

const CATEGORIES = ['bakeries', 'bars', 'florists'];

/** Numbers that choose among what is there are taken modulo its count, so that any step can follow any other. */
const pick = fc.nat(99);
const amount = fc.oneof(fc.integer({ min: 1, max: 700 }), fc.constantFrom(0, 100, 100, 500));
const category = fc.constantFrom(...CATEGORIES);
const windowLimit = fc
  .record(
    {
      interval: fc.constantFrom(...LIMIT_INTERVALS.filter((each) => each !== 'per_authorization')),
      amountMinor: fc.integer({ min: 0, max: 4_000 }),
      count: fc.integer({ min: 0, max: 8 }),
      categories: fc.subarray(CATEGORIES, { minLength: 1 }),
    },
    { requiredKeys: ['interval'] },
  )
  .filter(({ amountMinor, count }) => amountMinor !== undefined || count !== undefined);
const ownLimit = fc.record({
  interval: fc.constant('per_authorization' as const),
  amountMinor: fc.integer({ min: 200, max: 1_200 }),
});
const limits = fc.array(
  fc.oneof({ weight: 3, arbitrary: windowLimit }, { weight: 1, arbitrary: ownLimit }),
  { maxLength: 2 },
);
/** Mostly so, so that parts of amounts are approved now and then. */
const mostly = fc.nat(3).map((value) => value > 0);
const request = fc.record({
  card: pick,
  amount,
  category,
  isControllable: mostly,
  /** Adds to an earlier purchase, or to one of the same list, or begins one. */
  of: fc.option(pick, { nil: null, freq: 3 }),
});
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      requests: fc.array(request, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      purchase: pick,
      share: fc.nat(150),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('adopt' as const), card: pick, amount, category }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      hours: fc.constantFrom(1, 9, 24, 24 * 6, 24 * 31),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('settings' as const),
      creditMinor: fc.constantFrom(0, 500, 5_000),
      allowsPart: mostly,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('limit' as const), card: pick, limits }) },
);
export type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
export type Ask = Extract<Step, { kind: 'ask' }>;

export const program = fc.record({
  ofAccount: limits,
  ofTenant: limits,
  ofCard: limits,
  allowsPart: mostly,
  steps: fc.array(step, { minLength: 1, maxLength: 12, size: 'max' }),
});
