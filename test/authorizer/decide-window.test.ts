/** The days of a limit's window, whatever the session's time zone; weeks begin on Monday. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql } from '../../src/adapters/postgres/pool.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

/** Half a day before and after UTC, and one whose summer time begins at midnight. */
const TIME_ZONES = ['UTC', 'Pacific/Auckland', 'Pacific/Honolulu', 'America/Havana'];

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({ url: database.appUrl, poolSize: 1, name: 'test-window' });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

/** The window as `first … last`, which every time zone must agree on. */
async function windowOf(interval: string, day: string): Promise<string> {
  const windows = new Set<string>();
  for (const zone of TIME_ZONES) {
    await sql`select set_config('timezone', ${zone}, false)`;
    const [row] = await sql<{ text: string }[]>`
      select first_day::text || ' … ' || last_day::text as text
        from windows_of(${day}::text::date) where span = ${interval}`;
    windows.add(row?.text ?? 'nothing');
  }
  expect([...windows]).toHaveLength(1);
  return [...windows].join();
}

describe('the window of a limit', () => {
  it.each([
    ['daily', '2026-03-18', '2026-03-18 … 2026-03-18'],
    ['daily', '2026-03-08', '2026-03-08 … 2026-03-08'],
    ['weekly', '2026-03-16', '2026-03-16 … 2026-03-22'],
    ['weekly', '2026-03-22', '2026-03-16 … 2026-03-22'],
    ['weekly', '2026-03-15', '2026-03-09 … 2026-03-15'],
    ['weekly', '2025-01-01', '2024-12-30 … 2025-01-05'],
    ['monthly', '2026-03-01', '2026-03-01 … 2026-03-31'],
    ['monthly', '2026-03-31', '2026-03-01 … 2026-03-31'],
    ['monthly', '2026-02-28', '2026-02-01 … 2026-02-28'],
    ['monthly', '2028-02-29', '2028-02-01 … 2028-02-29'],
    ['monthly', '2026-12-31', '2026-12-01 … 2026-12-31'],
    ['yearly', '2026-01-01', '2026-01-01 … 2026-12-31'],
    ['yearly', '2026-12-31', '2026-01-01 … 2026-12-31'],
    ['yearly', '2027-01-01', '2027-01-01 … 2027-12-31'],
    ['all_time', '2026-03-18', '-infinity … infinity'],
  ])('%s on %s is %s', async (interval, day, window) => {
    expect(await windowOf(interval, day)).toBe(window);
  });
});
