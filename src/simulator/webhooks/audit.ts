/** What was sent and what became of it: counts by endpoint, and by event type within. Since the process started. */

import type { PostOutcome } from './poster.ts';

/** How one attempt ended: the status of the answer, or why there is none. */
export type AttemptOutcome = number | 'failed' | 'timeout';

/** The same of what a post came to. */
export const outcomeOf = (post: PostOutcome): AttemptOutcome =>
  post.kind === 'answered' ? post.status : post.kind;

export interface AuditCounts {
  /** Attempts, each repeat and each copy counted. */
  sent: number;
  /** By class of status, e.g. `2xx`. */
  readonly answered: Record<string, number>;
  timed_out: number;
  /** The connection failed. */
  failed: number;
  /** Attempts that were not the first of their delivery. */
  retried: number;
  /** Deliveries that a fault swallowed. */
  dropped: number;
  /** Additional copies that a fault made. */
  duplicated: number;
  /** Deliveries that were never answered with 2xx, and are not tried any more. */
  given_up: number;
  /** Deliveries still to be made. */
  pending: number;
}

const noCounts = (): AuditCounts => ({
  sent: 0,
  answered: {},
  timed_out: 0,
  failed: 0,
  retried: 0,
  dropped: 0,
  duplicated: 0,
  given_up: 0,
  pending: 0,
});

/** The sum of many counts. */
export function totalOf(all: readonly AuditCounts[]): AuditCounts {
  const total = noCounts();
  for (const counts of all) {
    for (const name of COUNTERS) total[name] += counts[name];
    for (const [status, count] of Object.entries(counts.answered)) {
      total.answered[status] = (total.answered[status] ?? 0) + count;
    }
  }
  return total;
}

const COUNTERS = [
  'sent',
  'timed_out',
  'failed',
  'retried',
  'dropped',
  'duplicated',
  'given_up',
  'pending',
] as const satisfies readonly (keyof AuditCounts)[];

type Counter = 'dropped' | 'duplicated' | 'given_up' | 'retried' | 'sent';

export class Audit {
  readonly #counts = new Map<string, Map<string, AuditCounts>>();

  /** `endpoint` is any text that names the receiver; the parts of an audit have their own. */
  count(endpoint: string, type: string, counter: Counter): void {
    this.#of(endpoint, type)[counter] += 1;
  }

  ended(endpoint: string, type: string, outcome: AttemptOutcome): void {
    const counts = this.#of(endpoint, type);
    if (outcome === 'timeout') counts.timed_out += 1;
    else if (outcome === 'failed') counts.failed += 1;
    else {
      const status = `${Math.floor(outcome / 100)}xx`;
      counts.answered[status] = (counts.answered[status] ?? 0) + 1;
    }
  }

  /** By event type. `pending` lists the types of the deliveries still to be made. */
  types(endpoint: string, pending: readonly string[] = []): Readonly<Record<string, AuditCounts>> {
    const types: Record<string, AuditCounts> = Object.fromEntries(
      [...(this.#counts.get(endpoint) ?? [])].map(
        ([type, counts]) => [type, { ...counts, answered: { ...counts.answered } }] as const,
      ),
    );
    for (const type of pending) (types[type] ??= noCounts()).pending += 1;
    return types;
  }

  /** Every receiver there are counts of, also those that are gone. */
  endpoints(): readonly string[] {
    return [...this.#counts.keys()];
  }

  #of(endpoint: string, type: string): AuditCounts {
    let types = this.#counts.get(endpoint);
    if (types === undefined) {
      types = new Map();
      this.#counts.set(endpoint, types);
    }
    let counts = types.get(type);
    if (counts === undefined) {
      counts = noCounts();
      types.set(type, counts);
    }
    return counts;
  }
}
