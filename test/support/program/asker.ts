/** Asks the decision function for a random program, and looks whether its answers are as they must be. */
import { createDecisionStore } from '../../../src/adapters/postgres/decision-store.ts';
import type { Sql } from '../../../src/adapters/postgres/pool.ts';
import type { AuthorizationRequest } from '../../../src/domain/authorization-request.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import type { Reply } from '../../../src/ports/decision-store.ts';
import { questionOf } from '../ask-decision.ts';

interface Listener {
  readonly count: (what: string) => void;
  readonly complain: (what: string) => void;
}

export interface Asker {
  ask(request: AuthorizationRequest): Promise<Reply>;
  /** Asks an earlier request once more. */
  askAgain(index: number): Promise<void>;
}

export function createAsker(sql: Sql, { count, complain }: Listener): Asker {
  const decisions = createDecisionStore(() => sql, systemClock());
  const asked: { readonly request: AuthorizationRequest; readonly reply: Reply }[] = [];

  async function ask(request: AuthorizationRequest): Promise<Reply> {
    const { requestId } = request;
    const question = await questionOf(decisions, request);
    const [reply] = await decisions.decide([question]);
    if (reply === undefined) throw new Error('a question has an answer');
    const earlier = asked.find((one) => one.request.requestId === requestId);
    if (earlier === undefined) {
      asked.push({ request, reply });
      count(reply.kind === 'decided' ? `decided ${reply.reason}` : reply.kind);
      await checkFunds(reply, question.profile?.accountId ?? '');
    } else if (JSON.stringify(earlier.reply) !== JSON.stringify(reply)) {
      complain(`request ${requestId} was answered otherwise the second time`);
    }
    return reply;
  }

  /** Only the network can bring an account below its limit; an approval of ours never does. */
  async function checkFunds(reply: Reply, accountId: string): Promise<void> {
    if (reply.kind !== 'decided' || !reply.approved || reply.approvedMinor === 0) return;
    const [row] = await sql<{ room: number }[]>`
      select available_minor + credit_limit_minor as room from accounts where account_id = ${accountId}`;
    if (row === undefined || row.room < 0)
      complain(`${reply.decisionId} overspends by ${row?.room}`);
  }

  return {
    ask,
    async askAgain(index) {
      const earlier = asked[index % Math.max(asked.length, 1)];
      if (earlier !== undefined) await ask(earlier.request);
    },
  };
}
