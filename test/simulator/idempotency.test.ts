/** The store behind idempotency keys, by itself: what it forgets cannot be seen through the API. */
import { expect, test } from 'vitest';
import { IdempotencyStore } from '../../src/simulator/http/idempotency.ts';

const WISH = { target: 'POST /v1/x', form: '' };

const DAY_SECONDS = 86_400;

function answer(store: IdempotencyStore, key: string, now: number): void {
  expect(store.claim(key, WISH, now)).toBeUndefined();
  const rest = { status: 200, body: '{}', requestId: 'req_1' };
  store.finish({ key, wish: WISH, created: now, ...rest }, store.generation);
}

const keys = (store: IdempotencyStore): string[] => store.all().map(({ key }) => key);

test('a new key drops all that are older than a day', () => {
  const store = new IdempotencyStore();
  answer(store, 'a', 0);
  answer(store, 'b', 10);
  answer(store, 'c', DAY_SECONDS);
  expect(keys(store)).toEqual(['a', 'b', 'c']);
  answer(store, 'd', DAY_SECONDS + 11);
  expect(keys(store)).toEqual(['c', 'd']);
});

test('what was claimed before a load leaves nothing behind, and blocks nobody', () => {
  const store = new IdempotencyStore();
  const { generation } = store;
  store.claim('kept', WISH, 0);
  store.claim('released', WISH, 0);
  store.load([]);
  expect(store.claim('kept', WISH, 1)).toBeUndefined();
  expect(store.claim('released', WISH, 1)).toBeUndefined();
  store.finish(
    { key: 'kept', wish: WISH, created: 0, status: 200, body: '{}', requestId: 'req_1' },
    generation,
  );
  store.release('released', generation);
  expect(keys(store)).toEqual([]);
  for (const key of ['kept', 'released'])
    expect(() => store.claim(key, WISH, 2)).toThrow('in-progress');
});

test('a key that is used again after a day does not protect older ones', () => {
  const store = new IdempotencyStore();
  answer(store, 'again', 0);
  answer(store, 'old', DAY_SECONDS);
  answer(store, 'again', DAY_SECONDS + 1);
  answer(store, 'new', 2 * DAY_SECONDS + 1);
  expect(keys(store)).toEqual(['again', 'new']);
});
