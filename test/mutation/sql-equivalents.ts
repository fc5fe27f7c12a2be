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
    functionName: 'decide',
    change: 'lements(p_requests) e) {order by a.account_id → } for no key update skip lock',
    reason: 'Rows that somebody holds are skipped, so nobody waits here and no order can deadlock.',
  },
  {
    functionName: 'decide',
    change: ') order by a.account_id{ → desc} for no key update skip lock',
    reason: 'Rows that somebody holds are skipped, so nobody waits here and no order can deadlock.',
  },
  {
    functionName: 'decide',
    change: "elsif clock_timestamp() {> → >=} to_timestamp((r ->> 'deadli",
    reason: 'Differs in one microsecond that no test can hit.',
  },
  {
    functionName: 'decide',
    change: "nts(p_requests) loop if {r ->> 'tenantId' is null → true} then -- The card is u",
    reason:
      'A profile belongs to the tenant whose Stripe account asks, so looking that up once more finds the same.',
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
