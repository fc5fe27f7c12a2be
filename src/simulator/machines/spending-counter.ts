/**
 * Running sums of spending per card (over its chain of replacements) and per cardholder, by UTC day and category,
 * so that a limit is checked without going through all authorizations of a busy card.
 */
/** What an owner spent on a UTC day in a category. */
export interface SpendingEntry {
  readonly owner: string;
  readonly day: number;
  readonly category: string;
  readonly amount: number;
}

export class SpendingCounter {
  readonly #days = new Map<string, Map<number, Map<string, number>>>();

  /** Adds a difference, which may be negative, in minor units of the card's currency. */
  add(owner: string, entry: { day: number; category: string; amount: number }): void {
    if (entry.amount === 0) return;
    const days = this.#days.get(owner) ?? new Map<number, Map<string, number>>();
    const categories = days.get(entry.day) ?? new Map<string, number>();
    categories.set(entry.category, (categories.get(entry.category) ?? 0) + entry.amount);
    days.set(entry.day, categories);
    this.#days.set(owner, days);
  }

  /** All sums, to be saved. */
  entries(): readonly SpendingEntry[] {
    return [...this.#days].flatMap(([owner, days]) =>
      [...days].flatMap(([day, spent]) =>
        [...spent].map(([category, amount]) => ({ owner, day, category, amount })),
      ),
    );
  }

  /** The sum from a day on. `categories` null means all of them. */
  since(owner: string, fromDay: number, categories: readonly string[] | null): number {
    let sum = 0;
    for (const [day, spent] of this.#days.get(owner) ?? []) {
      if (day < fromDay) continue;
      for (const [category, amount] of spent) {
        if (categories === null || categories.includes(category)) sum += amount;
      }
    }
    return sum;
  }
}
