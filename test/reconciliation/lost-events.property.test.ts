/**
 * Whatever events are lost, in whatever order the others come, and whenever it is compared: reading Stripe's objects leads
 * to where all events would have led. Those that were lost come at the end, and change nothing any more.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCatchUpStore } from '../../src/adapters/postgres/catch-up-store.ts';
import { verifyLedger } from '../../src/adapters/postgres/verify/verify-ledger.ts';
import { createEventLister } from '../../src/adapters/stripe/event-lister.ts';
import { interpretEvent } from '../../src/adapters/stripe/interpret-event.ts';
import { COMPLETENESS_EVENT_TYPES } from '../../src/domain/event-types.ts';
import type { IncomingEvent } from '../../src/ports/event-intake.ts';
import { pagesOf } from '../../src/reconciliation/listing.ts';
import { createReread } from '../../src/reconciliation/reread.ts';
import { type ComparedProgram, createComparedProgram } from './compared-program.ts';

const RUNS = 5;
const STEPS_MAX = 14;
/** Comparisons after which nothing may differ any more. */
const ROUNDS_MAX = 3;
const TEST_MS = 180_000;

let compared: ComparedProgram;
let startedS = 0;

beforeAll(async () => {
  compared = await createComparedProgram();
  startedS = Math.floor(Date.now() / 1_000) - 10;
});
afterAll(() => compared.close());

const KINDS = [
  'buy',
  'capture',
  'reverse',
  'increment',
  'refund',
  'freeze',
  'thaw',
  'dispute',
] as const;

interface Step {
  readonly kind: (typeof KINDS)[number] | 'tell' | 'compare';
  /** Which purchase, or how much. */
  readonly of: number;
  /** Seconds until the next one. */
  readonly passS: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('buy', 'buy', ...KINDS, 'capture', 'tell', 'compare'),
  of: fc.nat(1_000),
  passS: fc.constantFrom(0, 0, 1, 2),
});

interface Told {
  /** Whether the event comes in time, and where among the others. */
  readonly isLost: boolean;
  readonly place: number;
}

const told: fc.Arbitrary<Told> = fc.record({ isLost: fc.boolean(), place: fc.nat() });

const pass = (seconds: number): Promise<void> =>
  compared.program.control('POST', '/clock/advance', { seconds });

interface World {
  readonly stripeCardId: string;
  readonly purchases: string[];
  readonly records: string[];
}

/** Does it at Stripe, where that is possible. */
async function act({ stripeCardId: card, purchases, records }: World, { kind, of }: Step) {
  const { testHelpers, issuing } = compared.stripe;
  const purchase = purchases[of % Math.max(1, purchases.length)] ?? 'iauth_none';
  const record = records[of % Math.max(1, records.length)] ?? 'ipi_none';
  const amount = 100 + of;
  switch (kind) {
    case 'buy': {
      const made = { card, amount, currency: 'eur', is_amount_controllable: true };
      purchases.push((await testHelpers.issuing.authorizations.create(made)).id);
      return;
    }
    case 'capture': {
      const part = { capture_amount: amount, close_authorization: of % 2 === 0 };
      const { transactions } = await testHelpers.issuing.authorizations.capture(purchase, part);
      records.push(...transactions.map(({ id }) => id).filter((id) => !records.includes(id)));
      return;
    }
    case 'reverse':
      return testHelpers.issuing.authorizations.reverse(purchase);
    case 'increment':
      return testHelpers.issuing.authorizations.increment(purchase, { increment_amount: amount });
    case 'refund':
      return testHelpers.issuing.transactions.refund(record, { refund_amount: 50 });
    case 'freeze':
      return issuing.cards.update(card, { status: 'inactive' });
    case 'thaw':
      return issuing.cards.update(card, { status: 'active' });
    case 'dispute': {
      const evidence = { reason: 'other' as const, other: { explanation: 'never bought' } };
      return issuing.disputes.create({ transaction: record, evidence });
    }
    case 'tell':
    case 'compare':
      return;
  }
}

/** All events since the test began that are not stored here. */
async function untold(): Promise<readonly IncomingEvent[]> {
  const listing = {
    lister: createEventLister(compared.stripe),
    pace: { turn: async () => {}, holdMs() {} },
  };
  const nowS = await listing.lister.nowS(null);
  const all: IncomingEvent[] = [];
  const span = { fromS: startedS, toS: nowS + 1 };
  const wanted = { stripeAccount: null, types: COMPLETENESS_EVENT_TYPES, ...span };
  for await (const page of pagesOf(listing, wanted)) all.push(...page);
  return createCatchUpStore(compared.program.sql).missing(compared.tenant, all);
}

async function deliver(events: readonly IncomingEvent[]): Promise<void> {
  for (const event of events) {
    await createCatchUpStore(compared.program.sql).storeCaughtUp(compared.tenant, [event]);
    await compared.apply();
  }
}

/** What is here of the card, its purchases and its money. */
async function books(cardId: string): Promise<unknown> {
  const [row] = await compared.program.sql`
    select c.phase,
           (select jsonb_agg(s.status) from stripe_cards s where s.card_id = c.card_id) as statuses,
           (select jsonb_agg(jsonb_build_object('id', authorization_id, 'status', status, 'held', held_minor,
                     'captured', captured_minor, 'refunded', refunded_minor) order by authorization_id)
              from authorizations z where z.card_id = c.card_id) as purchases,
           (select jsonb_agg(jsonb_build_object('id', transaction_id, 'amount', amount_minor, 'of', authorization_id)
                     order by transaction_id)
              from transactions t where t.card_id = c.card_id) as records,
           (select jsonb_agg(jsonb_build_object('id', dispute_id, 'status', d.status) order by dispute_id)
              from disputes d join transactions t using (transaction_id) where t.card_id = c.card_id) as disputes,
           (select jsonb_build_object('available', available_minor, 'held', held_minor)
              from accounts a where a.account_id = c.account_id) as account
      from cards c where c.card_id = ${cardId}`;
  return row;
}

const wrongBooks = async () => {
  const nowS = Math.floor(Date.now() / 1_000);
  const options = { interpret: interpretEvent, nowS, differencesMax: 5 };
  return (await verifyLedger(compared.program.sql, options)).differences;
};

test(
  'objects that are read lead to where all events would have led',
  async () => {
    const seed = Number(fc.sample(fc.nat(), 1)[0]);
    let lostInAll = 0;
    const stories = fc.record({
      steps: fc.array(step, { minLength: 4, maxLength: STEPS_MAX }),
      fates: fc.array(told, { minLength: 60, maxLength: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(stories, async ({ steps, fates }) => {
        const { cardId, stripeCardId } = await compared.active();
        const world: World = { stripeCardId, purchases: [], records: [] };
        const lost = new Set<string>();
        const some = async (): Promise<readonly IncomingEvent[]> => {
          const events = (await untold()).filter(({ eventId }) => !lost.has(eventId));
          const fated = events.map((event, index) => ({ event, ...fates[index % fates.length] }));
          for (const { event, isLost } of fated) if (isLost === true) lost.add(event.eventId);
          return fated
            .filter(({ isLost }) => isLost !== true)
            .toSorted((a, b) => (a.place ?? 0) - (b.place ?? 0))
            .map(({ event }) => event);
        };
        for (const one of steps) {
          // A card that is frozen buys nothing, and a purchase that is over is not captured.
          await act(world, one).catch(() => {});
          if (one.kind === 'tell') await deliver(await some());
          if (one.kind === 'compare') await compared.repair();
          await pass(one.passS);
        }
        // A view loses to the events of its own second.
        await pass(2);
        await deliver(await some());
        await createReread(() => compared.ports)(compared.tenant, startedS);
        await compared.apply();
        let differing = 1;
        for (let round = 0; differing > 0; round += 1) {
          expect(round).toBeLessThan(ROUNDS_MAX);
          await pass(2);
          differing = (await compared.repair()).length;
        }
        const byObjects = await books(cardId);
        expect(await wrongBooks()).toEqual([]);
        lostInAll += lost.size;
        const rest = (await untold()).toReversed();
        await deliver(rest);
        expect(await books(cardId)).toEqual(byObjects);
        await pass(2);
        expect(await compared.repair()).toEqual([]);
        expect(await wrongBooks()).toEqual([]);
      }),
      { seed, numRuns: RUNS, endOnFailure: true },
    );
    expect(lostInAll).toBeGreaterThan(0);
  },
  TEST_MS,
);
