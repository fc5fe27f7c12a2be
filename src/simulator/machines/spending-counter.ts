/**
 * Running sums of spending per card (over its chain of replacements) and per cardholder, by currency, UTC day and
 * category, so that a limit is checked without going through all authorizations of a busy card.
 */
import { convert } from './exchange.ts';

/** What one authorization counts for on a UTC day (days since 1970), in minor units of its currency. */
export interface SpentOnDay {
  readonly day: number;
  readonly amount: number;
}

/** What is spent at once in a category. */
export interface Spending extends SpentOnDay {
  readonly currency: string;
  readonly category: string;
}

/** What an owner spent on a UTC day in a category. */
export interface SpendingEntry extends Spending {
  readonly owner: string;
}

/** Which part of the spending is asked for; `categories` null means all of them. */
export interface SpendingWindow {
  readonly fromDay: number;
  readonly categories: readonly string[] | null;
  /** What the sum is in. */
  readonly currency: string;
}

type Days = Map<number, Map<string, number>>;

export class SpendingCounter {
  readonly #owners = new Map<string, Map<string, Days>>();

  /** Adds a difference, which may be negative, in minor units of the card's currency. */
  add(owner: string, { currency, day, category, amount }: Spending): void {
    if (amount === 0) return;
    const currencies = this.#owners.get(owner) ?? new Map<string, Days>();
    const days: Days = currencies.get(currency) ?? new Map();
    const categories = days.get(day) ?? new Map<string, number>();
    const sum = (categories.get(category) ?? 0) + amount;
    if (sum === 0) categories.delete(category);
    else categories.set(category, sum);
    if (categories.size === 0) days.delete(day);
    else days.set(day, categories);
    if (days.size === 0) currencies.delete(currency);
    else currencies.set(currency, days);
    if (currencies.size === 0) this.#owners.delete(owner);
    else this.#owners.set(owner, currencies);
  }

  /** All sums, to be saved. */
  entries(): readonly SpendingEntry[] {
    return [...this.#owners].flatMap(([owner, currencies]) =>
      [...currencies].flatMap(([currency, days]) =>
        [...days].flatMap(([day, spent]) =>
          [...spent].map(([category, amount]) => ({ owner, currency, day, category, amount })),
        ),
      ),
    );
  }

  /** The sum from a day on. Each currency's sum is converted as a whole, so that roundings do not add up. */
  since(owner: string, { fromDay, categories, currency: to }: SpendingWindow): number {
    let total = 0;
    for (const [currency, days] of this.#owners.get(owner) ?? []) {
      let sum = 0;
      for (const [day, spent] of days) {
        if (day < fromDay) continue;
        for (const [category, amount] of spent) {
          if (categories === null || categories.includes(category)) sum += amount;
        }
      }
      total += convert(sum, { from: currency, to });
    }
    return total;
  }
}
