/** Objects of one kind of one account, in the order of their creation. Rows are never changed in place. */
export interface Row {
  readonly id: string;
  readonly created: number;
}

export class Table<R extends Row> {
  #rows: R[] = [];
  readonly #positions = new Map<string, number>();
  /** Rows removed from the front; positions count them, so that removing does not touch every other position. */
  #removed = 0;

  get(id: string): R | undefined {
    const position = this.#positions.get(id);
    return position === undefined ? undefined : this.#rows[position - this.#removed];
  }

  /** Adds a row, or replaces the one with its id. */
  put(row: R): void {
    const position = this.#positions.get(row.id);
    if (position === undefined) {
      this.#positions.set(row.id, this.#rows.length + this.#removed);
      this.#rows.push(row);
    } else {
      this.#rows[position - this.#removed] = row;
    }
  }

  /** Rare (webhook endpoints only), so it may touch every row. */
  remove(id: string): void {
    this.removeAll((row) => row.id === id);
  }

  /** Drops the oldest rows up to the first that the condition does not hold for, and returns them. */
  removeWhile(holds: (row: R) => boolean): readonly R[] {
    const kept = this.#rows.findIndex((row) => !holds(row));
    if (kept === 0) return [];
    const removed = this.#rows.splice(0, kept === -1 ? this.#rows.length : kept);
    for (const row of removed) this.#positions.delete(row.id);
    this.#removed += removed.length;
    return removed;
  }

  /** Drops all rows that the condition holds for, and returns them. It touches every row. */
  removeAll(holds: (row: R) => boolean): readonly R[] {
    const removed = this.#rows.filter(holds);
    if (removed.length === 0) return removed;
    const gone = new Set(removed);
    this.load(this.#rows.filter((row) => !gone.has(row)));
    return removed;
  }

  load(rows: readonly R[]): void {
    this.#rows = [];
    this.#positions.clear();
    this.#removed = 0;
    for (const row of rows) this.put(row);
  }

  get size(): number {
    return this.#rows.length;
  }

  /** All rows, oldest first. */
  all(): readonly R[] {
    return this.#rows;
  }

  /** Where a row stands in `all()`. */
  position(id: string): number | undefined {
    const position = this.#positions.get(id);
    return position === undefined ? undefined : position - this.#removed;
  }
}
