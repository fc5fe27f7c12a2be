/** The money that a managed program has at Stripe, by currency. A processor-only program has nothing of this. */
import { type Booking, isHold, type OpeningSum } from '../machines/issuing-balance.ts';

export interface BalanceShown {
  readonly currency: string;
  /** What new authorizations may take. */
  readonly available: number;
  /** What open authorizations hold back; not part of `available`. */
  readonly held: number;
}

/** Running sums, so that an authorization is checked without going through all balance transactions. */
export class IssuingBalance {
  /** By currency: what the balance transactions came to that are no longer kept. */
  #opening: readonly OpeningSum[] = [];
  readonly #sums = new Map<string, number>();
  readonly #held = new Map<string, number>();
  /** What is being decided at this moment; two requests at once must not spend the same money. */
  readonly #reserved = new Map<string, number>();

  add(booking: Pick<Booking, 'amount' | 'currency' | 'type'>): void {
    raise(this.#sums, booking.currency, booking.amount);
    if (isHold(booking)) raise(this.#held, booking.currency, -booking.amount);
  }

  /** From scratch, after the state was loaded or old bookings were dropped. What is reserved stays so. */
  recount(bookings: readonly Booking[], opening: readonly OpeningSum[] = this.#opening): void {
    this.#opening = opening;
    this.#sums.clear();
    this.#held.clear();
    for (const { currency, amount } of opening) raise(this.#sums, currency, amount);
    for (const booking of bookings) this.add(booking);
  }

  /**
   * Forgets bookings that are dropped; `kept` are the others. Holds that were never released end with them: nothing
   * is left that could release them.
   */
  fold(dropped: readonly Booking[], kept: readonly Booking[]): void {
    const sums = new Map(this.#opening.map(({ currency, amount }) => [currency, amount]));
    for (const booking of dropped) {
      if (!isHold(booking)) raise(sums, booking.currency, booking.amount);
    }
    this.recount(
      kept,
      [...sums].map(([currency, amount]) => ({ currency, amount })),
    );
  }

  get opening(): readonly OpeningSum[] {
    return this.#opening;
  }

  /** Sets an amount aside; the function that is returned gives it back. */
  reserve(currency: string, amount: number): () => void {
    raise(this.#reserved, currency, amount);
    return () => raise(this.#reserved, currency, -amount);
  }

  available(currency: string): number {
    return (this.#sums.get(currency) ?? 0) - (this.#reserved.get(currency) ?? 0);
  }

  /** By currency, in the order of their first booking. */
  show(): readonly BalanceShown[] {
    return [...this.#sums.keys()].map((currency) => ({
      currency,
      available: this.available(currency),
      held: this.#held.get(currency) ?? 0,
    }));
  }
}

const raise = (sums: Map<string, number>, currency: string, amount: number): void => {
  sums.set(currency, (sums.get(currency) ?? 0) + amount);
};
