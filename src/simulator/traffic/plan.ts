/**
 * Lays traffic out before any of it is sent: the people, then their purchases, each a short script over program
 * time. Pure: the same settings give the same plan.
 */
import { createHash } from 'node:crypto';
import * as everyday from './everyday-scenario.ts';
import { Person } from './person.ts';
import { Random } from './random.ts';
import { Scene } from './scene.ts';
import { DAY, SCENARIOS, type Scenario, type Step } from './step.ts';
import * as trouble from './trouble-scenario.ts';

export interface PlanSettings {
  /** People with one card each; at least 1. */
  readonly cards: number;
  /** Purchases per real second. */
  readonly rate: number;
  /** Real seconds. */
  readonly durationSeconds: number;
  /** Real seconds that a day of the program takes. */
  readonly daySeconds: number;
  readonly seed: number;
  /** The cards exist already: nothing is made at the start, and nothing is done to the cards themselves. */
  readonly existingCards?: boolean;
}

interface Script {
  readonly write: (scene: Scene) => void;
  /** How many of about 100 purchases are like this. */
  readonly share: number;
  /** Whether it changes the card. */
  readonly changesCard?: true;
}

const SCRIPTS: Readonly<Record<Scenario, Script>> = {
  grocery: { write: everyday.grocery, share: 38 },
  restaurant: { write: everyday.restaurant, share: 14 },
  fuel: { write: everyday.fuel, share: 8 },
  taxi: { write: everyday.taxi, share: 6 },
  subscription: { write: everyday.subscription, share: 6 },
  travel: { write: everyday.travel, share: 5 },
  refund: { write: everyday.refund, share: 4 },
  hotel: { write: everyday.hotel, share: 3 },
  reversal: { write: everyday.reversal, share: 3 },
  unlinked_refund: { write: everyday.unlinkedRefund, share: 1 },
  over_limit: { write: trouble.overLimit, share: 3 },
  blocked_category: { write: trouble.blockedCategory, share: 2 },
  wrong_cvc: { write: trouble.wrongCvc, share: 2 },
  inactive_card: { write: trouble.inactiveCard, share: 1, changesCard: true },
  expiry: { write: trouble.expiry, share: 1 },
  forced_capture: { write: trouble.forcedCapture, share: 1 },
  late_capture: { write: trouble.lateCapture, share: 1 },
  lost_card: { write: trouble.lostCard, share: 0.5, changesCard: true },
  card_testing: { write: trouble.cardTesting, share: 0.5 },
};

/** How many purchases a run has; a burst of card testing counts as one. */
export const purchaseCount = ({ rate, durationSeconds }: PlanSettings): number =>
  Math.round(rate * durationSeconds);

/** The traffic in order of time. With as many purchases as there are scenarios, each of them occurs. */
export function planTraffic(settings: PlanSettings): readonly Step[] {
  const random = new Random(settings.seed);
  const existing = settings.existingCards ?? false;
  const people = Array.from({ length: settings.cards }, (_, lane) => new Person(lane, random));
  const steps: Step[] = [];
  for (const person of people) {
    // Drawn in any case, so that existing cards see the same purchases whatever their holders are called.
    const calls = person.setup(random);
    if (existing) continue;
    for (const call of calls) {
      steps.push({ at: 0, lane: person.lane, scenario: 'setup', opens: false, call });
    }
  }
  const possible = SCENARIOS.filter((scenario) => !existing || !SCRIPTS[scenario].changesCard);
  const count = purchaseCount(settings);
  const end = (settings.durationSeconds * DAY) / settings.daySeconds;
  const certain = placeEach(possible, count, random);
  for (let number = 0; number < count; number += 1) {
    const at = Math.floor(((number + random.fraction()) / count) * end);
    const wanted = certain.get(number);
    const { person, scenario } =
      wanted === undefined
        ? anyPurchase({ people, possible, at, random })
        : { scenario: wanted, person: freePerson(people, at, random) };
    const scene = new Scene(number, { random, person, at });
    SCRIPTS[scenario].write(scene);
    for (const [index, { after, call }] of scene.calls.entries()) {
      steps.push({ at: at + after, lane: person.lane, scenario, opens: index === 0, call });
    }
  }
  // The sort keeps the order of equal times, in which a replaced card comes before its first use.
  return steps.toSorted((a, b) => a.at - b.at);
}

/** A different purchase for each scenario, as far as there are enough purchases. */
function placeEach(
  scenarios: readonly Scenario[],
  count: number,
  random: Random,
): ReadonlyMap<number, Scenario> {
  const placed = new Map<number, Scenario>();
  if (count < scenarios.length) return placed;
  for (const scenario of scenarios) {
    let number = random.between(0, count - 1);
    while (placed.has(number)) number = (number + 1) % count;
    placed.set(number, scenario);
  }
  return placed;
}

interface Moment {
  readonly people: readonly Person[];
  readonly possible: readonly Scenario[];
  readonly at: number;
  readonly random: Random;
}

/** What somebody does at this time, by habit. */
function anyPurchase({ people, possible, at, random }: Moment): {
  person: Person;
  scenario: Scenario;
} {
  const person = random.pick(people);
  const habits: Partial<Record<Scenario, number>> = person.profile.habits;
  const wanted = random.weighted(
    possible.map((entry) => [entry, SCRIPTS[entry].share * (habits[entry] ?? 1)] as const),
  );
  if (wanted === 'subscription' && !person.hasDueSubscription(at)) {
    return { person, scenario: 'grocery' };
  }
  // A loss during a stay would have the additions to the hotel's bill declined.
  const needsPeace = wanted === 'hotel' || wanted === 'lost_card';
  return { person: needsPeace ? freePerson(people, at, random) : person, scenario: wanted };
}

/** Somebody who is neither at a hotel nor without a card, if there is one. */
function freePerson(people: readonly Person[], at: number, random: Random): Person {
  const free = people.filter(({ engagedUntil }) => engagedUntil <= at);
  return random.pick(free.length > 0 ? free : people);
}

/** The same for equal plans only: SHA-256, in hexadecimal digits. */
export function planDigest(steps: readonly Step[]): string {
  const hash = createHash('sha256');
  for (const step of steps) hash.update(`${JSON.stringify(step)}\n`);
  return hash.digest('hex');
}
