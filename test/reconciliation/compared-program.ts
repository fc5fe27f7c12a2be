/** A card program whose events never come, so that everything at Stripe is drift until it is compared. */
import type { Stripe } from 'stripe';
import { applyInbox } from '../../src/adapters/postgres/apply/inbox-apply.ts';
import { createDriftStore } from '../../src/adapters/postgres/drift-store.ts';
import { createStripe } from '../../src/adapters/stripe/client.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { createStripeReader } from '../../src/adapters/stripe/reader.ts';
import { type CardId, parseTenantId, type StripeCardId } from '../../src/domain/ids.ts';
import type { IssuerTenant } from '../../src/ports/issuer.ts';
import type { FoundDifference } from '../../src/reconciliation/comparison.ts';
import { type DriftPorts, repairDrift } from '../../src/reconciliation/drift.ts';
import { createProgram, type Program } from '../activities/program.ts';
import { eventually } from '../support/eventually.ts';

const secondNow = (): number => Math.floor(Date.now() / 1_000);

export interface ComparedProgram {
  readonly program: Program;
  readonly stripe: Stripe;
  readonly tenant: IssuerTenant;
  readonly ports: DriftPorts;
  /** An active card, here and at Stripe. */
  active(): Promise<{ readonly cardId: CardId; readonly stripeCardId: StripeCardId }>;
  /** Applies what is due. */
  apply(): Promise<void>;
  /** Compares, applies what was stored, and answers what was found. */
  repair(options?: RepairOptions): Promise<readonly FoundDifference[]>;
  close(): Promise<void>;
}

/** Views of one second are one view: what a test does at Stripe after one has to come later. */
export async function nextSecond(): Promise<void> {
  const second = secondNow();
  await eventually(() => secondNow() > second);
}

export interface RepairOptions {
  readonly cardId?: CardId;
  readonly isDryRun?: boolean;
  readonly ports?: Partial<DriftPorts>;
}

export async function createComparedProgram(): Promise<ComparedProgram> {
  const program = await createProgram();
  const { sql, activities } = program;
  const stripe = createStripe({ secretKey: 'sk_test_activities', apiBase: program.proxy.url });
  const [row] = await sql<{ id: string }[]>`select tenant_id as id from tenants`;
  const tenant = { tenantId: parseTenantId(row?.id ?? ''), stripeAccount: null };
  const ports: DriftPorts = {
    store: createDriftStore(sql),
    reader: createStripeReader(stripe),
    interpret: interpretEvent,
    settled: async () => {},
  };

  async function apply(): Promise<void> {
    for (;;) {
      const counts = await applyInbox(sql, {
        interpret: interpretEvent,
        clock: { nowMs: () => Date.now() },
        lanesMax: 2,
        onError(_group, error) {
          throw error;
        },
      });
      if (counts.applied + counts.ignored + counts.attention === 0) return;
    }
  }

  async function repair(options: RepairOptions = {}): Promise<readonly FoundDifference[]> {
    const found: FoundDifference[] = [];
    const { cardId = null, isDryRun = false } = options;
    await repairDrift(
      { tenant, cardId },
      { ...ports, ...options.ports },
      {
        isDryRun,
        onFound: (one) => found.push(one),
      },
    );
    await apply();
    return found;
  }

  return {
    program,
    stripe,
    tenant,
    ports,
    apply,
    repair,
    async active() {
      const cardId = await program.card();
      const fact = await activities.issueCard({ cardId, previousCardId: null });
      if (fact.kind !== 'card_created') throw new Error('not created');
      const { stripeCardId } = fact;
      await activities.activateCard({ cardId, stripeCardId, frozen: false });
      await apply();
      await repair({ cardId });
      await nextSecond();
      return { cardId, stripeCardId };
    },
    close: () => program.close(),
  };
}
