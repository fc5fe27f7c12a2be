/** Takes what is personal out of every row but those of the inbox. */
import { jsonText } from '../json-column.ts';
import type { Transaction } from '../pool.ts';
import type { HolderTraces } from './holder-traces.ts';

/** What stands in the place of a text that may not be missing. */
const ERASED = 'Erased';
/** ZZ is no country's code, and never will be. */
const PROFILE = {
  name: ERASED,
  billing: { line1: ERASED, city: ERASED, postalCode: '0', country: 'ZZ' },
};
/** Entries of a timeline whose reason was typed by a person; the reasons of the others are codes. */
const TYPED_REASONS = ['frozen', 'unfrozen', 'command_decide_kyc'];

/** How many rows of each table were emptied. */
export type ErasedRows = Readonly<Record<string, number>>;

export async function eraseRecords(
  tx: Transaction,
  traces: HolderTraces,
  subjects: readonly string[],
): Promise<ErasedRows> {
  return {
    cardholders: await eraseHolder(tx, traces),
    ...(await eraseCards(tx, traces)),
    stripe_attempts: await eraseRequests(tx, traces),
    card_timeline: await eraseTimeline(tx, traces),
    attention_items: await eraseItems(tx, subjects),
  };
}

/**
 * The holder stays as a row without a person: a rejected one, for whom no card is made and no purchase approved. The
 * customer's name is freed, so that the same customer may come back as somebody new.
 */
async function eraseHolder(tx: Transaction, { cardholderId }: HolderTraces): Promise<number> {
  const { count } = await tx`
    update cardholders
       set profile = ${jsonText(PROFILE)}::text::jsonb, customer_ref = 'erased:' || cardholder_id, kyc_url = null,
           kyc_last_error = jsonb_build_object('code', 'erased', 'reason', null), kyc_status = 'rejected',
           kyc_verified_at = null, erased_at = now(), version = version + 1
     where cardholder_id = ${cardholderId}`;
  return count;
}

async function eraseCards(tx: Transaction, { cardIds }: HolderTraces): Promise<ErasedRows> {
  const ids = [...cardIds];
  const cards = await tx`
    update cards
       set shipping = null, second_line = null, version = version + 1,
           freezes = (select coalesce(jsonb_object_agg(f.key, ${ERASED}::text), '{}') from jsonb_each(freezes) f)
     where card_id = any (${ids}) and (shipping is not null or second_line is not null or freezes <> '{}')`;
  // By the number of a parcel its carrier tells where it went.
  const parcels = await tx`
    update stripe_cards set carrier = null, tracking_number = null, tracking_url = null
     where card_id = any (${ids}) and coalesce(carrier, tracking_number, tracking_url) is not null`;
  return { cards: cards.count, stripe_cards: parcels.count };
}

/** As the relay forgets them a month after their answer (redaction-store.ts). */
async function eraseRequests(
  tx: Transaction,
  { cardholderId, cardIds }: HolderTraces,
): Promise<number> {
  const { count } = await tx`
    update stripe_attempts
       set request = jsonb_strip_nulls(jsonb_build_object('forgotten', true, 'provider', request -> 'provider'))
     where subject_id = any (${[cardholderId, ...cardIds]}) and not request ? 'forgotten'`;
  return count;
}

async function eraseTimeline(tx: Transaction, { cardIds }: HolderTraces): Promise<number> {
  const { count } = await tx`
    update card_timeline set body = body - 'reason'
     where card_id = any (${[...cardIds]}) and kind = any (${TYPED_REASONS}) and body ? 'reason'`;
  return count;
}

/** All of them are closed. What each was about stays, as its kind and subject. */
async function eraseItems(tx: Transaction, subjects: readonly string[]): Promise<number> {
  const { count } = await tx`
    update attention_items set details = '{}', resolution = 'erased'
     where closed_at is not null and (details <> '{}' or resolution <> 'erased')
       and item_id = any (${[...subjects]})`;
  return count;
}
