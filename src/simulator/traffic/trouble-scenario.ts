/** Scripts of what goes wrong: declines, guessed and lost cards, holds and captures that miss each other. */
import {
  AIRLINES,
  CASINOS,
  GROCERIES,
  ONLINE_SHOPS,
  PUMPS,
  RESTAURANTS,
  SHOPS,
  TESTED_SHOPS,
} from './merchant.ts';
import type { Scene } from './scene.ts';
import { DAY, HOUR } from './step.ts';

/** Declined by the card's own spending controls. */
export function blockedCategory(scene: Scene): void {
  const { random } = scene;
  scene.authorizeOnline(random.pick(CASINOS), random.between(1_000, 20_000));
}

export function overLimit(scene: Scene): void {
  const { random, person } = scene;
  const { limit } = person.profile;
  scene.authorize(random.pick(SHOPS), random.between(limit + 1, limit * 1.5));
}

/** The cardholder has frozen the card. All in one second, so that no other purchase of the card is hit. */
export function inactiveCard(scene: Scene): void {
  const { card, random } = scene;
  scene.add(0, { kind: 'card_status', card, status: 'inactive' });
  scene.authorize(random.pick(RESTAURANTS), random.between(900, 9_000));
  scene.add(0, { kind: 'card_status', card, status: 'active' });
}

/** 3-D Secure fails too: a wrong CVC alone need not be declined. */
export function wrongCvc(scene: Scene): void {
  const { random } = scene;
  scene.authorizeOnline(random.pick(ONLINE_SHOPS), random.between(1_000, 25_000), {
    cvc: 'mismatch',
    threeDSecure: 'failed',
    fraudRisk: 'elevated',
  });
}

/** What is noticed of a burst is what comes after its first tries; those were approved, and are given back. */
const UNNOTICED_TRIES = 2;

/** Somebody tries a stolen number at one shop, with many tiny amounts within seconds. */
export function cardTesting(scene: Scene): void {
  const { random } = scene;
  const shop = random.pick(TESTED_SHOPS);
  const tries = random.between(8, 20);
  let after = 0;
  for (let i = 0; i < tries; i += 1) {
    const noticed = i >= UNNOTICED_TRIES;
    const authorization = scene.authorize(
      shop,
      random.between(1, 199),
      {
        method: 'online',
        cvc: noticed ? 'mismatch' : 'match',
        fraudRisk: noticed ? 'highest' : 'elevated',
        guessedNumbers: random.between(40, 95),
      },
      after,
    );
    if (!noticed) scene.add(HOUR, { kind: 'reverse', authorization });
    after += random.between(1, 3);
  }
}

/** Long enough for the purchase before the loss to be still uncaptured. The same for all, so that losses keep their order. */
const NOTICED_LOSS_AFTER = 3 * HOUR;

/** A purchase, the loss, a purchase with the replacement; what was bought before is still captured. */
export function lostCard(scene: Scene): void {
  const { random, person } = scene;
  const noticedAt = scene.at + NOTICED_LOSS_AFTER;
  const before = scene.authorize(random.pick(GROCERIES), random.between(800, 12_000));
  scene.add(NOTICED_LOSS_AFTER, { kind: 'lose_card', card: person.cardAt(noticedAt) });
  const { card, call } = person.replaceCard(noticedAt);
  scene.add(NOTICED_LOSS_AFTER, call);
  const amount = random.between(800, 12_000);
  const again = scene.authorize(random.pick(SHOPS), amount, { card }, NOTICED_LOSS_AFTER);
  scene.capture(before, scene.nextDay());
  scene.capture(again, NOTICED_LOSS_AFTER + scene.nextDay());
  person.engagedUntil = Math.max(person.engagedUntil, noticedAt);
}

/** Before the 7 days after which the simulator lets a hold go by itself. */
const GIVEN_UP_AFTER = 5 * DAY;

/** A hold that nobody captures. */
export function expiry(scene: Scene): void {
  const { random } = scene;
  const authorization = scene.authorize(random.pick(PUMPS), random.between(100, 10_000));
  scene.add(GIVEN_UP_AFTER, { kind: 'expire', authorization });
}

/** The hold is gone, by reversal or by time, and the merchant captures nevertheless. */
export function lateCapture(scene: Scene): void {
  const { random } = scene;
  const amount = random.between(1_500, 20_000);
  const authorization = scene.authorizeOnline(random.pick(ONLINE_SHOPS), amount);
  const reversed = random.chance(0.5);
  const goneAfter = reversed ? 2 * HOUR : GIVEN_UP_AFTER;
  scene.add(goneAfter, { kind: reversed ? 'reverse' : 'expire', authorization });
  scene.capture(authorization, goneAfter + scene.nextDay(), { amount, form: 'late' });
}

/** Sold on board without a connection, so nobody was asked. */
export function forcedCapture(scene: Scene): void {
  scene.add(0, {
    kind: 'forced_capture',
    card: scene.card,
    amount: scene.random.between(300, 4_500),
    merchant: scene.random.pick(AIRLINES),
  });
}
