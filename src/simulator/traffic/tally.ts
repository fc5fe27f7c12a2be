/** Counts what a run did, from the answers of the API and not from the plan. */
import type Stripe from 'stripe';
import type { CaptureForm, Scenario } from './step.ts';

/** Minor units of one currency. */
interface Sums {
  held: number;
  captured: number;
  refunded: number;
}

type Counts = Record<string, number>;

export interface TallySummary {
  readonly scenarios: Readonly<Counts>;
  readonly authorizations: {
    readonly made: number;
    readonly approved: number;
    readonly declined: Readonly<Counts>;
  };
  /** What became of holds other than by captures. */
  readonly holds: Readonly<Counts>;
  readonly captures: Readonly<Counts>;
  readonly refunds: Readonly<Counts>;
  /** By the currency of the card: approved holds with their increments, captures, refunds. */
  readonly amounts: Readonly<Record<string, Readonly<Sums>>>;
  /** The same by the currency of the merchant. */
  readonly merchantAmounts: Readonly<Record<string, Readonly<Sums>>>;
  readonly cardholders: { readonly made: number };
  readonly cards: { readonly made: number; readonly lost: number; readonly replaced: number };
  readonly calls: { readonly made: number; readonly succeeded: number; readonly skipped: number };
  readonly errors: Readonly<Counts>;
}

const addTo = (counts: Counts, key: string): void => {
  counts[key] = (counts[key] ?? 0) + 1;
};

/** In alphabetical order, so that equal runs print the same text. */
const sorted = <T>(counts: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1)));

type Entry = Stripe.Issuing.Authorization.RequestHistory;

export class Tally {
  readonly #scenarios: Counts = {};
  readonly #declined: Counts = {};
  readonly #holds: Counts = {};
  readonly #captures: Counts = {};
  readonly #refunds: Counts = {};
  readonly #errors: Counts = {};
  readonly #amounts: Record<string, Sums> = {};
  readonly #merchantAmounts: Record<string, Sums> = {};
  readonly #cards = { made: 0, lost: 0, replaced: 0 };
  readonly #calls = { made: 0, succeeded: 0, skipped: 0 };
  #lastFailure = '';
  #cardholders = 0;
  #authorizations = 0;
  #approved = 0;

  get purchases(): number {
    return Object.values(this.#scenarios).reduce((sum, count) => sum + count, 0);
  }

  get calls(): { readonly made: number; readonly succeeded: number; readonly skipped: number } {
    return this.#calls;
  }

  /** The message of the failure before. */
  get lastFailure(): string {
    return this.#lastFailure;
  }

  purchaseBegun(scenario: Scenario): void {
    addTo(this.#scenarios, scenario);
  }

  succeeded(): void {
    this.#calls.made += 1;
    this.#calls.succeeded += 1;
  }

  failed(code: string, message: string): void {
    this.#calls.made += 1;
    this.#lastFailure = message;
    addTo(this.#errors, code);
  }

  skipped(): void {
    this.#calls.skipped += 1;
  }

  cardholderMade(): void {
    this.#cardholders += 1;
  }

  cardMade(replacement: boolean): void {
    this.#cards.made += 1;
    if (replacement) this.#cards.replaced += 1;
  }

  cardLost(): void {
    this.#cards.lost += 1;
  }

  authorized(authorization: Stripe.Issuing.Authorization): void {
    this.#authorizations += 1;
    const entry = authorization.request_history.at(-1);
    if (authorization.approved) {
      this.#approved += 1;
      if (entry !== undefined) this.#addHold(authorization, entry);
    } else addTo(this.#declined, entry?.reason ?? 'unknown');
  }

  incremented(authorization: Stripe.Issuing.Authorization): void {
    const entry = authorization.request_history.at(-1);
    const approved = entry?.approved === true;
    if (approved) this.#addHold(authorization, entry);
    addTo(this.#holds, approved ? 'increment' : 'increment_declined');
  }

  holdChanged(how: 'expire' | 'finalize' | 'reverse'): void {
    addTo(this.#holds, how);
  }

  captured(transaction: Stripe.Issuing.Transaction, form: CaptureForm | 'forced'): void {
    addTo(this.#captures, form);
    this.#addPosted(transaction, 'captured');
  }

  refunded(transaction: Stripe.Issuing.Transaction, form: 'linked' | 'unlinked'): void {
    addTo(this.#refunds, form);
    this.#addPosted(transaction, 'refunded');
  }

  summary(): TallySummary {
    return {
      scenarios: sorted(this.#scenarios),
      authorizations: {
        made: this.#authorizations,
        approved: this.#approved,
        declined: sorted(this.#declined),
      },
      holds: sorted(this.#holds),
      captures: sorted(this.#captures),
      refunds: sorted(this.#refunds),
      amounts: sorted(this.#amounts),
      merchantAmounts: sorted(this.#merchantAmounts),
      cardholders: { made: this.#cardholders },
      cards: { ...this.#cards },
      calls: { ...this.#calls },
      errors: sorted(this.#errors),
    };
  }

  #addHold({ currency }: Stripe.Issuing.Authorization, entry: Entry): void {
    sumsOf(this.#amounts, currency).held += entry.amount;
    sumsOf(this.#merchantAmounts, entry.merchant_currency).held += entry.merchant_amount;
  }

  #addPosted(transaction: Stripe.Issuing.Transaction, as: 'captured' | 'refunded'): void {
    sumsOf(this.#amounts, transaction.currency)[as] += Math.abs(transaction.amount);
    sumsOf(this.#merchantAmounts, transaction.merchant_currency)[as] += Math.abs(
      transaction.merchant_amount,
    );
  }
}

function sumsOf(table: Record<string, Sums>, currency: string): Sums {
  table[currency] ??= { held: 0, captured: 0, refunded: 0 };
  return table[currency];
}
