/** Counters of limits: what cards and accounts have spent, by day and category, re-computed from the authorizations. */
import { type Difference, differences, type LedgerCheck, pageOfRows } from './ledger-check.ts';

/** Cards and accounts at once: a busy one has thousands of purchases. */
const SPENDERS_PER_PAGE = 200;

interface SpenderRow {
  id: string;
  /** Days and categories of which something else is stored than the authorizations say. */
  wrong: {
    day: string;
    category: string;
    stored: string;
    summed: string;
    stored_purchases: string;
    summed_purchases: string;
  }[];
}

export const spendingCheck: LedgerCheck = {
  rows: 'spenders',
  start: '',
  async page(tx, after) {
    // A chain of replaced cards spends as its first; what has a counter and is neither card nor account is wrong, too.
    const rows = await tx<SpenderRow[]>`
      with spender as (
        select id from (
          (select account_id as id from accounts where account_id > ${after}
            order by account_id limit ${SPENDERS_PER_PAGE})
          union
          (select card_id from cards where card_id > ${after} and chain_id = card_id
            order by card_id limit ${SPENDERS_PER_PAGE})
          union
          (select distinct owner_id from spending where owner_id > ${after}
            order by owner_id limit ${SPENDERS_PER_PAGE})) known
         order by id limit ${SPENDERS_PER_PAGE})
      select o.id, d.wrong
        from spender o
        cross join lateral (
          select coalesce(jsonb_agg(jsonb_build_object('day', day, 'category', category,
                   'stored', coalesce(s.amount, 0)::text, 'summed', coalesce(c.amount, 0)::text,
                   'stored_purchases', coalesce(s.purchases, 0)::text,
                   'summed_purchases', coalesce(c.purchases, 0)::text) order by day, category), '[]') as wrong
            from (select spent_on as day, category, amount_minor as amount, purchases from spending
                   where owner_id = o.id) s
            full join (
              select (z.anchored_at at time zone 'UTC')::date as day, coalesce(z.merchant ->> 'category', '') as category,
                     sum(z.counted_minor) as amount, count(*) as purchases
                from (select * from authorizations where account_id = o.id
                      union all
                      select a.* from cards k join authorizations a using (card_id) where k.chain_id = o.id) z
               where z.counted_minor > 0 group by 1, 2) c using (day, category)
           where (coalesce(s.amount, 0), coalesce(s.purchases, 0)) <> (coalesce(c.amount, 0), coalesce(c.purchases, 0))) d
       order by o.id`;
    return pageOfRows(rows, SPENDERS_PER_PAGE, rows.flatMap(differencesOf));
  },
};

const differencesOf = ({ id, wrong }: SpenderRow): readonly Difference[] =>
  wrong.flatMap((counter) =>
    differences(
      `spending of ${id} on ${counter.day} in ${counter.category === '' ? 'no category' : counter.category}`,
      [
        ['amount', counter.summed, counter.stored],
        ['purchases', counter.summed_purchases, counter.stored_purchases],
      ],
    ),
  );
