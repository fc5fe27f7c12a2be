/** What the load process is told to do, and what it tells afterwards. */
import type { Asked, RequestTemplate } from './request.ts';

/** `closed`: the next request leaves when an answer came. `open`: requests leave by the clock, whatever comes back. */
export type Pace =
  | { readonly kind: 'closed'; readonly connections: number }
  | { readonly kind: 'open'; readonly perSecond: number; readonly connectionsMax: number };

export interface LoadPlan {
  readonly template: RequestTemplate;
  readonly secret: string;
  /** Stripe's time of the requests and of their signatures, which hold for five minutes. */
  readonly atS: number;
  readonly ports: readonly number[];
  readonly asked: readonly Asked[];
  readonly pace: Pace;
  /** Whether each answer is told, and not only their sum. */
  readonly keepAnswers: boolean;
}

export interface Answer {
  readonly requestId: string;
  /** 0 when none came. */
  readonly status: number;
  readonly approved: boolean;
  readonly decisionId: string | null;
  /** The reason, or why there is none. */
  readonly outcome: string;
  /** When it should have been sent, by the wall clock. */
  readonly askedAtMs: number;
  /** From then until the answer was read. */
  readonly tookMs: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly approved: number;
  /** Answers that Postgres gave, whatever they were. */
  readonly decided: number;
  /** Answers that took longer than the budget of 500 ms. */
  readonly late: number;
  /** How late the latest request left; near zero as long as the schedule was kept. */
  readonly sentLateMaxMs: number;
  readonly connections: number;
  /** Processor time of the load itself. */
  readonly cpuMs: number;
  /** In the order of `asked`; empty unless they were to be kept. */
  readonly answers: readonly Answer[];
}

export type ToLoad = { readonly kind: 'plan'; readonly plan: LoadPlan } | { readonly kind: 'go' };
export type FromLoad =
  | { readonly kind: 'prepared' }
  | { readonly kind: 'result'; readonly result: LoadResult }
  | { readonly kind: 'failed'; readonly error: string };
