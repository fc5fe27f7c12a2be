/** One purchase while it is being written: who buys with which card, and the calls so far. */
import type { Person } from './person.ts';
import type { Random } from './random.ts';
import type { Authorize, Call, CaptureForm, Merchant } from './step.ts';

export interface Timed {
  /** Seconds after the purchase began. */
  readonly after: number;
  readonly call: Call;
}

type Details = Partial<Omit<Authorize, 'kind' | 'name' | 'amount' | 'merchant'>>;

/** Not given, everything that is held is captured, and the authorization closed. */
interface CaptureDetails {
  readonly amount?: number;
  readonly close?: boolean;
  readonly form?: CaptureForm;
}

export class Scene {
  readonly random: Random;
  readonly person: Person;
  /** Program seconds at which the purchase begins. */
  readonly at: number;
  readonly card: string;
  readonly #number: number;
  readonly #calls: Timed[] = [];
  #names = 0;

  constructor(number: number, from: { random: Random; person: Person; at: number }) {
    this.#number = number;
    this.random = from.random;
    this.person = from.person;
    this.at = from.at;
    this.card = from.person.cardAt(from.at);
  }

  /** In order of time; what is due at the same time stays in the order in which it was written. */
  get calls(): readonly Timed[] {
    return this.#calls.toSorted((a, b) => a.after - b.after);
  }

  add(after: number, call: Call): void {
    this.#calls.push({ after, call });
  }

  /** A purchase in a shop with the right PIN or tap, unless the details say otherwise. Its name. */
  authorize(merchant: Merchant, amount: number, details: Details = {}, after = 0): string {
    const name = this.#name('a');
    const method = this.random.chance(0.6) ? 'contactless' : 'chip';
    this.add(after, {
      kind: 'authorize',
      name,
      card: this.card,
      amount,
      method,
      merchant,
      cvc: 'not_provided',
      fraudRisk: 'normal',
      ...details,
    });
    return name;
  }

  /** The same over the network, with the number typed in. */
  authorizeOnline(merchant: Merchant, amount: number, details: Details = {}, after = 0): string {
    const entered = { method: 'online', cvc: 'match', threeDSecure: 'authenticated' } as const;
    return this.authorize(merchant, amount, { ...entered, ...details }, after);
  }

  capture(authorization: string, after: number, details: CaptureDetails = {}): string {
    const name = this.#name('k');
    const { amount, close = true, form = 'full' } = details;
    this.add(after, {
      kind: 'capture',
      name,
      authorization,
      ...(amount === undefined ? {} : { amount }),
      close,
      form,
    });
    return name;
  }

  /** 20 to 28 hours: shops send their captures in once a day. */
  nextDay(): number {
    return this.random.between(72_000, 100_800);
  }

  #name(letter: string): string {
    this.#names += 1;
    return `${letter}${this.#number}.${this.#names}`;
  }
}
