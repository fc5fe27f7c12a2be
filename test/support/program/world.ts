/** A tenant with accounts in several currencies and several cards, on which the steps of a random program are taken. */
import { randomUUID } from 'node:crypto';
import { createAccountStore } from '../../../src/adapters/postgres/account-store.ts';
import { rollUpLedger } from '../../../src/adapters/postgres/ledger-roll-up.ts';
import type { Sql } from '../../../src/adapters/postgres/pool.ts';
import {
  type AccountId,
  parseAccountId,
  parseAuthorizationId,
  parseStripeCardId,
} from '../../../src/domain/ids.ts';
import { minorUnits } from '../../../src/domain/money.ts';
import type { Accounts, BookingOutcome } from '../../../src/ports/accounts.ts';
import { applyDue } from '../../relay/relay-inbox.ts';
import { currency, sampleRequest } from '../sample-request.ts';
import { store } from '../stripe-events.ts';
import { type Asker, createAsker } from './asker.ts';
import { type Cleared, Network, type Purchase } from './network.ts';
import { CARDS, CURRENCIES, insertRows, type Rows } from './rows.ts';
import type { NetworkStep, PurchaseStep, Step, TimedStep } from './steps.ts';

const FUNDS_MINOR = 10_000;
const FUEL_MCC = '5542';

interface WorldCard {
  readonly stripeCardId: string;
  readonly account: number;
}

interface Move {
  readonly id: string;
  readonly amount: number;
}

/** An entry that a command has booked, and what it moved on customers' accounts. */
interface BookedMoves {
  readonly entryId: string;
  readonly accountId: AccountId;
  readonly moves: readonly Move[];
}

/** What the books should say, by the money that was told of. */
export interface Expected {
  /** Available and held together, by account. */
  readonly customers: ReadonlyMap<string, number>;
  readonly owed: ReadonlyMap<string, number>;
  readonly suspense: ReadonlyMap<string, number>;
}

export interface World {
  readonly tenantId: string;
  take(step: TimedStep): Promise<void>;
  expected(): Expected;
  /** What went wrong beside the books: an answer that changed, an approval without the money. */
  readonly wrong: readonly string[];
  /** Counts what happened, so that a test knows that something did. */
  readonly happened: Map<string, number>;
}

export async function createWorld(sql: Sql): Promise<World> {
  const name = randomUUID().replaceAll('-', '').slice(0, 12);
  const tenantId = `ten_${name}`;
  const stripeAccount = `acct_${name}`;
  const accounts = CURRENCIES.map((code, index) => ({
    id: parseAccountId(`acc_${name}${index}`),
    code,
  }));
  const cards = CARDS.map(
    (account, index): WorldCard => ({ stripeCardId: `ic_${name}${index}`, account }),
  );
  await insertRows(sql, { name, tenantId, stripeAccount });
  const run = new Run(sql, { name, tenantId, stripeAccount, accounts, cards });
  await run.begin();
  return run;
}

class Run implements World {
  readonly tenantId: string;
  readonly wrong: string[] = [];
  readonly happened = new Map<string, number>();
  readonly #sql: Sql;
  readonly #rows: Rows;
  readonly #accounts: readonly { readonly id: AccountId; readonly code: string }[];
  readonly #cards: readonly WorldCard[];
  readonly #network: Network;
  readonly #asker: Asker;
  readonly #customers = new Map<string, number>();
  readonly #cleared = new Map<string, Cleared>();
  readonly #entries: BookedMoves[] = [];
  #isLastCardKnown = false;

  constructor(
    sql: Sql,
    world: Rows & {
      readonly accounts: readonly { readonly id: AccountId; readonly code: string }[];
      readonly cards: readonly WorldCard[];
    },
  ) {
    this.#sql = sql;
    this.#rows = world;
    this.tenantId = world.tenantId;
    this.#accounts = world.accounts;
    this.#cards = world.cards;
    this.#network = new Network(world.name);
    this.#asker = createAsker(sql, {
      count: (what) => this.#count(what),
      complain: (what) => this.wrong.push(what),
    });
  }

  /** Some money on every account, by one entry each. */
  async begin(): Promise<void> {
    const ids = this.#accounts.map(({ id }) => id);
    const entries = await this.#sql.begin(async (tx) => {
      const made = await tx<{ entry_id: number; account_id: string }[]>`
        insert into journal_entries (tenant_id, currency, kind, account_id)
        select tenant_id, currency, 'credit', account_id from accounts where account_id = any (${ids})
        returning entry_id, account_id`;
      await tx`
        insert into postings (entry_id, tenant_id, currency, debit, credit, amount_minor, account_id)
        select entry_id, tenant_id, currency, 'funding', 'available', ${FUNDS_MINOR}::bigint, account_id
          from journal_entries where entry_id = any (${made.map((entry) => entry.entry_id)})
         order by entry_id`;
      return made;
    });
    for (const { entry_id: entryId, account_id: id } of entries) {
      this.#book(String(entryId), parseAccountId(id), [{ id, amount: FUNDS_MINOR }]);
    }
  }

  payment(accountId: AccountId, amount: number) {
    return { accountId, amountMinor: minorUnits(amount), externalRef: null, atMs: Date.now() };
  }

  async take({ step, sameSecond, delivery }: TimedStep): Promise<void> {
    this.#network.tick(sameSecond);
    await this.#act(step);
    await this.#deliver(delivery);
  }

  expected(): Expected {
    const customers = new Map(this.#customers);
    const owed = new Map<string, number>();
    const suspense = new Map<string, number>();
    for (const { stripeCardId, currency: code, amount } of this.#cleared.values()) {
      add(owed, code, -amount);
      const card = this.#cards.find((c) => c.stripeCardId === stripeCardId);
      const account = card === undefined ? undefined : this.#accounts[card.account];
      if (account === undefined || !this.#isKnown(stripeCardId)) add(suspense, code, amount);
      else add(customers, account.id, amount);
    }
    return { customers, owed, suspense };
  }

  /** Runs a command of the API as a call does, in a transaction of its own. */
  async command(call: (accounts: Accounts) => Promise<BookingOutcome>): Promise<void> {
    const outcome = await this.#sql.begin((tx) => call(createAccountStore(tx)));
    this.#count(
      outcome.kind === 'booked' ? `command ${outcome.entry.kind}` : `refused ${outcome.kind}`,
    );
    if (outcome.kind !== 'booked') return;
    const { entryId, kind, accountId, counterAccountId, amountMinor, correctsEntryId } =
      outcome.entry;
    if (kind === 'correction') {
      const corrected = this.#entries.find((entry) => entry.entryId === correctsEntryId);
      const back = (corrected?.moves ?? []).map(({ id, amount }) => ({ id, amount: -amount }));
      this.#book(entryId, accountId, back);
      return;
    }
    const own = { id: accountId, amount: kind === 'credit' ? amountMinor : -amountMinor };
    const other = counterAccountId === null ? [] : [{ id: counterAccountId, amount: amountMinor }];
    this.#book(entryId, accountId, [own, ...other]);
  }

  #book(entryId: string, accountId: AccountId, moves: readonly Move[]): void {
    this.#entries.push({ entryId, accountId, moves });
    for (const { id, amount } of moves) add(this.#customers, id, amount);
  }

  async #act(step: Step): Promise<void> {
    switch (step.kind) {
      case 'credit': {
        const payment = this.payment(this.#accountAt(step.account).id, step.amount);
        return this.command((accounts) => accounts.credit(payment));
      }
      case 'debit': {
        const { id } = this.#accountAt(step.account);
        const payment = this.payment(id, Math.max(await this.#amount(step, id), 1));
        return this.command((accounts) => accounts.debit(payment));
      }
      case 'transfer': {
        const payment = this.payment(this.#accountAt(step.account).id, step.amount);
        const toAccountId = this.#accountAt(step.to).id;
        return this.command((accounts) => accounts.transfer({ ...payment, toAccountId }));
      }
      case 'undo': {
        const entry = at(this.#entries, step.entry);
        if (entry === undefined) return;
        const { entryId, accountId } = entry;
        const reversal = { entryId, accountId, externalRef: null, atMs: Date.now() };
        return this.command((accounts) => accounts.reverse(reversal));
      }
      case 'status':
      case 'settings':
        return this.#change(step);
      case 'roll_up':
        await rollUpLedger(this.#sql);
        return;
      case 'ask_again':
        return this.#asker.askAgain(step.request);
      case 'card_known':
        return this.#makeLastCardKnown();
      default:
        return this.#actOnNetwork(step);
    }
  }

  async #actOnNetwork(step: NetworkStep): Promise<void> {
    switch (step.kind) {
      case 'purchase':
        return this.#purchase(step);
      case 'force':
      case 'credit_back': {
        const { stripeCardId, account } = this.#cardAt(step.card, this.#cards.length);
        const { code } = this.#accountAt(account);
        const amount = step.kind === 'force' ? -step.amount : step.amount;
        return this.#network.unlinked(stripeCardId, code, amount);
      }
      default: {
        const purchase = at(this.#network.purchases, step.purchase);
        return purchase === undefined ? undefined : this.#actOnPurchase(purchase, step);
      }
    }
  }

  async #actOnPurchase(purchase: Purchase, step: PurchaseStep): Promise<void> {
    const network = this.#network;
    switch (step.kind) {
      case 'increment':
        // Stripe asks for more only while there is something open.
        if (purchase.status === 'pending') await this.#request(purchase, step, 'plain');
        return;
      case 'capture': {
        const amount = Math.ceil((Math.max(purchase.amount, 10) * step.share) / 100);
        return network.capture(purchase, amount, step);
      }
      case 'refund':
        return network.refund(purchase, step.amount);
      case 'reverse':
        return network.reverse(purchase, Math.min(step.share, 100));
      case 'expire':
        return network.expire(purchase);
      case 'correct':
        return network.correct(purchase);
    }
  }

  async #purchase(step: Extract<Step, { kind: 'purchase' }>): Promise<void> {
    const { stripeCardId, account } = this.#cardAt(step.card, CARDS.length - 1);
    const id = this.#network.newId('iauth');
    const { id: accountId, code } = this.#accountAt(account);
    const purchase = this.#network.open({ id, stripeCardId, currency: code });
    const amount = await this.#amount(step, accountId);
    await this.#request(purchase, { ...step, amount }, step.style);
  }

  /** The amount of a step, which may be told by what can be spent. */
  async #amount(
    { amount, edge }: { readonly amount: number; readonly edge: number | null },
    accountId: AccountId,
  ): Promise<number> {
    if (edge === null) return amount;
    const [row] = await this.#sql<{ room: number }[]>`
      select available_minor + credit_limit_minor as room from accounts where account_id = ${accountId}`;
    return Math.max((row?.room ?? 0) + edge, 0);
  }

  async #request(
    purchase: Purchase,
    {
      amount,
      asked,
      obeys,
    }: { readonly amount: number; readonly asked: boolean; readonly obeys: boolean },
    style: string,
  ): Promise<void> {
    const network = this.#network;
    if (!asked) return network.answer(purchase, amount, obeys, null);
    const requestId = network.newId('evt');
    const reply = await this.#asker.ask(
      sampleRequest({
        requestId,
        authorizationId: parseAuthorizationId(purchase.id),
        stripeCardId: parseStripeCardId(purchase.stripeCardId),
        stripeAccount: this.#rows.stripeAccount,
        currency: currency(purchase.currency),
        merchantCurrency: style === 'foreign' ? 'eur' : purchase.currency,
        askedMinor: minorUnits(amount),
        isAmountControllable: style === 'controllable',
        requestedS: network.atS,
        merchant: {
          name: 'Shop',
          category: 'bakeries',
          categoryCode: style === 'fuel' ? FUEL_MCC : '5462',
          country: 'US',
          networkId: '1',
        },
      }),
    );
    const approved = reply.kind === 'decided' && reply.approved;
    // Where the network answers by itself, our answer has come too late or was not heard.
    const answered = approved && obeys && reply.kind === 'decided' ? reply.approvedMinor : amount;
    network.answer(purchase, answered, obeys ? approved : !approved, obeys ? requestId : null);
  }

  async #change(step: Extract<Step, { kind: 'status' | 'settings' }>): Promise<void> {
    const { id } = this.#accountAt(step.account);
    const outcome = await this.#sql.begin((tx) => {
      const accounts = createAccountStore(tx);
      return step.kind === 'status'
        ? accounts.changeStatus(id, step.command)
        : accounts.changeSettings(id, {
            creditLimitMinor: minorUnits(step.limit),
            allowPartial: step.allowPartial,
          });
    });
    this.#count(`${step.kind} ${outcome.kind}`);
  }

  /** What waited in suspense moves with the next event of the card. */
  async #makeLastCardKnown(): Promise<void> {
    const card = this.#cards.at(-1);
    if (this.#isLastCardKnown || card === undefined) return;
    const { name, tenantId } = this.#rows;
    await this.#sql`
      insert into stripe_cards (tenant_id, stripe_card_id, card_id, attempt, status, last4, exp_month, exp_year)
      values (${tenantId}, ${card.stripeCardId}, ${`card_${name}0`}, 2, 'active', '4243', 12, 2030)`;
    await this.#sql`
      insert into inbox (tenant_id, stripe_account, event_id, source, type, object_id, group_key, created, payload)
      values (${tenantId}, ${this.#rows.stripeAccount}, ${`card:${card.stripeCardId}`}, 'decision', 'card.recorded',
        ${card.stripeCardId}, ${card.stripeCardId}, 0, ${JSON.stringify({ stripeCardId: card.stripeCardId })}::text)`;
    this.#isLastCardKnown = true;
    await this.#apply();
  }

  async #deliver(delivery: string): Promise<void> {
    const taken = this.#network.take(delivery);
    for (const { cleared } of taken) {
      for (const record of cleared) this.#cleared.set(record.id, record);
    }
    await store(
      this.#sql,
      this.tenantId,
      taken.map(({ event }) => event),
    );
    // Also what a decision has asked for.
    await this.#apply();
  }

  async #apply(): Promise<void> {
    const errors = await applyDue(this.#sql);
    for (const error of errors) this.wrong.push(`a group could not be applied: ${String(error)}`);
  }

  #isKnown(stripeCardId: string): boolean {
    return this.#isLastCardKnown || stripeCardId !== this.#cards.at(-1)?.stripeCardId;
  }

  #accountAt(index: number): { readonly id: AccountId; readonly code: string } {
    const account = at(this.#accounts, index);
    if (account === undefined) throw new Error('a world has accounts');
    return account;
  }

  #cardAt(index: number, count: number): WorldCard {
    const card = this.#cards[index % count];
    if (card === undefined) throw new Error('a world has cards');
    return card;
  }

  #count(what: string): void {
    add(this.happened, what, 1);
  }
}

const at = <T>(list: readonly T[], index: number): T | undefined =>
  list[index % Math.max(list.length, 1)];

function add(sums: Map<string, number>, key: string, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}
