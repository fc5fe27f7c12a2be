/** A person's verdict about a holder in Postgres. */
import type { CardFact } from '../../domain/card-facts.ts';
import type { KycStatus } from '../../domain/kyc.ts';
import type {
  KycBefore,
  KycVerdicts,
  PersonsVerdict,
  VerdictOutcome,
} from '../../ports/kyc-verdicts.ts';
import { closeAttention } from './attention.ts';
import { lockAccountsOfHolder } from './holder-locks.ts';
import { jsonText } from './json-column.ts';
import { KYC_REVIEW } from './manual-review.ts';
import type { Queryable } from './pool.ts';

/** What a verdict writes. */
type Columns = Pick<KycBefore, 'status' | 'verifiedAt' | 'decidedAt' | 'lastError'>;

export function createKycVerdictStore(sql: Queryable): KycVerdicts {
  return {
    async decide(cardholderId, verdict, at) {
      await lockAccountsOfHolder(sql, cardholderId);
      const [row] = await sql<Columns[]>`
        select kyc_status as status, kyc_verified_at as "verifiedAt", kyc_decided_at as "decidedAt",
               kyc_last_error as "lastError"
          from cardholders where cardholder_id = ${cardholderId} for no key update`;
      if (row === undefined) return { kind: 'unknown_holder' };
      // What was verified while a card waited counts for that card.
      const [waiting] = await sql`
        select 1 from cards where cardholder_id = ${cardholderId} and phase = 'kyc'
           and created_at > coalesce(${row.verifiedAt}::timestamptz, '-infinity') limit 1`;
      const refusal = refusalOf(row.status, verdict.approved, waiting !== undefined);
      if (refusal !== null) return refusal;
      const versionAfter = await write(sql, cardholderId, columnsOf(verdict, at));
      return { kind: 'decided', before: { ...row, cardholderId, versionAfter } };
    },

    async undo({ cardholderId, versionAfter, ...columns }) {
      await write(sql, cardholderId, columns, versionAfter);
    },

    async announce(cardholderId, { approved, reason }, except) {
      const fact: CardFact = { kind: 'kyc_decided', approved };
      const waiting = sql`
        select c.tenant_id, c.card_id, c.phase, h.version from cards c join cardholders h using (cardholder_id)
         where c.cardholder_id = ${cardholderId} and c.phase = 'kyc' and c.card_id is distinct from ${except ?? null}::text`;
      // The holder's version names the verdict, so that the same verdict is told once.
      await sql`
        insert into facts (tenant_id, card_id, kind, body, dedupe_key)
        select tenant_id, card_id, ${fact.kind}, ${jsonText(fact)}::text::jsonb, 'kyc_decided/' || version
          from (${waiting}) w
        on conflict (card_id, dedupe_key) do nothing`;
      await sql`
        insert into card_timeline (tenant_id, card_id, kind, phase, body)
        select tenant_id, card_id, 'command_decide_kyc', phase, ${jsonText({ approved, reason })}::text::jsonb
          from (${waiting}) w`;
      const resolution = approved ? 'approved by a person' : 'rejected by a person';
      await closeAttention(sql, { kind: KYC_REVIEW, subject: cardholderId, resolution });
    },
  };
}

/** Null where the verdict is to be written. A verdict is final; the same one again changes nothing. */
function refusalOf(status: KycStatus, approved: boolean, waits: boolean): VerdictOutcome | null {
  if (status === 'rejected') {
    return approved ? { kind: 'decided_otherwise', status } : { kind: 'as_wanted' };
  }
  if (status === 'verified') {
    if (!approved) return { kind: 'decided_otherwise', status };
    // A card that waits although its holder was verified before finds that too old: this verdict renews it.
    return waits ? null : { kind: 'as_wanted' };
  }
  return status === 'pending' || waits ? null : { kind: 'nothing_to_decide' };
}

function columnsOf({ approved, reason }: PersonsVerdict, at: Date): Columns {
  return {
    status: approved ? 'verified' : 'rejected',
    verifiedAt: approved ? at : null,
    decidedAt: at,
    lastError: approved ? null : { code: 'rejected_in_review', reason, failureId: null },
  };
}

/** Returns the version that the write made; `ifVersion` writes only where the row is still of that version. */
async function write(
  sql: Queryable,
  cardholderId: string,
  columns: Columns,
  ifVersion?: number,
): Promise<number> {
  const error = columns.lastError === null ? null : jsonText(columns.lastError);
  const [row] = await sql<{ version: number }[]>`
    update cardholders
       set kyc_status = ${columns.status}, kyc_verified_at = ${columns.verifiedAt},
           kyc_decided_at = ${columns.decidedAt}, kyc_last_error = ${error}::text::jsonb, version = version + 1
     where cardholder_id = ${cardholderId} and version = ${ifVersion ?? sql`version`} returning version`;
  return row?.version ?? 0;
}
