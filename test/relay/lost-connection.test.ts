/** A connection that goes away in the middle of a transaction costs the transaction, and nothing else. */
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSql, type Sql, type Transaction } from '../../src/adapters/postgres/pool.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = createSql({
    url: database.appUrl,
    poolSize: 1,
    name: 'test-lost-connection',
    reconnectAfterMs: 10,
  });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

const leave = (tx: Transaction) => tx`select pg_terminate_backend(pg_backend_pid())`;

describe('a lost connection', () => {
  it.each([
    ['of a transaction', (tx: Transaction) => leave(tx)],
    ['of several statements', (tx: Transaction) => Promise.all([leave(tx), tx`select 1`])],
    ['of a savepoint', (tx: Transaction) => tx.savepoint(leave)],
    [
      'of a savepoint in a savepoint',
      (tx: Transaction) => tx.savepoint('a', (one) => one.savepoint('b', leave)),
    ],
  ])('%s is an error of it, and the pool goes on', async (_, work) => {
    for (let round = 0; round < 3; round += 1) {
      await expect(sql.begin(async (tx) => void (await work(tx)))).rejects.toThrow(
        /CONNECTION|connection/,
      );
      // The driver may tell the next statement of the loss once more.
      const rows = await eventually(() => sql`select 1 as one`);
      expect([...rows]).toEqual([{ one: 1 }]);
    }
  });

  it('while it is being made ends nothing else', async () => {
    // A way to Postgres on which every question for the types of arrays, but for the first, ends the connection.
    let asked = 0;
    let current: net.Socket | undefined;
    const { hostname, port } = new URL(database.appUrl);
    const proxy = net.createServer((near) => {
      current = near;
      const far = net.connect(Number(port), hostname);
      near.on('data', (chunk) => {
        if (chunk.includes('typcategory') && ++asked > 1) near.resetAndDestroy();
        else far.write(chunk);
      });
      far.on('data', (chunk) => near.write(chunk));
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        socket.on('error', () => {});
        socket.on('close', () => other.destroy());
      }
    });
    await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
    const url = new URL(database.appUrl);
    url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const pool = createSql({
      url: url.href,
      poolSize: 1,
      name: 'test-made-anew',
      reconnectAfterMs: 10,
    });
    const arrays = async () =>
      (await pool`select ${['a', 'b']}::text[] as texts, array[1, 2] as numbers`)[0];
    expect(await arrays()).toEqual({ texts: ['a', 'b'], numbers: [1, 2] });
    current?.resetAndDestroy();
    expect(await eventually(arrays)).toEqual({ texts: ['a', 'b'], numbers: [1, 2] });
    expect(asked).toBe(1);
    await pool.end({ timeout: 1 });
    proxy.close();
  });

  it('is not what an error of a statement is taken for', async () => {
    const failing = sql.begin(async (tx) => {
      await expect(tx.savepoint((inner) => inner`select 1 / 0`)).rejects.toThrow('zero');
      const [row] = await tx`select 2 as two`;
      await tx`select set_config('statement_timeout', '20ms', true)`;
      await expect(tx.savepoint((inner) => inner`select pg_sleep(5)`)).rejects.toThrow('timeout');
      return row;
    });
    expect(await failing).toEqual({ two: 2 });
    await expect(sql.begin('read only', (tx) => tx`create table t ()`)).rejects.toThrow(
      'read-only',
    );
  });
});
