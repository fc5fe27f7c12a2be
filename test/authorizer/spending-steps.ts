/** Random purchases, and random limits that they are asked under. */
import fc from 'fast-check';
import { LIMIT_INTERVALS } from '../../src/domain/controls.ts';

const CATEGORIES = ['bakeries', 'bars', 'florists'];

/** Numbers that choose among what is there are taken modulo its count, so that any step can follow any other. */
const pick = fc.nat(99);
const amount = fc.oneof(fc.integer({ min: 1, max: 700 }), fc.constantFrom(0, 100, 100, 500));
const category = fc.constantFrom(...CATEGORIES);
const limit = fc
  .record(
    {
      interval: fc.constantFrom(...LIMIT_INTERVALS),
      amountMinor: fc.integer({ min: 0, max: 2_000 }),
      count: fc.integer({ min: 0, max: 5 }),
      categories: fc.subarray(CATEGORIES, { minLength: 1 }),
    },
    { requiredKeys: ['interval'] },
  )
  // Within one authorization nothing is counted, and a limit limits something.
  .filter(({ interval, amountMinor, count }) =>
    interval === 'per_authorization'
      ? amountMinor !== undefined && count === undefined
      : amountMinor !== undefined || count !== undefined,
  );
const limits = fc.array(limit, { maxLength: 3 });
const request = fc.record({
  card: pick,
  amount,
  category,
  isControllable: fc.boolean(),
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
      allowsPart: fc.boolean(),
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
  allowsPart: fc.boolean(),
  steps: fc.array(step, { minLength: 1, maxLength: 12, size: 'max' }),
});
