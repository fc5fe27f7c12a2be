/** What happens to an account beside decisions: credits as the API books them; captures and reversals as Stripe tells. */
import { createAccountStore } from '../../src/adapters/postgres/account-store.ts';
import type { Sql } from '../../src/adapters/postgres/pool.ts';
import { metadataKeyOf } from '../../src/domain/metadata-key.ts';
import { minorUnits } from '../../src/domain/money.ts';
import { deliver } from '../relay/relay-inbox.ts';
import type { CardProgram } from '../support/card-program.ts';
import { authorization, event, START_S, transaction } from '../support/stripe-events.ts';

const CREDIT_MINOR = 300;
/** So many of the newest approvals are settled at a time. */
const SETTLED_AT_ONCE = 4;

interface Approval {
  readonly authorization_id: string;
  readonly request_id: string;
  readonly stripe_card_id: string;
  readonly approved_minor: number;
}

export interface Movements {
  readonly happened: Readonly<Record<'credits' | 'captures' | 'reversals', number>>;
  /** A credit, and what becomes of some purchases. */
  move(): Promise<void>;
}

export function createMovements(sql: Sql, program: CardProgram): Movements {
  const happened = { credits: 0, captures: 0, reversals: 0 };
  const settled = new Set<string>();

  async function credit(): Promise<void> {
    const outcome = await sql.begin((tx) =>
      createAccountStore(tx).credit({
        accountId: program.accountId,
        amountMinor: minorUnits(CREDIT_MINOR),
        externalRef: null,
        atMs: Date.now(),
      }),
    );
    if (outcome.kind !== 'booked') throw new Error(`a credit is ${outcome.kind}`);
    happened.credits += 1;
  }

  /** By turns captured whole, captured in part, and reversed. */
  function settle(approval: Approval) {
    settled.add(approval.authorization_id);
    const turn = settled.size % 3;
    const { authorization_id: id, stripe_card_id: card, approved_minor: amount } = approval;
    const taken = turn === 1 ? amount : Math.ceil(amount / 2);
    const record = transaction({ id: `ipi_${id}`, card, amount: -taken, authorization: id });
    happened[turn === 0 ? 'reversals' : 'captures'] += 1;
    return event(
      'issuing_authorization.updated',
      authorization({
        id,
        card,
        amount: 0,
        status: turn === 0 ? 'reversed' : 'closed',
        history: [{ amount, approved: true }],
        metadata: { [metadataKeyOf(approval.request_id)]: 'approved' },
        transactions: turn === 0 ? [] : [record],
      }),
      { atS: START_S + 60 },
    );
  }

  return {
    happened,
    async move() {
      await credit();
      const approvals = await sql<Approval[]>`
        select authorization_id, request_id, stripe_card_id, approved_minor from decisions
         where approved and tenant_id = ${program.tenantId} order by decided_at desc limit ${SETTLED_AT_ONCE}`;
      const fresh = approvals.filter((a) => !settled.has(a.authorization_id));
      await deliver(sql, program, ...fresh.map(settle));
    },
  };
}
