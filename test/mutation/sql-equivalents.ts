/** Mutants of which somebody has shown that they change nothing that anybody could see, each with the reason. */
import type { SqlMutant } from './sql-mutants.ts';

interface Equivalent {
  readonly functionName: string;
  /** As the run prints it. */
  readonly change: string;
  readonly reason: string;
}

const EQUIVALENTS: readonly Equivalent[] = [
  {
    functionName: 'write_books',
    change:
      'changes bigint; begin if {p_new_transactions is not null → true} then insert into transa',
    reason: 'Without a list nothing is written; the condition spares the statement.',
  },
  {
    functionName: 'write_books',
    change: 'horization, its flags. if {p_transactions is not null → true} then update transaction',
    reason: 'Without a list nothing is written; the condition spares the statement.',
  },
  {
    functionName: 'check_entry_references',
    change: 'nt_id offset 0)) m limit {1 → 2}; if found then raise',
    reason: '`into` takes the first row, whatever the number.',
  },
  {
    functionName: 'post_entries',
    change: 'select array_agg(entry_id {order by entry_id → }) into ids from written;',
    reason:
      'The rows come in the order in which they were inserted, which Postgres does not promise.',
  },
  {
    functionName: 'apply_posting',
    change:
      "at; if not found then {raise exception 'account % of % in % does not exist', new.account_id, … → null;} end if; if to_held <> 0",
    reason:
      'An entry whose accounts are not there is refused before, and the posting is compared with the entry, so the account is always found.',
  },
  {
    functionName: 'apply_posting',
    change:
      "ter_minor, new.posted_at; {if not found then raise exception 'account % of % in % does not exist'… → null;} if to_held <> 0 then",
    reason:
      'An entry whose accounts are not there is refused before, and the posting is compared with the entry, so the account is always found.',
  },
  {
    functionName: 'affordable',
    change: 'int); end if; if amount {<= → <} 0 or amount + surplus_of(p_',
    reason: 'An amount of exactly 0 is answered as 0 either way.',
  },
  {
    functionName: 'affordable',
    change:
      "_asked, p_room); begin if {p_rule ->> 'kind' = 'margin' → true} then amount := least(am",
    reason: 'Without a margin the share is null, which `least` leaves out.',
  },
  {
    functionName: 'count_spending',
    change: 'group by 1, 2, 3 order by {1 → 2}, 2, 3 on conflict (owner_',
    reason:
      'Counters are changed under the lock of their account, so nobody waits here and no order can deadlock.',
  },
  {
    functionName: 'count_spending',
    change: 'roup by 1, 2, 3 order by 1, {2 → 3}, 3 on conflict (owner_id,',
    reason:
      'Counters are changed under the lock of their account, so nobody waits here and no order can deadlock.',
  },
  {
    functionName: 'count_spending',
    change: 'p by 1, 2, 3 order by 1, 2, {3 → 4} on conflict (owner_id, sp',
    reason:
      'Counters are changed under the lock of their account, so nobody waits here and no order can deadlock.',
  },
  {
    functionName: 'recount_spending',
    change: 'rchases) <> 0 order by {1 → 2}, 2, 3 on conflict (owne',
    reason:
      'Counters are changed under the lock of their account, so nobody waits here and no order can deadlock.',
  },
  {
    functionName: 'recount_spending',
    change: 'ases) <> 0 order by 1, {2 → 3}, 3 on conflict (owner_i',
    reason:
      'Counters are changed under the lock of their account, so nobody waits here and no order can deadlock.',
  },
  {
    functionName: 'recount_spending',
    change: 's) <> 0 order by 1, 2, {3 → 4} on conflict (owner_id,',
    reason:
      'Counters are changed under the lock of their account, so nobody waits here and no order can deadlock.',
  },
  {
    functionName: 'recount_spending',
    change: '< 0 or purchases < 0 limit {1 → 2}; -- A check of the table',
    reason: '`into` takes the first row, whatever the number.',
  },
  {
    functionName: 'standings_of',
    change: ', coalesce((s.known).is_seen{, false → }) or s.is_awaited',
    reason: 'Null is taken as false where it is asked.',
  },
  {
    functionName: 'standings_of',
    change: 'ion_id = r.authorization_id){, false → }) as is_awaited from',
    reason: 'Null is taken as false where it is asked.',
  },
  {
    functionName: 'write_decisions',
    change: "urrency', cardinality(held) {- → +} posted; end if; end $$;",
    reason: 'An entry whose account is not there is refused before, so every hold has its posting.',
  },
  {
    functionName: 'write_decisions',
    change: 's) h where h.held_minor > 0 {order by h.place → }); posted bigint; begin',
    reason: 'The postings are put into their order once more where they are written.',
  },
  {
    functionName: 'write_decisions',
    change: 'd_minor > 0 order by h.place{ → desc}); posted bigint; begin',
    reason: 'The postings are put into their order once more where they are written.',
  },
  {
    functionName: 'write_decisions',
    change: 'unt_id order by h.place) {order by h.place → }; get diagnostics posted =',
    reason: 'The number of a posting follows from its window; ids of postings have no meaning.',
  },
  {
    functionName: 'write_decisions',
    change: 'h.place) order by h.place{ → desc}; get diagnostics posted =',
    reason: 'The number of a posting follows from its window; ids of postings have no meaning.',
  },
  {
    functionName: 'write_decisions',
    change:
      'ace) order by h.place; {get diagnostics posted = row_count; → null;} if posted < cardinality(h',
    reason: 'An entry whose account is not there is refused before, so every hold has its posting.',
  },
  {
    functionName: 'write_decisions',
    change:
      "cardinality(held) then {raise exception '% holds are of no account of their tenant and currenc… → null;} end if; end $$;",
    reason: 'An entry whose account is not there is refused before, so every hold has its posting.',
  },
  {
    functionName: 'write_decisions',
    change:
      "stics posted = row_count; {if posted < cardinality(held) then raise exception '% holds are of no … → null;} end $$;",
    reason: 'An entry whose account is not there is refused before, so every hold has its posting.',
  },
  {
    functionName: 'write_increments',
    change: 'inor, (array_agg(h.merchant {order by h.place → }))[1] as merchant',
    reason:
      'The rows come in the order in which they were collected, which Postgres does not promise.',
  },
  {
    functionName: 'decide_together',
    change: 'elsif clock_timestamp() {> → >=} to_timestamp(r.deadline_s)',
    reason: 'Differs in one microsecond that no test can hit.',
  },
  {
    functionName: 'decide_together',
    change: 'is_alone and (s.anchored_at {< → <=} today or s.anchored_at >= t',
    reason:
      'A purchase of the first moment of the day is decided alone then, with the same answer.',
  },
  {
    functionName: 'decide_together',
    change: "e, is_first, case when held {> → >=} 0 then nextval('journal_ent",
    reason: 'Takes a number that no entry gets.',
  },
  {
    functionName: 'decide_together',
    change: 's_approved, reason, amount, {true → false}, null, null); end loop;',
    reason: 'Nobody asks once the outcome is there.',
  },
  {
    functionName: 'decide_together',
    change: 'if cardinality(written) {> → >=} 0 then perform write_decisi',
    reason: 'With an empty list nothing is written.',
  },
  {
    functionName: 'decide_together',
    change: 'if cardinality(increments) {> → >=} 0 then perform write_increm',
    reason: 'With an empty list nothing is written.',
  },
  {
    functionName: 'decide_together',
    change: 'too. if cardinality(seen) {> → >=} 0 then insert into inbo',
    reason: 'With an empty list nothing is written.',
  },
  {
    functionName: 'decide_together',
    change: "ation, '{}'); amount := {0 → 1}; own := coalesce(approv",
    reason: 'The amount is set by the funds, or to 0 by a decline.',
  },
  {
    functionName: 'decide_together',
    change: 'is null then for i in {1 → 0} .. coalesce(cardinality(r.l',
    reason: 'There is nothing at that place of the list, and nothing is asked of it.',
  },
  {
    functionName: 'decide_together',
    change: 'dinality(r.limit_counters), {0 → 1}) loop counter := r.',
    reason: 'There is nothing at that place of the list, and nothing is asked of it.',
  },
  {
    functionName: 'decide_together',
    change: "esce(array_agg(l.account_id){, '{}' → }), array_agg(l.version), arr",
    reason: 'In no list and in an empty one there is no account.',
  },
  {
    functionName: 'decide_together',
    change: '(p_requests) q)) {order by a.account_id → } for no key update skip lock',
    reason: 'Rows that somebody holds are skipped, so nobody waits here and no order can deadlock.',
  },
  {
    functionName: 'decide_together',
    change: 'order by a.account_id{ → desc} for no key update skip lock',
    reason: 'Rows that somebody holds are skipped, so nobody waits here and no order can deadlock.',
  },
  {
    functionName: 'decide_together',
    change: 'coalesce(i.amount_minor, 0) {order by c.place → }), array_agg(coalesce(i.purc',
    reason: 'The counters come in the order of the list, which Postgres does not promise.',
  },
  {
    functionName: 'decide_together',
    change: 'gg(coalesce(i.purchases, 0) {order by c.place → }) into spent, purchases',
    reason: 'The counters come in the order of the list, which Postgres does not promise.',
  },
  {
    functionName: 'decide_together',
    change: 'n_id is not null then {null; → null;} elsif s.first_place < p',
    reason: 'It is the same statement.',
  },
  {
    functionName: 'decide_together',
    change: "e(r.explanation, '{}'); {amount := 0; → null;} own := coalesce(approve",
    reason: 'The amount is set by the funds, or to 0 by a decline.',
  },
  {
    functionName: 'decide_together',
    change: ".request_id, 11)); if {not o.is_new → true} then o.outcome := 'busy'; e",
    reason: 'What is decided gets its outcome later.',
  },
  {
    functionName: 'decide',
    change: "d', null, null, null, null, {false → true}, null, sqlerrm)::request_ou",
    reason: 'Nobody asks once the outcome is there.',
  },
  {
    functionName: 'decide',
    change: "d', null, null, null, null, {false → true}, null, sqlerrm)::request_ou",
    reason: 'Nobody asks once the outcome is there.',
  },
  {
    functionName: 'decide',
    change: 'd by itself. for place in {1 → 0} .. cardinality(requests) lo',
    reason: 'There is nothing at that place of the list, and nothing is asked of it.',
  },
  {
    functionName: 'decide',
    change: "le, 'error', o.error) {order by o.ordinality → }), '[]') from unnest(out",
    reason: 'The rows come in the order of the list, which Postgres does not promise.',
  },
  {
    functionName: 'begin_ledger_anew',
    change: "_roll_up set rolled_up_to = {'0' → '1'}, restored_up_to = restored,",
    reason: 'The first transaction ids are reserved: no posting was ever written by one of them.',
  },
];

const isOf =
  (mutant: SqlMutant) =>
  ({ functionName, change }: Equivalent): boolean =>
    functionName === mutant.functionName && change === mutant.change;

export const reasonWhyEquivalent = (mutant: SqlMutant): string | undefined =>
  EQUIVALENTS.find(isOf(mutant))?.reason;

/** Entries of the list that belong to no mutant any more. */
export const unusedReasons = (mutants: readonly SqlMutant[]): readonly string[] =>
  EQUIVALENTS.filter((entry) => !mutants.some((mutant) => isOf(mutant)(entry))).map(
    ({ change }) => change,
  );
