/** Cards: their cumulative spending, re-computed from purchases and clearing records. */
import { type Difference, differences, type LedgerCheck, pageOfRows } from './ledger-check.ts';

/** Cards at once: a busy one has thousands of purchases. */
const CARDS_PER_PAGE = 200;

interface Spending {
  purchases: string;
  captures: string;
  captured: string;
  refunded: string;
}

interface CardRow {
  id: string;
  stored: Spending;
  summed: Spending;
}

export const cardCheck: LedgerCheck = {
  rows: 'cards',
  start: '',
  async page(tx, after) {
    const rows = await tx<CardRow[]>`
      select c.card_id as id,
             jsonb_build_object('purchases', coalesce(s.purchases, 0)::text, 'captures', coalesce(s.captures, 0)::text,
               'captured', coalesce(s.captured_minor, 0)::text, 'refunded', coalesce(s.refunded_minor, 0)::text) as stored,
             jsonb_build_object('purchases', (z.purchases + t.forced)::text, 'captures', t.captures::text,
               'captured', t.captured::text, 'refunded', t.refunded::text) as summed
        from (select card_id from cards where card_id > ${after} order by card_id limit ${CARDS_PER_PAGE}) c
        left join card_spending s using (card_id)
        cross join lateral (
          select count(*) filter (where is_purchase) as purchases from authorizations z where z.card_id = c.card_id) z
        cross join lateral (
          select count(*) filter (where 'forced_capture' = any (flags)) as forced,
                 count(*) filter (where type = 'capture') as captures,
                 coalesce(sum(amount_minor) filter (where type = 'capture'), 0) as captured,
                 coalesce(sum(amount_minor) filter (where type = 'refund'), 0) as refunded
            from transactions t where t.card_id = c.card_id) t
       order by c.card_id`;
    return pageOfRows(rows, CARDS_PER_PAGE, rows.flatMap(differencesOf));
  },
};

const differencesOf = ({ id, stored, summed }: CardRow): readonly Difference[] =>
  differences(`spending of card ${id}`, [
    ['purchases', summed.purchases, stored.purchases],
    ['captures', summed.captures, stored.captures],
    ['captured amount', summed.captured, stored.captured],
    ['refunded amount', summed.refunded, stored.refunded],
  ]);
