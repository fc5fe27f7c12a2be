/** Disturbed deliveries, on demand: rules that pick deliveries by endpoint and event type, and what they do to them. */
import { matchesType } from '../machines/event-type.ts';

export const FAULTS = [
  /** Sent again a little later. */
  'duplicate',
  /** Two copies at the same time. */
  'twice_at_once',
  /** Held back until the next event to that endpoint has been sent, or for `limitMs` at most. */
  'reorder',
  /** Sent later, by `delayMs` and a random part of `jitterMs`. */
  'delay',
  /** Never sent. */
  'drop',
  /** The API call that caused the event is answered only after the first attempt, or after `limitMs`. */
  'before_answer',
] as const;
type Fault = (typeof FAULTS)[number];

export interface DeliveryFaultRule {
  readonly fault: Fault;
  /** Null means every endpoint. */
  readonly endpoint: string | null;
  /** An event type; a `*` at its end stands for any rest. */
  readonly type: string;
  /** Which part of the matching deliveries it strikes, from 0 to 1. */
  readonly share: number;
  /** How many deliveries it still strikes; null means no end. */
  readonly left: number | null;
  /** Real time, as all delays of faults are. */
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly limitMs: number;
}

/** What is done to one delivery. */
export interface Disturbance {
  readonly dropped: boolean;
  readonly delayMs: number;
  /** How long it is held back to be passed; 0 means not at all. */
  readonly reorderMs: number;
  readonly duplicated: boolean;
  readonly twiceAtOnce: boolean;
  /** How long the API call waits for it; 0 means not at all. */
  readonly beforeAnswerMs: number;
}

const UNDISTURBED: Disturbance = {
  dropped: false,
  delayMs: 0,
  reorderMs: 0,
  duplicated: false,
  twiceAtOnce: false,
  beforeAnswerMs: 0,
};

export class DeliveryFaults {
  #rules: readonly DeliveryFaultRule[] = [];
  readonly #random: () => number;

  /** `random` gives numbers from 0 to 1 (exclusive), seeded. */
  constructor(random: () => number) {
    this.#random = random;
  }

  replace(rules: readonly DeliveryFaultRule[]): void {
    this.#rules = rules;
  }

  /** With what is left of each; those that are used up are gone. */
  get rules(): readonly DeliveryFaultRule[] {
    return this.#rules;
  }

  /** Every rule that matches has its say, and is used up by it. */
  disturb(endpoint: string, type: string): Disturbance {
    if (this.#rules.length === 0) return UNDISTURBED;
    const struck = this.#rules.filter((rule) => this.#strikes(rule, endpoint, type));
    if (struck.length === 0) return UNDISTURBED;
    this.#rules = this.#rules.flatMap((rule) => {
      if (rule.left === null || !struck.includes(rule)) return [rule];
      return rule.left > 1 ? [{ ...rule, left: rule.left - 1 }] : [];
    });
    const has = (fault: Fault): boolean => struck.some((rule) => rule.fault === fault);
    const limit = (fault: Fault): number =>
      struck.find((rule) => rule.fault === fault)?.limitMs ?? 0;
    let delayMs = 0;
    for (const rule of struck) {
      delayMs += rule.delayMs + (rule.jitterMs > 0 ? this.#random() * rule.jitterMs : 0);
    }
    return {
      dropped: has('drop'),
      delayMs,
      reorderMs: limit('reorder'),
      duplicated: has('duplicate'),
      twiceAtOnce: has('twice_at_once'),
      beforeAnswerMs: limit('before_answer'),
    };
  }

  #strikes(rule: DeliveryFaultRule, endpoint: string, type: string): boolean {
    return (
      (rule.endpoint === null || rule.endpoint === endpoint) &&
      matchesType(type, rule.type) &&
      (rule.share >= 1 || this.#random() < rule.share)
    );
  }
}
