/**
 * The card network between merchants and Stripe. While Stripe is out of its reach it decides in Stripe's place, and
 * Stripe learns of it afterwards: the events of that time wait here until the window ends.
 */
export const NETWORK_MODES = ['normal', 'stand_in_approve', 'stand_in_decline'] as const;
export type NetworkMode = (typeof NETWORK_MODES)[number];

/** An event that nobody has heard of yet, with the object as it was when it happened. */
export interface HeldEvent {
  readonly account: string;
  readonly type: string;
  readonly object: object;
  readonly previous: object | undefined;
}

/** What a state file keeps of it. */
export interface NetworkState {
  readonly mode: NetworkMode;
  readonly held: readonly HeldEvent[];
}

export class Network {
  #mode: NetworkMode = 'normal';
  #held: HeldEvent[] = [];
  /** Of the objects in the held events. */
  readonly #heldIds = new Set<unknown>();

  get mode(): NetworkMode {
    return this.#mode;
  }

  get state(): NetworkState {
    return { mode: this.#mode, held: [...this.#held] };
  }

  restore(state: NetworkState): void {
    this.#mode = state.mode;
    this.#held = [];
    this.#heldIds.clear();
    for (const event of state.held) this.hold(event);
  }

  hold(event: HeldEvent): void {
    this.#held.push(event);
    if ('id' in event.object) this.#heldIds.add(event.object.id);
  }

  /** Whether an event about this object has to wait, because it or its authorization has an earlier one that waits. */
  holdsBack(object: object): boolean {
    if (this.#heldIds.size === 0) return false;
    const own = 'id' in object && this.#heldIds.has(object.id);
    return own || ('authorization' in object && this.#heldIds.has(object.authorization));
  }

  /** Changes the mode; returns what may be told now, oldest first. */
  enter(mode: NetworkMode): readonly HeldEvent[] {
    this.#mode = mode;
    if (mode !== 'normal') return [];
    const held = this.#held;
    this.#held = [];
    this.#heldIds.clear();
    return held;
  }
}
