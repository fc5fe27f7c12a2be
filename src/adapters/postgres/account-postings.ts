/** What the queries over an account's postings share; `p` is the posting, `e` its entry. */
import type { Queryable } from './pool.ts';

type Fragment = ReturnType<Queryable>;

/** What the posting does to one balance of its account. */
export const changeOf = (sql: Queryable, balance: 'available' | 'held'): Fragment =>
  sql`case when p.credit = ${balance} then p.amount_minor when p.debit = ${balance} then -p.amount_minor else 0 end`;

/** The account at the other end of a transfer, from whichever end it is looked at. */
export const counterAccount = (sql: Queryable): Fragment =>
  sql`case when e.account_id = p.account_id then e.counter_account_id else e.account_id end`;

/** The newest posting of account `a` that the condition allows, as `name`. */
export const newestPosting = (sql: Queryable, name: string, condition: Fragment): Fragment => sql`
  left join lateral (
    select seq, posted_at, available_after_minor, held_after_minor from postings
     where account_id = a.account_id and ${condition}
     order by posted_at desc, seq desc limit 1) ${sql(name)} on true`;
