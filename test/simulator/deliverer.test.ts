/** The deliverer by itself, with a world that is a few lines long. */
import { afterEach, expect, it } from 'vitest';
import type { AttemptOutcome } from '../../src/simulator/webhooks/audit.ts';
import { Deliverer } from '../../src/simulator/webhooks/delivery.ts';
import type { Attempt, DeliveryContext } from '../../src/simulator/webhooks/delivery-context.ts';
import { eventually } from '../support/eventually.ts';

function start(more: Partial<DeliveryContext>) {
  const world = { nowMs: 0, reminders: [] as number[], attempts: [] as Attempt[] };
  const deliverer = new Deliverer({
    post: () => Promise.resolve(200),
    schedule: [10, 20],
    nowMs: () => world.nowMs,
    remind: (at) => void world.reminders.push(at),
    target: ({ event }) => ({ url: 'http://receiver/', signature: 's', body: event }),
    random: () => 0,
    attempted: (attempt) => void world.attempts.push(attempt),
    exhausted: () => {},
    changed: () => {},
    ...more,
  });
  deliverers.push(deliverer);
  return { deliverer, world };
}
const deliverers: Deliverer[] = [];
afterEach(() => {
  for (const deliverer of deliverers.splice(0)) deliverer.close();
});

const to = (event: string) => ({ account: 'acct_1', endpoint: 'we_1', event, type: 'a.b' });

it('tells of each attempt how it ended', async () => {
  const outcomes: AttemptOutcome[] = ['timeout', 'failed', 204];
  const post = () => Promise.resolve(outcomes.shift() ?? 500);
  const { deliverer, world } = start({ post });
  deliverer.enqueue(to('evt_1'), null);
  await deliverer.attemptedAll(10_000);
  expect(world.reminders).toEqual([10_000]);
  for (const nowMs of [10_000, 30_000]) {
    world.nowMs = nowMs;
    deliverer.sendDue('we_1');
    await deliverer.attemptedAll(10_000);
  }
  expect(world.reminders).toEqual([10_000, 30_000]);
  expect(world.attempts).toEqual([
    { ...to('evt_1'), attempt: 1, outcome: 'timeout' },
    { ...to('evt_1'), attempt: 2, outcome: 'failed' },
    { ...to('evt_1'), attempt: 3, outcome: 204 },
  ]);
  expect(deliverer.pendingCount).toBe(0);
});

it('asks for one reminder for all that is due at the same moment', async () => {
  const { deliverer, world } = start({ post: () => Promise.resolve(500) });
  for (let i = 0; i < 1_000; i += 1) deliverer.enqueue(to(`evt_${i}`), null);
  await deliverer.attemptedAll(10_000);
  expect(world.reminders).toEqual([10_000]);
  expect(deliverer.pendingCount).toBe(1_000);
});

it('has at most eight requests to an endpoint under way, and sends in order', async () => {
  let open = 0;
  let openMax = 0;
  const sent: string[] = [];
  const { deliverer } = start({
    async post({ body }) {
      open += 1;
      openMax = Math.max(openMax, open);
      sent.push(body);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return 200;
    },
  });
  const events = Array.from({ length: 2_500 }, (_, i) => `evt_${i}`);
  for (const event of events) deliverer.enqueue(to(event), null);
  await eventually(() => deliverer.pendingCount === 0);
  expect(openMax).toBe(8);
  expect(sent).toEqual(events);
});

it('gives up what is under way when an endpoint is forgotten, and takes up new events', async () => {
  const answers: ((status: number) => void)[] = [];
  const post = () => new Promise<number>((resolve) => void answers.push(resolve));
  const { deliverer, world } = start({ post });
  for (let i = 0; i < 10; i += 1) deliverer.enqueue(to(`evt_${i}`), null);
  await eventually(() => answers.length === 8);
  deliverer.forget('we_1');
  for (const answer of answers.splice(0)) answer(500);
  await eventually(() => deliverer.pendingCount === 0);
  expect(deliverer.audit.types('we_1')).toMatchObject({ 'a.b': { sent: 8, given_up: 10 } });
  expect(deliverer.undelivered.countOf('evt_0')).toBe(1);
  deliverer.enqueue(to('evt_new'), null);
  await eventually(() => answers.length === 1);
  answers[0]?.(500);
  await eventually(() => world.reminders.length === 1);
  expect(deliverer.pending()).toMatchObject([{ event: 'evt_new', attempts: 1, dueAt: 10_000 }]);
});
