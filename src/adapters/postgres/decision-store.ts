/** Calls the decision function. Deadlines are given in Postgres' time, whose offset each answer tells. */
import { randomUUID } from 'node:crypto';
import type { CardProfile } from '../../domain/card-profile.ts';
import type { DecisionReason } from '../../domain/decision-reasons.ts';
import { idFrom } from '../../domain/ids.ts';
import { minorUnits } from '../../domain/money.ts';
import { storableJson } from '../../platform/storable-text.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DecisionStore, Reply } from '../../ports/decision-store.ts';
import { toAskedList } from './decision-rows.ts';
import { createNotifications, endAtOnce, type Notifications } from './notifications.ts';
import type { Sql } from './pool.ts';
import { createServerClock } from './server-clock.ts';

interface RawReply {
  readonly outcome: Reply['kind'];
  readonly decisionId: string;
  readonly approved: boolean;
  readonly reason: DecisionReason;
  readonly approvedMinor: number;
  readonly profile: CardProfile | null;
  readonly error?: string;
}

export interface DecisionStoreOfPostgres extends DecisionStore {
  close(): Promise<void>;
}

/** How long the old connections may take to end when the store is closed. */
const END_TIMEOUT_S = 1;

/** `connect` makes a pool; it is called again when the connections were lost. */
export function createDecisionStore(connect: () => Sql, clock: Clock): DecisionStoreOfPostgres {
  let sql = connect();
  let changes: Notifications | undefined;
  const serverClock = createServerClock(clock);

  return {
    async decide(questions) {
      const sentMs = clock.nowMs();
      const ids = questions.map(() => newDecisionId(sentMs));
      const { counters, requests } = toAskedList(questions, ids, serverClock.offsetMs);
      // One merchant's name that Postgres cannot keep must not fail the neighbours in the list.
      const [row] = await sql<{ replies: RawReply[]; now_ms: number }[]>`
        select decide(${storableJson(counters)}::text::json, ${storableJson(requests)}::text::json,
                      ${new Date(sentMs)}) as replies,
               (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms`;
      if (row === undefined) throw new Error('decide() answered nothing');
      serverClock.learn(row.now_ms, sentMs);
      return row.replies.map(toReply);
    },
    async loadProfiles(keys) {
      const sentMs = clock.nowMs();
      const rows = await sql<{ profile: CardProfile | null; now_ms: number }[]>`
        select card_profile(k.account, k.card) as profile,
               (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms
          from unnest(${keys.map((key) => key.stripeAccount)}::text[],
                      ${keys.map((key) => key.stripeCardId)}::text[]) with ordinality k (account, card, place)
         order by place`;
      // The first decision of a process has a deadline, too.
      const last = rows.at(-1);
      if (last !== undefined) serverClock.learn(last.now_ms, sentMs);
      return rows.map((row) => row.profile);
    },
    async recordAnswers(answers) {
      await sql`select record_answers(${storableJson(answers)}::text::json)`;
    },
    onProfileChange(told) {
      changes = createNotifications(connect, 'profile_changed', told);
    },
    reconnect() {
      endAtOnce(sql);
      sql = connect();
      changes?.restart();
    },
    close() {
      changes?.close();
      return sql.end({ timeout: END_TIMEOUT_S });
    },
    async probe() {
      const sentMs = clock.nowMs();
      const [row] = await sql<{ now_ms: number }[]>`
        select (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms from decide('[]', '[]', now())`;
      if (row !== undefined) serverClock.learn(row.now_ms, sentMs);
    },
  };
}

/** Digits of a time in milliseconds, until the year 10889. */
const TIME_DIGITS = 12;

/** Begins with the time, so that new ids lie together at the end of their index. */
const newDecisionId = (nowMs: number): string => {
  const time = Math.floor(nowMs).toString(16).padStart(TIME_DIGITS, '0');
  return idFrom('decision', `${time}${randomUUID().replaceAll('-', '').slice(TIME_DIGITS)}`);
};

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
    case 'unknown_tenant':
      return { kind: raw.outcome };
  }
}
