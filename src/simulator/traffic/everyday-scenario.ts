/** Scripts of purchases that go as they should, from the till to the capture. */
import {
  ABROAD,
  GROCERIES,
  HOTELS,
  ONLINE_SHOPS,
  PUMPS,
  RESTAURANTS,
  SHOPS,
  TAXIS,
} from './merchant.ts';
import type { Scene } from './scene.ts';
import { DAY, HOUR, type Merchant, MINUTE } from './step.ts';

/** Mostly captured in full the next day, sometimes for less because something was out of stock. */
export function grocery(scene: Scene): void {
  const { random } = scene;
  const amount = random.between(450, 18_000);
  const authorization = scene.authorize(random.pick(GROCERIES), amount);
  if (random.chance(0.9)) scene.capture(authorization, scene.nextDay());
  else {
    const delivered = random.between(Math.ceil(amount * 0.6), amount - 1);
    scene.capture(authorization, scene.nextDay(), { amount: delivered, form: 'partial' });
  }
}

/** The tip is added after the card was authorized, so more is captured than is held. */
function tipped(
  scene: Scene,
  bill: { merchants: readonly Merchant[]; least: number; most: number },
): void {
  const amount = scene.random.between(bill.least, bill.most);
  const tip = Math.ceil((amount * scene.random.between(10, 25)) / 100);
  const authorization = scene.authorize(scene.random.pick(bill.merchants), amount);
  scene.capture(authorization, scene.nextDay(), { amount: amount + tip, form: 'over' });
}

export const restaurant = (scene: Scene): void =>
  tipped(scene, { merchants: RESTAURANTS, least: 1_200, most: 14_000 });

export const taxi = (scene: Scene): void =>
  tipped(scene, { merchants: TAXIS, least: 700, most: 6_000 });

/** An estimate at the check-in, an addition the next day, then the bill in three captures; only the last closes. */
export function hotel(scene: Scene): void {
  const { random } = scene;
  const nights = random.between(2, 4);
  const room = nights * random.between(8_000, 22_000);
  const addition = random.between(2_000, 9_000);
  const checkOut = nights * DAY;
  const authorization = scene.authorize(random.pick(HOTELS), room);
  scene.add(DAY, { kind: 'increment', authorization, amount: addition });
  const deposit = Math.floor(room / nights);
  const meals = Math.floor(addition / 2);
  const rest = room + addition - deposit - meals;
  const open = { close: false, form: 'partial' } as const;
  scene.capture(authorization, DAY + HOUR, { ...open, amount: deposit });
  scene.capture(authorization, checkOut, { ...open, amount: meals });
  scene.capture(authorization, checkOut + HOUR, { amount: rest });
  scene.person.engagedUntil = Math.max(scene.person.engagedUntil, scene.at + DAY);
}

/** What a pump asks for before anybody knows how much goes into the tank: 1 dollar, or 100. */
const PUMP_ESTIMATES = [100, 10_000] as const;

export function fuel(scene: Scene): void {
  const { random } = scene;
  const authorization = scene.authorize(random.pick(PUMPS), random.pick(PUMP_ESTIMATES), {
    controllable: true,
  });
  const filled = random.between(1_500, 9_500);
  scene.add(random.between(2, 10) * MINUTE, { kind: 'finalize', authorization, amount: filled });
  scene.capture(authorization, scene.nextDay(), { amount: filled });
}

/** The merchant charges the card that it has on file, once a month, so nobody types in a CVC. */
export function subscription(scene: Scene): void {
  const { merchant, amount } = scene.person.chargeSubscription(scene.at, scene.random);
  const method = scene.random.chance(0.8) ? 'online' : 'keyed_in';
  scene.capture(scene.authorize(merchant, amount, { method }), scene.nextDay());
}

export function travel(scene: Scene): void {
  const { currency, merchant, least, most } = scene.random.pick(ABROAD);
  const amount = scene.random.between(least, most);
  scene.capture(scene.authorize(merchant, amount, { currency }), scene.nextDay());
}

export function refund(scene: Scene): void {
  const { random } = scene;
  const amount = random.between(2_000, 16_000);
  const returned = random.chance(0.5) ? {} : { amount: random.between(500, amount - 1) };
  const capture = scene.capture(scene.authorize(random.pick(SHOPS), amount), scene.nextDay());
  scene.add(random.between(2, 4) * DAY, { kind: 'refund', capture, ...returned });
}

/** Money back without the purchase that it belongs to. */
export function unlinkedRefund(scene: Scene): void {
  scene.add(0, {
    kind: 'unlinked_refund',
    card: scene.card,
    amount: scene.random.between(500, 8_000),
    merchant: scene.random.pick(SHOPS),
  });
}

/** An order that the shop cannot send, or only a part of it. */
export function reversal(scene: Scene): void {
  const { random } = scene;
  const amount = random.between(1_500, 12_000);
  const authorization = scene.authorizeOnline(random.pick(ONLINE_SHOPS), amount);
  if (random.chance(0.6)) {
    scene.add(random.between(1, 5) * HOUR, { kind: 'reverse', authorization });
    return;
  }
  const missing = random.between(500, amount - 500);
  scene.add(random.between(1, 5) * HOUR, { kind: 'reverse', authorization, amount: missing });
  scene.capture(authorization, scene.nextDay());
}
