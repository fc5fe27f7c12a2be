/** The people of the traffic: who they are, how they spend, and which card each of them carries when. */
import { SUBSCRIPTIONS } from './merchant.ts';
import type { Random } from './random.ts';
import { type Call, DAY, type Merchant, type Scenario } from './step.ts';

/** How much likelier than for anybody a scenario is for people of this kind; 1 where nothing is said. */
interface Profile {
  readonly habits: Partial<Readonly<Record<Scenario, number>>>;
  /** Of a single authorization, in US cents; the only limit, so that no purchase is declined by accident. */
  readonly limit: number;
}

const PROFILES = {
  family: { habits: { grocery: 2, fuel: 2, refund: 2, hotel: 0.3, travel: 0.3 }, limit: 250_000 },
  student: { habits: { restaurant: 2, subscription: 2, fuel: 0.3, hotel: 0.2 }, limit: 200_000 },
  traveller: { habits: { hotel: 4, travel: 6, taxi: 2, grocery: 0.5 }, limit: 500_000 },
  commuter: { habits: { fuel: 3, taxi: 2, restaurant: 1.5 }, limit: 250_000 },
} as const satisfies Readonly<Record<string, Profile>>;

const PROFILE_SHARES: readonly (readonly [Profile, number])[] = [
  [PROFILES.family, 4],
  [PROFILES.student, 2],
  [PROFILES.traveller, 1],
  [PROFILES.commuter, 3],
];

/** The longest two together stay under the 24 characters that fit on a card. */
const FIRST_NAMES =
  'Amara Bruno Clara Dmitri Elena Farid Grace Hiro Ingrid Jamal Keiko Liam Maya Noah Olga Priya'.split(
    ' ',
  );
const LAST_NAMES =
  'Abbott Brandt Castillo Dubois Eriksen Fischer Garcia Haddad Ivanova Jansen Kowalski Larsen Moreau Nakamura Okafor Quinn'.split(
    ' ',
  );

const BLOCKED_CATEGORY = 'betting_casino_gambling';
const SUBSCRIPTION_PERIOD_SECONDS = 30 * DAY;
const SUBSCRIPTIONS_MAX = 3;
const MONTHLY_PRICES = [499, 999, 1_299, 1_999, 3_500, 5_900] as const;

interface Subscription {
  readonly merchant: Merchant;
  readonly amount: number;
  chargedAt: number | undefined;
}

export class Person {
  readonly lane: number;
  readonly profile: Profile;
  /** Until when a stay or a reported loss goes on, in program seconds; another one would get in its way. */
  engagedUntil = 0;
  readonly #cards: { readonly name: string; readonly from: number }[];
  readonly #subscriptions: Subscription[] = [];

  constructor(lane: number, random: Random) {
    this.lane = lane;
    this.profile = random.weighted(PROFILE_SHARES);
    this.#cards = [{ name: `c${lane}`, from: 0 }];
    const wanted = random.between(1, SUBSCRIPTIONS_MAX);
    for (let i = 0; i < wanted; i += 1) this.subscribe(random);
  }

  /** The calls that make this person and the first card. */
  setup(random: Random): readonly Call[] {
    const [first, last] = [random.pick(FIRST_NAMES), random.pick(LAST_NAMES)];
    const digits = String(this.lane % 10_000).padStart(4, '0');
    return [
      {
        kind: 'cardholder',
        name: `${first} ${last}`,
        email: `${first}.${last}.${this.lane}@example.com`.toLowerCase(),
        phone: `+1415555${digits}`,
      },
      this.#cardCall(this.cardAt(0)),
    ];
  }

  /** The name of the card carried at this time. */
  cardAt(at: number): string {
    const card = this.#cards.findLast(({ from }) => from <= at);
    if (card === undefined) throw new Error(`person ${this.lane} has no card at ${at}`);
    return card.name;
  }

  /** Takes a new card from a time on; the call that makes it. */
  replaceCard(at: number): { readonly card: string; readonly call: Call } {
    const lost = this.cardAt(at);
    const card = `c${this.lane}.${this.#cards.length}`;
    this.#cards.push({ name: card, from: at });
    return { card, call: this.#cardCall(card, lost) };
  }

  #cardCall(card: string, replaces?: string): Call {
    return {
      kind: 'card',
      card,
      limit: this.profile.limit,
      blockedCategory: BLOCKED_CATEGORY,
      ...(replaces === undefined ? {} : { replaces }),
    };
  }

  subscribe(random: Random): void {
    const merchant = random.pick(SUBSCRIPTIONS);
    const amount = random.pick(MONTHLY_PRICES);
    this.#subscriptions.push({ merchant, amount, chargedAt: undefined });
  }

  hasDueSubscription(at: number): boolean {
    return this.#dueSubscription(at) !== undefined;
  }

  /** Charges the subscription that is due; makes a new one when none is. */
  chargeSubscription(at: number, random: Random): Subscription {
    if (!this.hasDueSubscription(at)) this.subscribe(random);
    const due = this.#dueSubscription(at);
    if (due === undefined) throw new Error('a new subscription is not due');
    due.chargedAt = at;
    return due;
  }

  #dueSubscription(at: number): Subscription | undefined {
    return this.#subscriptions.find(
      ({ chargedAt }) => chargedAt === undefined || at - chargedAt >= SUBSCRIPTION_PERIOD_SECONDS,
    );
  }
}
