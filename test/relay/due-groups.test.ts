/** Which groups are due, who works on them, and that a few busy ones keep nobody out. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dueLanes, inLanes } from '../../src/adapters/postgres/apply/due-groups.ts';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const BATCH_MAX = 50;
const seed = Number(fc.sample(fc.nat(), 1)[0]);

describe(`lanes (seed ${seed})`, () => {
  const account = fc.oneof(
    fc.constant(null),
    fc.constant('acc_busy'),
    fc.nat(400).map((n) => `acc_${n}`),
  );
  const groupsOf = (accounts: readonly (string | null)[]) =>
    accounts.map((accountId, index) => ({ groupKey: `ic_${index}`, accountId, rows: 1 }));

  it('cut groups of many rows where a batch is full, and keep those of one account behind one another', () => {
    const of = (groupKey: string, accountId: string | null, rows: number) => ({
      groupKey,
      accountId,
      rows,
    });
    expect(
      inLanes([
        of('ic_a', 'acc_a', 20),
        of('ic_b', 'acc_b', 20),
        of('ic_many', 'acc_many', 120),
        of('ic_c', 'acc_c', 20),
        of('ic_more', 'acc_many', 10),
      ]),
    ).toEqual([
      [{ groupKeys: ['ic_a', 'ic_b'], accountKey: null }],
      [
        { groupKeys: ['ic_many'], accountKey: 'acc_many' },
        { groupKeys: ['ic_many'], accountKey: 'acc_many' },
        { groupKeys: ['ic_many', 'ic_more'], accountKey: 'acc_many' },
      ],
      [{ groupKeys: ['ic_c'], accountKey: null }],
    ]);
  });

  it('hold every group once, in batches of a size, and no account in two of them', () => {
    fc.assert(
      fc.property(fc.array(account, { maxLength: 300 }), (accounts) => {
        const groups = groupsOf(accounts);
        const lanes = inLanes(groups);
        const batches = lanes.flat();
        expect(batches.flatMap(({ groupKeys }) => groupKeys).toSorted()).toEqual(
          groups.map(({ groupKey }) => groupKey).toSorted(),
        );
        const sizes = batches.map(({ groupKeys }) => groupKeys.length);
        expect(sizes.every((size) => size > 0 && size <= BATCH_MAX)).toBe(true);
        const accountOf = new Map(groups.map((group) => [group.groupKey, group.accountId]));
        const owners = lanes.map((lane) => {
          const all = lane.flatMap(({ groupKeys }) => groupKeys.map((key) => accountOf.get(key)));
          return new Set(all.filter((owner) => owner !== null));
        });
        const distinct = new Set(owners.flatMap((set) => [...set]));
        expect(owners.reduce((sum, set) => sum + set.size, 0)).toBe(distinct.size);
        for (const { groupKeys, accountKey } of batches) {
          const ofBatch = new Set(groupKeys.map((key) => accountOf.get(key)));
          if (accountKey !== null) expect([...ofBatch]).toEqual([accountKey]);
        }
      }),
      { seed },
    );
  });

  it('are one an account that fills a batch, and shared by the others in their order', () => {
    const accounts = [...Array(60).fill('acc_busy'), 'acc_a', null, 'acc_a'];
    const lanes = inLanes(groupsOf(accounts));
    expect(lanes.map((lane) => lane.map(({ groupKeys }) => groupKeys.length))).toEqual([
      [50, 10],
      [3],
    ]);
    expect(lanes[1]).toEqual([{ groupKeys: ['ic_60', 'ic_62', 'ic_61'], accountKey: null }]);
  });
});

describe('groups that are due', () => {
  let database: TestDatabase;
  let sql: Sql;
  beforeAll(async () => {
    database = await createTestDatabase();
    sql = createSql({ url: database.appUrl, poolSize: 1, name: 'test-due-groups' });
  });
  afterAll(async () => {
    await sql.end();
    await database.drop();
  });

  const waiting = (group: string, rows: number, inMs: number) => sql`
    insert into inbox (event_id, source, type, group_key, created, payload, next_try_at)
    select ${group} || n, 'webhook', 'some.event', ${group}, 1, '{}', now() + make_interval(secs => ${inMs / 1000})
      from generate_series(1, ${rows}) n`;
  const dueGroups = async () => {
    const lanes = await dueLanes(sql);
    // A group of many rows comes in several batches.
    return [...new Set(lanes.flat().flatMap(({ groupKeys }) => groupKeys))];
  };

  it('come oldest first, and include those behind thousands of rows of another', async () => {
    expect(await dueGroups()).toEqual([]);
    await waiting('young', 2, -1_000);
    await waiting('old', 3, -2_000);
    await waiting('future', 1, 60_000);
    expect(await dueGroups()).toEqual(['old', 'young']);
    await waiting('crowd', 2_500, -90_000);
    await waiting('pack', 5, -95_000);
    expect(await dueGroups()).toEqual(['pack', 'old', 'young', 'crowd']);
  });
});
