/** What SQL holds on top of an amount, and the part it can afford, against the formula of the core. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { type MinorUnits, minorUnits } from '../../src/domain/money.ts';
import { type SurplusRule, surplusOf } from '../../src/domain/surplus.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 1, name: 'test-surplus' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

const amounts = (max: number): fc.Arbitrary<MinorUnits> => fc.nat(max).map(minorUnits);

const basisPoints = fc.integer({ min: 1, max: 10_000 });
const rules = fc.oneof(
  fc.constant<SurplusRule>({ kind: 'none' }),
  basisPoints.map((share): SurplusRule => ({ kind: 'margin', basisPoints: share })),
  amounts(400).map((holdMinor): SurplusRule => ({ kind: 'fuel', holdMinor, validUntilS: 0 })),
);

const asJson = (cases: readonly unknown[]): string => JSON.stringify(cases);

describe('surplus_of', () => {
  it('is the surplus of the core for every rule, also for amounts beyond what a float carries', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ rule: rules, amount: fc.oneof(amounts(500), amounts(2 ** 50)) }), {
          minLength: 50,
          maxLength: 100,
        }),
        async (cases) => {
          const rows = await sql<{ surplus: number }[]>`
            select surplus_of(c -> 'rule', (c ->> 'amount')::bigint) as surplus
              from jsonb_array_elements(${asJson(cases)}::text::jsonb) with ordinality as l (c, place) order by place`;
          expect(rows.map((row) => row.surplus)).toEqual(
            cases.map(({ rule, amount }) => surplusOf(rule, amount)),
          );
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('affordable', () => {
  /** The definition itself, by trying every amount. */
  const byTrying = (rule: SurplusRule, asked: number, room: number): number => {
    for (let amount = Math.min(asked, Math.max(room, 0)); amount > 0; amount -= 1) {
      if (amount + surplusOf(rule, minorUnits(amount)) <= room) return amount;
    }
    return 0;
  };

  it('is the largest amount, up to the asked one, whose hold fits into the room', async () => {
    const record = fc.record({
      rule: rules,
      asked: amounts(500),
      room: fc.oneof(fc.integer({ min: -20, max: 20 }), fc.integer({ min: 0, max: 900 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 100, maxLength: 200 }), async (cases) => {
        const rows = await sql<{ amount: number }[]>`
          select affordable(c -> 'rule', (c ->> 'asked')::bigint, (c ->> 'room')::bigint) as amount
            from jsonb_array_elements(${asJson(cases)}::text::jsonb) with ordinality as l (c, place) order by place`;
        expect(rows.map((row) => row.amount)).toEqual(
          cases.map(({ rule, asked, room }) => byTrying(rule, asked, room)),
        );
      }),
      { numRuns: 20 },
    );
  });

  it('never holds less than the amount, whatever rule it is given', async () => {
    const rule: SurplusRule = { kind: 'margin', basisPoints: -5_000 };
    const [row] = await sql<{ surplus: number }[]>`
      select surplus_of(${JSON.stringify(rule)}::text::jsonb, 100) as surplus`;
    expect(row?.surplus).toBe(0);
  });

  const margin: SurplusRule = { kind: 'margin', basisPoints: 300 };
  const fuel: SurplusRule = { kind: 'fuel', holdMinor: minorUnits(150), validUntilS: 0 };

  it.each<[string, SurplusRule, { asked: number; room: number; fits: number }]>([
    ['all of it in exactly enough room', { kind: 'none' }, { asked: 100, room: 100, fits: 100 }],
    ['what fits with its margin', margin, { asked: 500, room: 103, fits: 100 }],
    ['one less where its rounded margin is too much', margin, { asked: 500, room: 102, fits: 99 }],
    ['a fuel check whose whole hold fits', fuel, { asked: 1, room: 150, fits: 1 }],
    ['no fuel check whose hold does not fit', fuel, { asked: 1, room: 149, fits: 0 }],
    ['the last cent', { kind: 'none' }, { asked: 1, room: 1, fits: 1 }],
    ['nothing of an account in the red', { kind: 'none' }, { asked: 1, room: -1, fits: 0 }],
  ])('approves %s', async (_what, rule, { asked, room, fits }) => {
    const [row] = await sql<{ amount: number }[]>`
      select affordable(${JSON.stringify(rule)}::text::jsonb, ${asked}, ${room}) as amount`;
    expect(row?.amount).toBe(fits);
  });
});
