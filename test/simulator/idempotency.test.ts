/** The store behind idempotency keys, by itself: what it forgets cannot be seen through the API. */
import { expect, test } from 'vitest';
import { IdempotencyStore } from '../../src/simulator/http/idempotency.ts';

const WISH = { target: 'POST /v1/x', form: '' };

const DAY_SECONDS = 86_400;
const ANSWER = { status: 200, body: '{}', headers: {} };

const claim = (key: string, created: number) => ({ key, wish: WISH, created, requestId: 'req_1' });

function answer(store: IdempotencyStore, key: string, now: number): void {
  expect(store.claim(claim(key, now))).toBeUndefined();
  store.finish({ ...claim(key, now), ...ANSWER }, store.generation);
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
  store.claim(claim('kept', 0));
  store.claim(claim('released', 0));
  store.load([]);
  expect(store.claim(claim('kept', 1))).toBeUndefined();
  expect(store.claim(claim('released', 1))).toBeUndefined();
  store.finish({ ...claim('kept', 0), ...ANSWER }, generation);
  store.release('released', generation);
  for (const key of ['kept', 'released'])
    expect(() => store.claim(claim(key, 2))).toThrow('in-progress');
});

test('a key that is used again after a day does not protect older ones', () => {
  const store = new IdempotencyStore();
  answer(store, 'again', 0);
  answer(store, 'old', DAY_SECONDS);
  answer(store, 'again', DAY_SECONDS + 1);
  answer(store, 'new', 2 * DAY_SECONDS + 1);
  expect(keys(store)).toEqual(['again', 'new']);
});

test('the key of a call that an end cuts off is saved with an error, so that nothing happens twice', () => {
  const store = new IdempotencyStore();
  store.claim(claim('cut', 0));
  const next = new IdempotencyStore();
  next.load(store.all());
  expect(next.claim(claim('cut', 1))).toMatchObject({ status: 500, requestId: 'req_1' });
});
