/** The way of a card from its request to its end, on the real time-skipping server. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { requestedCard } from '../../src/domain/card-start.ts';
import type { StripeCardId } from '../../src/domain/ids.ts';
import { type CardEnvironment, createCardEnvironment } from './card-environment.ts';
import { CardWorld, seen, stripeCardOf } from './card-world.ts';

let cards: CardEnvironment;
let world: CardWorld;

beforeAll(async () => {
  cards = await createCardEnvironment();
}, 60_000);
afterAll(() => cards.close());
afterEach(() => cards.abandon(world.cardId));

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

describe('happy ways', () => {
  test('a virtual card becomes active once its holder is verified', async () => {
    await requested('virtual');
    await cards.shows(world, (s) => s.phase === 'kyc' && s.step === 'pending');
    const [factId] = await cards.tell(world.cardId, verified);
    await world.inPhase('active');
    expect(world.calls).toEqual(['ensureVerification', 'issueCard', 'activateCard']);
    expect(world.phases).toEqual(['kyc', 'issuance', 'activation', 'active']);
    expect(world.closedFactIds).toContain(factId);
  });

  test('a physical card is activated when the carrier delivers it', async () => {
    await requested('physical');
    await cards.tell(world.cardId, verified);
    await world.inPhase('awaiting_delivery');
    await cards.tell(world.cardId, seen(1, { shippingStatus: 'shipped' }));
    await world.saved((s) => s.phase === 'awaiting_delivery' && s.shipping === 'shipped');
    await cards.tell(world.cardId, seen(1, { shippingStatus: 'delivered' }));
    await world.inPhase('active');
    expect(world.phases.slice(-4)).toEqual([
      'issuance',
      'awaiting_delivery',
      'activation',
      'active',
    ]);
  });

  test('the cardholder confirms a delivery that no carrier tracks', async () => {
    await requested('physical');
    await cards.tell(world.cardId, verified);
    await world.inPhase('awaiting_delivery');
    const answer = await cards.workflows.command(world.cardId, 'confirmDelivery', {}, 'confirm-1');
    expect(answer).toEqual({ kind: 'accepted', phase: 'activation' });
    await world.inPhase('active');
  });

  test('a create call is recorded as sent before it is sent', async () => {
    world = await cards.requestedCard('virtual');
    let recorded: unknown;
    world.answers.issueCard = () => {
      recorded = world.state;
      return {
        kind: 'card_created',
        stripeCardId: stripeCardOf(1),
        status: 'inactive',
        shippingStatus: null,
      };
    };
    await cards.workflows.start(world.cardId);
    await cards.tell(world.cardId, verified);
    await world.inPhase('active');
    expect(recorded).toMatchObject({ phase: 'issuance', createSent: true });
  });
});

describe('KYC', () => {
  test('a failed attempt waits for another try, which may pass', async () => {
    await requested('virtual');
    await cards.shows(world, (s) => s.phase === 'kyc' && s.step === 'pending');
    await cards.tell(world.cardId, { kind: 'identity_failed', code: 'document_expired' });
    await world.saved((s) => s.phase === 'kyc' && s.step === 'failed');
    const answer = await cards.workflows.command(world.cardId, 'retryKyc', {}, 'retry-1');
    expect(answer).toEqual({ kind: 'accepted', phase: 'kyc' });
    await cards.shows(
      world,
      (s) => s.phase === 'kyc' && s.step === 'pending' && s.kycAttempt === 2,
    );
    await cards.tell(world.cardId, verified);
    await world.inPhase('active');
    expect(world.calls.filter((call) => call === 'ensureVerification')).toHaveLength(2);
  });

  test('the third failure closes the card', async () => {
    await requested('virtual');
    for (const attempt of [1, 2]) {
      await cards.shows(world, (s) => s.phase === 'kyc' && s.step === 'pending');
      await cards.tell(world.cardId, { kind: 'identity_failed', code: 'document_expired' });
      await world.saved((s) => s.phase === 'kyc' && s.step === 'failed');
      await cards.workflows.command(world.cardId, 'retryKyc', {}, `retry-${attempt}`);
    }
    await cards.shows(
      world,
      (s) => s.phase === 'kyc' && s.step === 'pending' && s.kycAttempt === 3,
    );
    await cards.tell(world.cardId, { kind: 'identity_failed', code: 'document_expired' });
    await cards.ended(world.cardId);
    expect(world.state).toMatchObject({ phase: 'closed', reason: 'kyc_attempts_used_up' });
  });

  test('a person decides in place of the verification', async () => {
    await requested('virtual');
    await cards.shows(world, (s) => s.phase === 'kyc' && s.step === 'pending');
    const id = world.cardId;
    expect(await cards.workflows.command(id, 'decideKyc', { approved: false }, 'd-1')).toEqual({
      kind: 'accepted',
      phase: 'closed',
    });
    await cards.ended(id);
    expect(world.state).toMatchObject({ phase: 'closed', reason: 'kyc_rejected' });
  });

  test('a verification that comes while the session is being made ends the making', async () => {
    world = await cards.requestedCard('virtual');
    world.answers.ensureVerification = () => {
      throw new Error('Stripe is away');
    };
    await cards.workflows.start(world.cardId);
    await cards.tell(world.cardId, verified);
    expect((await world.inPhase('active')).phase).toBe('active');
  });
});

describe('delivery', () => {
  test('a returned parcel is cancelled and sent again to the corrected address', async () => {
    await requested('physical');
    await cards.tell(world.cardId, verified);
    await world.inPhase('awaiting_delivery');
    await cards.tell(world.cardId, seen(1, { shippingStatus: 'returned' }));
    await world.saved((s) => s.phase === 'issuance' && s.step === 'await_address');
    expect(world.calls).toContain('cancelPreviousCard');
    const answer = await cards.workflows.command(world.cardId, 'correctShipping', {}, 'address-1');
    expect(answer).toEqual({ kind: 'accepted', phase: 'issuance' });
    await world.saved((s) => s.phase === 'awaiting_delivery' && s.stripeCardId === 'ic_2');
    await cards.tell(world.cardId, seen(1, { shippingStatus: 'delivered' }));
    await cards.tell(world.cardId, seen(2, { shippingStatus: 'delivered' }));
    await world.inPhase('active');
    expect(world.state).toMatchObject({ stripeCardId: 'ic_2', attempt: 2 });
  });
});

describe('issuance', () => {
  test('requirements of Stripe are waited for, and the card is tried again when the holder changes', async () => {
    world = await cards.requestedCard('virtual');
    world.answers.issueCard = (times) =>
      times === 1
        ? { kind: 'issuance_blocked', reason: 'requirements.past_due' }
        : {
            kind: 'card_created',
            stripeCardId: stripeCardOf(1),
            status: 'inactive',
            shippingStatus: null,
          };
    await cards.workflows.start(world.cardId);
    await cards.tell(world.cardId, verified);
    await world.saved((s) => s.phase === 'issuance' && s.step === 'blocked');
    await cards.tell(world.cardId, { kind: 'cardholder_changed' });
    expect((await world.inPhase('active')).phase).toBe('active');
  });

  test('a change of the holder that overtakes the answer it settles is not lost', async () => {
    world = await cards.requestedCard('virtual');
    let resolve = (): void => {};
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    world.answers.issueCard = async (times) => {
      if (times > 1)
        return {
          kind: 'card_created',
          stripeCardId: stripeCardOf(1),
          status: 'inactive',
          shippingStatus: null,
        };
      await promise;
      return { kind: 'issuance_blocked', reason: 'requirements.past_due' };
    };
    await cards.workflows.start(world.cardId);
    await cards.tell(world.cardId, verified);
    await world.saved((s) => s.phase === 'issuance' && s.createSent);
    await cards.tell(world.cardId, { kind: 'cardholder_changed' });
    const handle = cards.env.client.workflow.getHandle(`card/${world.cardId}`);
    await expect.poll(async () => JSON.stringify(await handle.fetchHistory())).toContain('"facts"');
    resolve();
    expect((await world.inPhase('active')).phase).toBe('active');
  });

  test('a refusal for good closes the card', async () => {
    world = await cards.requestedCard('virtual');
    world.answers.issueCard = () => ({ kind: 'issuance_refused', code: 'parameter_invalid' });
    await cards.workflows.start(world.cardId);
    await cards.tell(world.cardId, verified);
    await cards.ended(world.cardId);
    expect(world.state).toMatchObject({ phase: 'closed', reason: 'issuance_refused' });
  });
});

describe('freezing and spending', () => {
  test('a freeze and its end are mirrored to Stripe', async () => {
    await requested('virtual');
    await cards.tell(world.cardId, verified);
    await world.inPhase('active');
    await cards.tell(world.cardId, { kind: 'freeze_changed', frozen: true });
    await world.saved((s) => s.freeze.mirrored);
    await cards.tell(world.cardId, { kind: 'freeze_changed', frozen: false });
    await world.saved((s) => !s.freeze.wanted && !s.freeze.mirrored);
    expect(world.calls.filter((call) => call === 'mirrorFreeze')).toHaveLength(2);
  });

  test('a freeze committed while no workflow ran is heard with the load', async () => {
    world = await cards.requestedCard('virtual');
    world.frozen = true;
    await cards.workflows.start(world.cardId);
    await cards.tell(world.cardId, verified);
    await world.saved((s) => s.phase === 'activation' && s.freeze.wanted);
    expect(world.calls).not.toContain('activateCard');
    await cards.tell(world.cardId, { kind: 'freeze_changed', frozen: false });
    await world.inPhase('active');
  });

  test('a status that is not ours is fetched before it is believed', async () => {
    await requested('virtual');
    world.answers.readCard = () => seen(1, { source: 'fetched', status: 'active' });
    await cards.tell(world.cardId, verified);
    await world.inPhase('active');
    await cards.tell(world.cardId, seen(1, { status: 'inactive' }));
    await world.saved(
      (s) => s.phase === 'active' && !s.toCheck && world.calls.includes('readCard'),
    );
    expect(world.state).toMatchObject({ drifted: false });
  });
});

describe('the end', () => {
  test('a closed card ends its workflow, and one started again ends at once', async () => {
    world = closedCard(null);
    await cards.workflows.start(world.cardId);
    await cards.ended(world.cardId);
    expect(world.loads).toBe(1);
    expect(world.saves).toHaveLength(0);
  });

  test('a late fact that means nothing to a closed card is closed with a save', async () => {
    world = closedCard(null);
    const [factId] = await cards.tell(world.cardId, { kind: 'cardholder_changed' });
    await cards.ended(world.cardId);
    expect(world.closedFactIds).toEqual([factId]);
  });
});
