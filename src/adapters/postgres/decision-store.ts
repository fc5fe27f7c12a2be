/** Calls the decision function. Deadlines are given in Postgres' time, whose offset each answer tells. */
import { randomUUID } from 'node:crypto';
import type { CardProfile, DecisionReason } from '../../domain/decision.ts';
import { idFrom } from '../../domain/ids.ts';
import { minorUnits } from '../../domain/money.ts';
import { storableJson } from '../../platform/storable-text.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DecisionStore, Question, Reply } from '../../ports/decision-store.ts';
import type { Sql } from './pool.ts';

interface RawReply {
  readonly outcome: 'decided' | 'busy' | 'stale' | 'too_late' | 'failed';
  readonly decisionId: string;
  readonly approved: boolean;
  readonly reason: DecisionReason;
  readonly approvedMinor: number;
  readonly profile: CardProfile | null;
  readonly error?: string;
}

/** How fast the estimate of Postgres' clock follows a change: one part in eight an answer. */
const OFFSET_GAIN = 1 / 8;

export interface DecisionStoreOfPostgres extends DecisionStore {
  close(): Promise<void>;
}

/** How long the old connections may take to end when the store is closed. */
const END_TIMEOUT_S = 1;

/** `connect` makes a pool; it is called again when the connections were lost. */
export function createDecisionStore(connect: () => Sql, clock: Clock): DecisionStoreOfPostgres {
  let sql = connect();
  let listener: ((change: string) => void) | undefined;
  /** Postgres' clock less ours, in milliseconds. */
  let offsetMs: number | undefined;

  function learnOffset(postgresMs: number, sentMs: number): void {
    // The answer's time lies between sending and receiving; the middle is the best guess.
    const measured = postgresMs - (sentMs + clock.nowMs()) / 2;
    offsetMs = offsetMs === undefined ? measured : offsetMs + (measured - offsetMs) * OFFSET_GAIN;
  }

  return {
    async decide(questions) {
      const sentMs = clock.nowMs();
      const offset = offsetMs ?? 0;
      // One merchant's name that Postgres cannot keep must not fail the neighbours in the list.
      const body = storableJson(questions.map((q) => questionToJson(q, offset)));
      const [row] = await sql<{ replies: RawReply[]; now_ms: number }[]>`
        select decide(${body}::text::jsonb) as replies,
               (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms`;
      if (row === undefined) throw new Error('decide() answered nothing');
      learnOffset(row.now_ms, sentMs);
      return row.replies.map(toReply);
    },
    async loadProfile(stripeAccount, stripeCardId) {
      const [row] = await sql<{ profile: CardProfile | null }[]>`
        select card_profile(${stripeAccount}, ${stripeCardId}) as profile`;
      return row?.profile ?? null;
    },
    async onProfileChange(told) {
      listener = told;
      await sql.listen('profile_changed', told);
    },
    reconnect() {
      // The old connections hang, so nobody waits for their end.
      sql.end({ timeout: 0 }).catch(() => {});
      sql = connect();
      // Until it listens again, profiles may be outdated, which the versions in the decision find out.
      if (listener !== undefined) sql.listen('profile_changed', listener).catch(() => {});
    },
    close: () => sql.end({ timeout: END_TIMEOUT_S }),
    async isReachable() {
      try {
        await sql`select 1`;
        return true;
      } catch {
        return false;
      }
    },
  };
}

function questionToJson(question: Question, offsetMs: number): Record<string, unknown> {
  const { request, profile, rule, timings } = question;
  const asksFunds = rule.kind === 'ask_funds';
  return {
    requestId: request.requestId,
    decisionId: idFrom('decision', randomUUID().replaceAll('-', '')),
    tenantId: profile?.tenantId ?? null,
    cardId: profile?.cardId ?? null,
    accountId: profile?.accountId ?? null,
    versions: profile?.versions ?? null,
    stripeAccount: request.stripeAccount,
    stripeCardId: request.stripeCardId,
    authorizationId: request.authorizationId,
    currency: request.currency,
    askedMinor: request.askedMinor,
    requestedS: request.requestedS,
    merchant: request.merchant,
    surplus: asksFunds ? rule.surplus : { kind: 'none' },
    minimumMinor: asksFunds ? rule.minimumMinor : request.askedMinor,
    limits: asksFunds ? rule.limits : [],
    ruleReason: asksFunds ? null : rule.reason,
    explanation: asksFunds ? {} : { rule: rule.detail },
    timings,
    deadlineS: (question.deadlineMs + offsetMs) / 1000,
  };
}

function toReply(raw: RawReply): Reply {
  switch (raw.outcome) {
    case 'decided':
      return {
        kind: 'decided',
        decisionId: raw.decisionId,
        approved: raw.approved,
        reason: raw.reason,
        approvedMinor: minorUnits(raw.approvedMinor),
      };
    case 'stale':
      return { kind: 'stale', profile: raw.profile };
    case 'failed':
      return { kind: 'failed', error: raw.error ?? 'no reason given' };
    case 'busy':
    case 'too_late':
      return { kind: raw.outcome };
  }
}
