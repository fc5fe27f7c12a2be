/** A person's verdict about a holder in Postgres. */
import type { CardFact } from '../../domain/card-facts.ts';
import type { KycStatus } from '../../domain/kyc.ts';
import type { KycVerdicts, PersonsVerdict, VerdictOutcome } from '../../ports/kyc-verdicts.ts';
import { lockAccountsOfHolder } from './holder-locks.ts';
import { jsonText } from './json-column.ts';
import { closeReview } from './manual-review.ts';
import type { Queryable } from './pool.ts';

export function createKycVerdictStore(sql: Queryable): KycVerdicts {
  return {
    async decide(cardholderId, verdict, at) {
      await lockAccountsOfHolder(sql, cardholderId);
      const [row] = await sql<{ status: KycStatus; verifiedAt: Date | null }[]>`
        select kyc_status as status, kyc_verified_at as "verifiedAt"
          from cardholders where cardholder_id = ${cardholderId} for no key update`;
      if (row === undefined) return { kind: 'unknown_holder' };
      // What was verified while a card waited counts for that card.
      const [waiting] = await sql`
        select 1 from cards where cardholder_id = ${cardholderId} and phase = 'kyc'
           and created_at > coalesce(${row.verifiedAt}::timestamptz, '-infinity') limit 1`;
      const refusal = refusalOf(row.status, verdict.approved, waiting !== undefined);
      if (refusal !== null) return refusal;
      await write(sql, cardholderId, verdict, at);
      return { kind: 'decided' };
    },

    async announce(cardholderId, { approved, reason }) {
      const fact: CardFact = { kind: 'kyc_decided', approved };
      const waiting = sql`
        select c.tenant_id, c.card_id, c.phase, h.version from cards c join cardholders h using (cardholder_id)
         where c.cardholder_id = ${cardholderId} and c.phase = 'kyc'`;
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
      await closeReview(sql, cardholderId, resolution);
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

/** The link to a check that runs elsewhere has nothing to decide any more. */
async function write(
  sql: Queryable,
  cardholderId: string,
  { approved, reason }: PersonsVerdict,
  at: Date,
): Promise<void> {
  const error = approved ? null : jsonText({ code: 'rejected_in_review', reason, failureId: null });
  await sql`
    update cardholders
       set kyc_status = ${approved ? 'verified' : 'rejected'}, kyc_verified_at = ${approved ? at : null},
           kyc_decided_at = ${at}, kyc_last_error = ${error}::text::jsonb, kyc_url = null, version = version + 1
     where cardholder_id = ${cardholderId}`;
}
