/** What the load process is told to do, and what it tells afterwards. */
import type { Pace } from '../authorizer/load-plan.ts';
import type { EventTemplate } from './event-template.ts';

export interface DeliveryPlan {
  readonly template: EventTemplate;
  readonly port: number;
  /** The events are numbered from here. */
  readonly first: number;
  readonly count: number;
  readonly cards: number;
  readonly pace: Pace;
}

export interface DeliveryResult {
  readonly deliveries: number;
  /** Answered with 200. */
  readonly accepted: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Processor time of the load itself. */
  readonly cpuMs: number;
  readonly statuses: Readonly<Record<string, number>>;
}

export type ToLoad =
  | { readonly kind: 'plan'; readonly plan: DeliveryPlan }
  | { readonly kind: 'go' };
export type FromLoad =
  | { readonly kind: 'prepared' }
  | { readonly kind: 'result'; readonly result: DeliveryResult }
  | { readonly kind: 'failed'; readonly error: string };
