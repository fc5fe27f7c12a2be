/** Recorded decisions as they are read, each with the newest answer that left for its request. */
import type { ProfileVersions } from '../../domain/card-profile.ts';
import { cardholderText } from '../../domain/cardholder-texts.ts';
import { explain } from '../../domain/explain.ts';
import { add, ZERO } from '../../domain/money.ts';
import { surplusOf } from '../../domain/surplus.ts';
import type {
  DecisionRecord,
  Decisions,
  DecisionTimings,
  LeftAnswer,
} from '../../ports/decisions.ts';
import { afterCursor, cursorIn, rowsFor, toPage } from './list-page.ts';
import type { Queryable } from './pool.ts';
import { isoTime } from './transaction-rows.ts';

const ORDER = { table: 'decisions', id: 'decision_id', time: 'decided_at' } as const;
const MS_PER_SECOND = 1_000;
/** Answers leave within 500 ms; a process that could not run for longer than this is not looked after. */
const ANSWERED_WITHIN = '2 seconds';

type Derived =
  | 'explanation'
  | 'cardholderText'
  | 'heldMinor'
  | 'creditLimitMinor'
  | 'requestedAt'
  | 'answer';

interface DecisionRow extends Omit<DecisionRecord, Derived | 'versions' | 'decidedAt' | 'timings'> {
  /** Empty while nobody knows the card. */
  readonly versions: Partial<ProfileVersions>;
  readonly requestedS: number;
  readonly decidedAt: Date;
  readonly timings: Partial<DecisionTimings>;
  /** As JSON, so its time is a text. */
  readonly left: (LeftAnswer & { readonly timings: Partial<DecisionTimings> }) | null;
}

export function createDecisions(sql: Queryable): Decisions {
  return {
    async find(id) {
      const [row] = await sql<DecisionRow[]>`
        select ${decisionColumns(sql)} from decisions where decision_id = ${id}`;
      return row === undefined ? undefined : toRecord(row);
    },

    async ofCard(cardId, page) {
      const rows = await sql<DecisionRow[]>`
        select ${decisionColumns(sql)} from decisions
         where card_id = ${cardId} ${afterCursor(sql, ORDER, page)}
         order by decided_at desc, decision_id desc limit ${rowsFor(page)}`;
      return toPage(rows.map(toRecord), page, cursorIn(sql, ORDER));
    },
  };
}

/** Decisions by their ids, in no order. */
export async function readDecisions(
  sql: Queryable,
  ids: readonly string[],
): Promise<readonly DecisionRecord[]> {
  const rows = await sql<DecisionRow[]>`
    select ${decisionColumns(sql)} from decisions where decision_id = any(${[...ids]})`;
  return rows.map(toRecord);
}

/** Named as the fields of the row. An answer that names no decision left without one, and may be about this one. */
const decisionColumns = (sql: Queryable) => sql`
  decision_id as id, request_id as "requestId", tenant_id as "tenantId",
  authorization_id as "authorizationId", stripe_card_id as "stripeCardId", card_id as "cardId",
  account_id as "accountId", currency, approved, reason, asked_minor as "askedMinor",
  approved_minor as "approvedMinor", surplus, available_before_minor as "availableBeforeMinor",
  explanation as facts, versions, confirmed, requested_at as "requestedS",
  decided_at as "decidedAt", timings,
  (select jsonb_build_object('approved', a.approved, 'reason', a.reason,
            'answeredAt', a."answeredAt", 'timings', a.timings)
     from answer_batches b
    cross join lateral jsonb_to_recordset(b.answers) as a ("requestId" text, "stripeAccount" text,
      "decisionId" text, approved boolean, reason text, timings jsonb, "answeredAt" text)
    where b.span && tstzrange((decisions.timings ->> 'receivedAt')::timestamptz,
                              (decisions.timings ->> 'receivedAt')::timestamptz + ${ANSWERED_WITHIN}::interval)
      and a."requestId" = decisions.request_id
      and coalesce(a."decisionId", decisions.decision_id) = decisions.decision_id
      and a."stripeAccount" is not distinct from (
            select t.stripe_account from tenants t where t.tenant_id = decisions.tenant_id)
    order by a."answeredAt"::timestamptz desc, b.batch_id desc limit 1) as left`;

function toRecord({ left, requestedS, ...row }: DecisionRow): DecisionRecord {
  const { approved, approvedMinor, facts, surplus, timings } = row;
  const heldMinor = approved ? add(approvedMinor, surplusOf(surplus, approvedMinor)) : ZERO;
  return {
    ...row,
    explanation: explain({ ...row, heldMinor, explanation: facts, answer: left }),
    cardholderText: cardholderText(left?.reason ?? row.reason),
    heldMinor,
    creditLimitMinor: facts.funds?.creditLimitMinor ?? null,
    versions: isWhole(row.versions) ? row.versions : null,
    requestedAt: isoTime(new Date(requestedS * MS_PER_SECOND)),
    decidedAt: isoTime(row.decidedAt),
    timings: {
      receivedAt: timings.receivedAt ?? null,
      verifiedMs: timings.verifiedMs ?? null,
      profileMs: timings.profileMs ?? null,
      databaseMs: left?.timings.databaseMs ?? null,
      answeredMs: left?.timings.answeredMs ?? null,
    },
    answer: left === null ? null : toAnswer(left),
  };
}

const isWhole = (versions: Partial<ProfileVersions>): versions is ProfileVersions =>
  versions.card !== undefined;

const toAnswer = ({ approved, reason, answeredAt }: LeftAnswer): LeftAnswer => ({
  approved,
  reason,
  answeredAt: isoTime(answeredAt),
});
