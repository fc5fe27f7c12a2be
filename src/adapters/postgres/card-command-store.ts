/** What is written beside the commands that a card's workflow answers. */
import type { CardFact } from '../../domain/card-facts.ts';
import { parseCardholderId } from '../../domain/ids.ts';
import { invariant } from '../../domain/invariant.ts';
import type { CardCommandRecords } from '../../ports/cards.ts';
import { addTimeline } from './card-controls.ts';
import { jsonText } from './json-column.ts';
import type { Queryable } from './pool.ts';

export function createCardCommandStore(sql: Queryable): CardCommandRecords {
  return {
    async decideKyc(card, { approved, at }) {
      // Decisions read the holder's status, so the accounts of all the holder's cards are locked first.
      await sql`
        select 1 from accounts
         where account_id in (select account_id from cards where cardholder_id = ${card.cardholderId})
         order by account_id for no key update`;
      const [before] = await sql<{ kyc_status: string; kyc_verified_at: Date | null }[]>`
        select kyc_status, kyc_verified_at from cardholders
         where cardholder_id = ${card.cardholderId} for no key update`;
      const [after] = await sql<{ version: number }[]>`
        update cardholders
           set kyc_status = ${approved ? 'verified' : 'rejected'},
               kyc_verified_at = ${approved ? at : null}, version = version + 1
         where cardholder_id = ${card.cardholderId} returning version`;
      invariant(before !== undefined && after !== undefined, 'the holder of a card is there');
      return {
        cardholderId: parseCardholderId(card.cardholderId),
        status: before.kyc_status,
        verifiedAt: before.kyc_verified_at,
        versionAfter: after.version,
      };
    },

    async undecideKyc({ cardholderId, status, verifiedAt, versionAfter }) {
      await sql`
        update cardholders
           set kyc_status = ${status}, kyc_verified_at = ${verifiedAt}, version = version + 1
         where cardholder_id = ${cardholderId} and version = ${versionAfter}`;
    },

    async tellCards(card, approved, which) {
      // The holder's version names the verdict, so that the same verdict is told once.
      await sql`
        insert into facts (tenant_id, card_id, kind, body, dedupe_key)
        select c.tenant_id, c.card_id, 'kyc_decided', ${jsonText({ kind: 'kyc_decided', approved } satisfies CardFact)}::text::jsonb,
               'kyc_decided/' || h.version
          from cards c join cardholders h using (cardholder_id)
         where c.cardholder_id = ${card.cardholderId} and c.phase = 'kyc'
           and (${which === 'all'} or c.card_id <> ${card.id})
        on conflict (card_id, dedupe_key) do nothing`;
    },

    async setShipping(cardId, shipping) {
      const text = shipping === null ? null : jsonText(shipping);
      await sql`
        update cards set shipping = ${text}::text::jsonb, version = version + 1 where card_id = ${cardId}`;
    },

    note: (card, kind, body) => addTimeline(sql, card, kind, { ...body }),
  };
}
