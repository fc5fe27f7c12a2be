/** Whether the decisions on the one account were right, by its postings in their order and by what was answered. */
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import { differencesIn } from './books.ts';
import type { Answer } from './load-plan.ts';

export interface SpendingCheck {
  /** Holds after which less than nothing was left, in the order of the postings. */
  readonly holdsBeyondRoom: number;
  readonly unmatchedHolds: number;
  /** Declines for funds whose balance under the lock would have been enough, or that the account never had. */
  readonly wrongDeclines: number;
  readonly repeats: number;
  readonly differingRepeats: number;
  /** Answers of Postgres that the table holds otherwise, or not at all. */
  readonly unrecordedAnswers: number;
  readonly fallbacks: number;
  /** Committed after their request had been declined without Postgres. */
  readonly holdsOfFallbacks: number;
  readonly differences: number;
  readonly roomMinor: number;
  readonly smallestDeclinedMinor: number | null;
}

export async function checkSpending(sql: Sql, answers: readonly Answer[]): Promise<SpendingCheck> {
  const [books] = await sql<
    Pick<
      SpendingCheck,
      'holdsBeyondRoom' | 'unmatchedHolds' | 'wrongDeclines' | 'roomMinor' | 'smallestDeclinedMinor'
    >[]
  >`
    with account as (select * from accounts),
    moves as (
      -- The balance is summed anew: what the postings say of it is to be checked, too.
      select p.*, sum(case 'available' when p.credit then p.amount_minor when p.debit then -p.amount_minor else 0 end)
                    over (order by p.seq) as available
        from postings p join account using (account_id)),
    holds as (
      select m.*, e.decision_id from moves m join journal_entries e using (entry_id) where e.kind = 'hold'),
    declined as (
      select * from decisions where reason = 'INSUFFICIENT_FUNDS')
    select (select count(*) from holds h, account a where h.available + a.credit_limit_minor < 0) as "holdsBeyondRoom",
           (select count(*) from holds h full join (select * from decisions where approved) d using (decision_id)
             where h.amount_minor is distinct from d.approved_minor) as "unmatchedHolds",
           (select count(*) from declined d, account a
             where d.available_before_minor is null
                or d.available_before_minor + a.credit_limit_minor >= d.asked_minor
                or d.available_before_minor not in (select available from moves)) as "wrongDeclines",
           (select available_minor + credit_limit_minor from account) as "roomMinor",
           (select min(asked_minor) from declined) as "smallestDeclinedMinor"`;
  if (books === undefined) throw new Error('the check found nothing');
  const recorded = new Map(
    (await sql<Recorded[]>`select request_id, decision_id, approved, reason from decisions`).map(
      (row) => [row.request_id, row],
    ),
  );
  return {
    ...books,
    ...compareAnswers(answers, recorded),
    differences: (await differencesIn(sql)).length,
  };
}

interface Recorded {
  readonly request_id: string;
  readonly decision_id: string;
  readonly approved: boolean;
  readonly reason: string;
}

function compareAnswers(
  answers: readonly Answer[],
  recorded: ReadonlyMap<string, Recorded>,
): Pick<
  SpendingCheck,
  'repeats' | 'differingRepeats' | 'unrecordedAnswers' | 'fallbacks' | 'holdsOfFallbacks'
> {
  const first = new Map<string, Answer>();
  let differingRepeats = 0;
  let unrecordedAnswers = 0;
  for (const answer of answers) {
    if (answer.decisionId === null) {
      if (answer.approved) unrecordedAnswers += 1;
      continue;
    }
    const before = first.get(answer.requestId);
    if (before === undefined) first.set(answer.requestId, answer);
    else if (before.decisionId !== answer.decisionId || before.approved !== answer.approved) {
      differingRepeats += 1;
    }
    const row = recorded.get(answer.requestId);
    const isAsRecorded =
      row?.decision_id === answer.decisionId &&
      row.approved === answer.approved &&
      row.reason === answer.outcome;
    if (!isAsRecorded) unrecordedAnswers += 1;
  }
  const unheard = [...recorded.values()].filter(
    (row) => row.approved && !first.has(row.request_id),
  );
  return {
    repeats: answers.length - new Set(answers.map(({ requestId }) => requestId)).size,
    differingRepeats,
    unrecordedAnswers,
    fallbacks: answers.filter(({ decisionId }) => decisionId === null).length,
    holdsOfFallbacks: unheard.length,
  };
}
