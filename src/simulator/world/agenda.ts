/**
 * What is due at which moment of simulator time. An appointment is a note, not a promise: whoever keeps it looks
 * whether it still holds, so nothing has to be taken out when plans change. It is not saved with the state; it is
 * made again from the rows.
 */
export interface Appointment {
  /** Simulator time in milliseconds since 1970. */
  readonly at: number;
  readonly task: string;
  readonly account: string;
  /** The object that it is about. */
  readonly id: string;
}

export class Agenda {
  /** A binary heap: the earliest appointment is first. */
  readonly #heap: Appointment[] = [];
  /** Called when an appointment was added that comes before all others. */
  onSooner: () => void = () => {};

  add(appointment: Appointment): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(appointment);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.at <= appointment.at) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = appointment;
    if (at === 0) this.onSooner();
  }

  /** The moment of the earliest appointment, or undefined when there is none. */
  nextAt(): number | undefined {
    return this.#heap[0]?.at;
  }

  /** Takes the earliest appointment that is due at `now`. */
  takeDue(now: number): Appointment | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.at > now) return undefined;
    const last = heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first;
  }

  get size(): number {
    return this.#heap.length;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #sink(moved: Appointment): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const useRight = right !== undefined && right.at < left.at;
      const child = useRight ? right : left;
      if (child.at >= moved.at) break;
      heap[at] = child;
      at = 2 * at + (useRight ? 2 : 1);
    }
    heap[at] = moved;
  }
}
