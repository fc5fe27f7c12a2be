/** Waits that end by themselves, on the real time-skipping server. Each test has a server of its own: time is shared. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CardFact } from '../../src/domain/card-facts.ts';
import { requestedCard } from '../../src/domain/card-start.ts';
import { termsOf } from '../../src/domain/card-terms.ts';
import { parseCardId, type StripeCardId } from '../../src/domain/ids.ts';
import { CARD_STATES } from '../support/card-states.ts';
import { type CardEnvironment, createCardEnvironment } from './card-environment.ts';
import { CardWorld, seen, stripeCardOf } from './card-world.ts';

let cards: CardEnvironment;
let world: CardWorld;

beforeEach(async () => {
  cards = await createCardEnvironment();
});
afterEach(() => cards.close());

const verified = { kind: 'identity_verified' } as const;

async function requested(type: 'virtual' | 'physical'): Promise<CardWorld> {
  world = await cards.requestedCard(type);
  await cards.workflows.start(world.cardId);
  return world;
}

/** A card that was closed long ago. */
const closedCard = (stripeCardId: StripeCardId | null): CardWorld =>
  new CardWorld({
    ...requestedCard('virtual', 0),
    phase: 'closed',
    stripeCardId,
    reason: 'canceled',
  });

describe('deadlines', () => {
  test('the customer is reminded once, and the request closes after its deadline', async () => {
    await requested('virtual');
    await cards.shows(world, (s) => s.phase === 'kyc' && s.step === 'pending');
    await cards.env.sleep('13 days');
    await world.saved((s) => s.phase === 'kyc' && s.reminded);
    await cards.env.sleep('2 days');
    await cards.ended(world.cardId);
    expect(world.state).toMatchObject({ phase: 'closed', reason: 'kyc_deadline_passed' });
    expect(world.notes.filter((note) => note === 'kyc_reminder_due')).toHaveLength(1);
  });

  test('a card with a deadline and attempts of its own is held to them, not to the usual ones', async () => {
    const kyc = { reminderAfterDays: 2, deadlineDays: 3, attempts: 1 };
    const requestedAt = async () =>
      new CardWorld(requestedCard('virtual', await cards.env.currentTimeMs(), termsOf({ kyc })));
    world = await requestedAt();
    await cards.workflows.start(world.cardId);
    await cards.shows(world, (s) => s.phase === 'kyc' && s.step === 'pending');
    await cards.env.sleep('30 hours');
    expect(await cards.shows(world, () => true)).toMatchObject({ phase: 'kyc', reminded: false });
    await cards.env.sleep('20 hours');
    await world.saved((s) => s.phase === 'kyc' && s.reminded);
    await cards.env.sleep('20 hours');
    expect((await cards.shows(world, () => true)).phase).toBe('kyc');
    await cards.env.sleep('3 hours');
    await cards.ended(world.cardId);
    expect(world.state).toMatchObject({ phase: 'closed', reason: 'kyc_deadline_passed' });

    world = await requestedAt();
    await cards.workflows.start(world.cardId);
    await cards.shows(world, (s) => s.phase === 'kyc' && s.step === 'pending');
    await cards.tell(world.cardId, { kind: 'identity_failed', code: 'document_expired' });
    await cards.ended(world.cardId);
    expect(world.state).toMatchObject({ phase: 'closed', reason: 'kyc_attempts_used_up' });
  });

  test('an overdue parcel is looked up at Stripe and reported to a person', async () => {
    await requested('physical');
    await cards.tell(world.cardId, verified);
    await world.inPhase('awaiting_delivery');
    await cards.env.sleep('15 days');
    await world.saved((s) => s.phase === 'awaiting_delivery' && s.late === 'overdue');
    expect(world.calls).toContain('readCard');
  });

  test('a delivery whose webhook was missed is found when the parcel is overdue', async () => {
    await requested('physical');
    world.answers.readCard = () => seen(1, { source: 'fetched', shippingStatus: 'delivered' });
    await cards.tell(world.cardId, verified);
    await world.inPhase('awaiting_delivery');
    await cards.env.sleep('15 days');
    await world.inPhase('active');
    expect(world.notes).not.toContain('delivery_overdue');
  });

  test('a deadline passes while nobody answers the look that goes before it', async () => {
    await requested('virtual');
    world.answers.readVerification = () => {
      throw new Error('the provider is away');
    };
    await cards.shows(world, (s) => s.phase === 'kyc' && s.step === 'pending');
    await cards.env.sleep('13 days');
    await world.saved((s) => s.phase === 'kyc' && s.reminded);
    await cards.env.sleep('2 days');
    await cards.ended(world.cardId);
    expect(world.state).toMatchObject({ phase: 'closed', reason: 'kyc_deadline_passed' });
  });

  test('an overdue parcel is reported while Stripe is away, and what Stripe says later counts', async () => {
    await requested('physical');
    world.answers.readCard = () => {
      throw new Error('Stripe is away');
    };
    await cards.tell(world.cardId, verified);
    await world.inPhase('awaiting_delivery');
    await cards.env.sleep('15 days');
    await world.saved((s) => s.phase === 'awaiting_delivery' && s.late === 'overdue');
    world.answers.readCard = () => seen(1, { source: 'fetched', shippingStatus: 'delivered' });
    await cards.env.sleep('2 days');
    expect((await world.inPhase('active')).phase).toBe('active');
  });

  test('a renewal is not given up, because it makes something', async () => {
    const state = CARD_STATES['active · physical, in its last year'](
      await cards.env.currentTimeMs(),
    );
    world = new CardWorld(state);
    let isAway = true;
    world.answers.renewCard = () => {
      if (isAway) throw new Error('Postgres is away');
      return {
        kind: 'replacement_requested',
        reason: 'expired',
        replacementId: parseCardId('card_next'),
      };
    };
    await cards.workflows.start(world.cardId);
    await cards.env.sleep('30 days');
    await cards.env.sleep('1 hour');
    isAway = false;
    await cards.env.sleep('10 minutes');
    const { replacement } = await world.saved((s) => s.replacement !== null);
    expect(replacement).toEqual({ cardId: 'card_next', reason: 'expired' });
  });

  test('a card goes from unused over spending to dormant', async () => {
    await requested('virtual');
    await cards.tell(world.cardId, verified);
    await world.inPhase('active');
    await cards.tell(world.cardId, { kind: 'spending_digest', purchases: 3, lastPurchaseMs: 1 });
    await world.saved((s) => s.phase === 'active' && s.usage === 'spending');
    await cards.env.sleep('91 days');
    await world.saved((s) => s.phase === 'active' && s.usage === 'dormant');
    expect(world.notes.filter((note) => note === 'usage_changed')).toHaveLength(2);
  });

  test('a card winds down for 120 days and is closed when everything is settled', async () => {
    await requested('virtual');
    world.answers.checkSettled = (times) => ({
      kind: times === 1 ? 'unsettled' : 'windows_passed',
    });
    await cards.tell(world.cardId, verified);
    await world.inPhase('active');
    await cards.workflows.command(world.cardId, 'cancel', { reason: 'lost' }, 'cancel-1');
    await cards.env.sleep('121 days');
    await world.saved((s) => s.phase === 'winding_down' && world.calls.includes('checkSettled'));
    await cards.env.sleep('8 days');
    await cards.ended(world.cardId);
    expect(world.state).toMatchObject({ phase: 'closed', reason: 'lost' });
    expect(world.calls.filter((call) => call === 'checkSettled')).toHaveLength(2);
  });

  test('a late capture opens a closed card again', async () => {
    world = closedCard(stripeCardOf(1));
    const [factId] = await cards.tell(world.cardId, { kind: 'money_seen', cause: 'capture' });
    await world.inPhase('winding_down');
    expect(world.closedFactIds).toContain(factId);
    await cards.env.sleep('121 days');
    await cards.ended(world.cardId);
    expect(world.state.phase).toBe('closed');
  });

  test('a refused activation is tried again by itself', async () => {
    world = await cards.requestedCard('virtual');
    world.answers.activateCard = (times) =>
      times === 1
        ? { kind: 'activation_refused', code: 'cardholder_verification_required' }
        : seen(1, { source: 'fetched', status: 'active' });
    await cards.workflows.start(world.cardId);
    await cards.tell(world.cardId, verified);
    await world.saved((s) => s.phase === 'activation' && s.refused !== null);
    await cards.env.sleep('2 hours');
    expect((await world.inPhase('active')).phase).toBe('active');
  });

  test('an answer that makes no sense is kept for a person and asked for again after a pause', async () => {
    world = await cards.requestedCard('virtual');
    world.answers.activateCard = (times) =>
      times === 1
        ? ({ kind: 'x' } as unknown as CardFact)
        : seen(1, { source: 'fetched', status: 'active' });
    await cards.workflows.start(world.cardId);
    await cards.tell(world.cardId, verified);
    await cards.shows(world, (s) => s.phase === 'activation');
    await cards.env.sleep('2 minutes');
    expect((await world.inPhase('active')).phase).toBe('active');
    expect(world.calls.filter((call) => call === 'activateCard')).toHaveLength(2);
    expect(world.saves.flatMap((save) => save.unusable ?? [])).toEqual([
      'answer of activateCard: a kind "x" that is not known',
    ]);
  });
});
