/** Takes the steps of random purchases: asks, and looks whether the answers are those of the model. */
import { expect } from 'vitest';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import type { CardProgram } from '../support/card-program.ts';
import { changeAuthorization } from '../support/change-authorization.ts';
import { askAt, type Limit, NOW, setLimits, spend, type Wanted } from '../support/limited-cards.ts';
import {
  type Asked,
  type Counted,
  countedTowards,
  expectedReasons,
  type Room,
} from './spending-model.ts';
import type { Ask, Step } from './spending-steps.ts';

const HOUR_MS = 3_600_000;

interface Begun {
  readonly id: string;
  readonly isBeside: boolean;
  readonly category: string;
}
type PurchaseWanted = Wanted &
  Readonly<Record<'of' | 'category', string>> & { readonly isAmountControllable: boolean };

/** A card that was replaced, its replacement, and one beside them. */
const CARDS = 3;
const BESIDE = 2;

/** One program: its cards on one account, their limits, and the purchases that were begun. */
export class World {
  readonly cards: readonly CardProgram[];
  readonly happened: Map<string, number>;
  nowMs = Date.parse(NOW);
  readonly #sql: Sql;
  readonly #limits: {
    account: readonly Limit[];
    tenant: readonly Limit[];
    card: Map<string, readonly Limit[]>;
  };
  readonly #purchases: Begun[] = [];

  constructor(
    sql: Sql,
    cards: readonly CardProgram[],
    ofAll: { readonly account: readonly Limit[]; readonly tenant: readonly Limit[] },
    happened: Map<string, number>,
  ) {
    this.#sql = sql;
    this.cards = cards;
    this.happened = happened;
    this.#limits = { ...ofAll, card: new Map() };
  }

  get #account(): string {
    return this.cards[0]?.accountId ?? '';
  }

  async limitCard(place: number, of: readonly Limit[]): Promise<void> {
    const card = this.#cardAt(place);
    await setLimits(this.#sql, card, 'card', of);
    this.#limits.card.set(card.cardId, of);
  }

  async take(taken: Step): Promise<void> {
    switch (taken.kind) {
      case 'wait':
        this.nowMs += taken.hours * HOUR_MS;
        return;
      case 'limit':
        return this.limitCard(taken.card, taken.limits);
      case 'settings':
        await this.#sql`
          update accounts set credit_limit_minor = ${taken.creditMinor}, allow_partial = ${taken.allowsPart},
                 version = version + 1 where account_id = ${this.#account}`;
        return;
      case 'adopt': {
        const at = new Date(this.nowMs).toISOString();
        const card = this.#cardAt(taken.card);
        const { category: of } = taken;
        const id = await spend(this.#sql, card, taken.amount, { at, category: of });
        this.#purchases.push({ id, isBeside: taken.card % CARDS === BESIDE, category: of });
        return;
      }
      case 'change': {
        const purchase = (await this.purchases()).find(
          ({ authorizationId }) =>
            authorizationId === this.#purchases[taken.purchase % this.#purchases.length]?.id,
        );
        if (purchase === undefined) return;
        // Above a hundred per cent: what the network takes, nobody asks us about.
        const counted_minor = Math.floor((purchase.amount * taken.share) / 100);
        return changeAuthorization(this.#sql, purchase.authorizationId, { counted_minor });
      }
      case 'ask':
        return this.#ask(taken.requests);
    }
  }

  async #ask(requests: Ask['requests']): Promise<void> {
    const wanted = requests.map((each) => this.#wantedOf(each));
    const asked = wanted.map((each) => this.#asked(each));
    const [purchases, rooms] = [await this.purchases(), await this.#rooms()];
    const expected = expectedReasons(asked, { purchases, rooms, now: this.nowMs });
    const answers = await askAt(new Date(this.nowMs).toISOString(), this.#sql, ...wanted);
    const reasons = answers.map(({ reason }) => reason);
    expect(reasons).toEqual(expected);
    for (const reason of reasons) this.happened.set(reason, (this.happened.get(reason) ?? 0) + 1);
    await this.#checkApprovals(asked, reasons);
  }

  /** An increment is asked with a card of the same chain, and for the same merchant. */
  #wantedOf(each: Ask['requests'][number]): PurchaseWanted {
    const known =
      each.of === null ? undefined : this.#purchases[each.of % (this.#purchases.length + 1)];
    const begun = known ?? {
      id: `iauth_${this.#account}_${this.#purchases.length}`,
      isBeside: each.card % CARDS === BESIDE,
      category: each.category,
    };
    if (known === undefined) this.#purchases.push(begun);
    return {
      card: this.#cardAt(begun.isBeside ? BESIDE : each.card % BESIDE),
      amount: each.amount,
      category: begun.category,
      isAmountControllable: each.isControllable,
      of: begun.id,
    };
  }

  #asked({
    card,
    amount: asks,
    category: of,
    isAmountControllable,
    ...rest
  }: PurchaseWanted): Asked {
    const owner = this.#chainOf(card);
    return {
      authorizationId: rest.of,
      chain: owner,
      account: card.accountId,
      category: of,
      amount: asks,
      isControllable: isAmountControllable,
      limits: [
        ...(this.#limits.card.get(card.cardId) ?? []).map((each) => ({ ...each, owner })),
        ...this.#limits.account.map((each) => ({ ...each, owner: card.accountId })),
        ...this.#limits.tenant.map((each) => ({ ...each, owner })),
      ],
    };
  }

  #chainOf(card: CardProgram): string {
    return this.#cardAt(card === this.#cardAt(BESIDE) ? BESIDE : 0).cardId;
  }

  /** No approval has gone beyond a limit that held for it, or beyond the money. */
  async #checkApprovals(asked: readonly Asked[], reasons: readonly string[]): Promise<void> {
    const purchases = await this.purchases();
    for (const [place, each] of asked.entries()) {
      if (!reasons[place]?.startsWith('APPROVED')) continue;
      const [room] = await this.#rooms();
      expect(room?.room).toBeGreaterThanOrEqual(0);
      const { authorizationId, account, chain } = each;
      const at = purchases.find((p) => p.authorizationId === authorizationId)?.at ?? this.nowMs;
      // Those of a card do not bind the card that it has replaced, which may have been asked for later in the list.
      const binding = [
        ...this.#limits.account.map((applied) => ({ ...applied, owner: account })),
        ...this.#limits.tenant.map((applied) => ({ ...applied, owner: chain })),
      ];
      for (const applied of binding) {
        if (applied.categories?.includes(each.category) === false) continue;
        const counted = countedTowards(applied, purchases, { authorizationId, at });
        expect(counted.amount).toBeLessThanOrEqual(applied.amountMinor ?? Number.POSITIVE_INFINITY);
      }
    }
  }

  async purchases(): Promise<readonly Counted[]> {
    return this.#sql<Counted[]>`
      select authorization_id as "authorizationId", k.chain_id as chain, z.account_id as account,
             z.merchant ->> 'category' as category, counted_minor as amount,
             (extract(epoch from anchored_at) * 1000)::float8 as at
        from authorizations z join cards k using (card_id) where z.account_id = ${this.#account}`;
  }

  async #rooms(): Promise<readonly Room[]> {
    return this.#sql<Room[]>`
      select account_id as account, available_minor + credit_limit_minor as room, allow_partial as "allowsPart"
        from accounts where account_id = ${this.#account}`;
  }

  #cardAt(place: number): CardProgram {
    const card = this.cards[place % this.cards.length];
    if (card === undefined) throw new Error('a world has cards');
    return card;
  }
}
