/** Cancelling a card, in every phase. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type CardEnvironment, createCardEnvironment } from './card-environment.ts';
import { type CardWorld, stripeCardOf } from './card-world.ts';

let cards: CardEnvironment;
let world: CardWorld;

beforeAll(async () => {
  cards = await createCardEnvironment();
}, 60_000);
afterAll(() => cards.close());
afterEach(() => cards.abandon(world.cardId));

const verified = { kind: 'identity_verified' } as const;

describe('cancelling', () => {
  const cancel = () =>
    cards.workflows.command(world.cardId, 'cancel', { reason: 'stolen' }, `c-${world.cardId}`);

  test('in kyc the card closes, because nothing was made', async () => {
    world = await cards.inKyc('virtual');
    expect(await cancel()).toEqual({ kind: 'accepted', phase: 'closed' });
    await cards.ended(world.cardId);
    expect(world.calls).not.toContain('cancelAtStripe');
  });

  test('in issuance a card that was made meanwhile is cancelled at Stripe', async () => {
    world = await cards.requestedCard('virtual');
    let finish = (): void => {};
    const waiting = new Promise<void>((resolve) => {
      finish = resolve;
    });
    world.answers.issueCard = async () => {
      await waiting;
      return {
        kind: 'card_created',
        stripeCardId: stripeCardOf(1),
        status: 'inactive',
        shippingStatus: null,
      };
    };
    world.answers.cancelAtStripe = () => ({
      kind: 'canceled_at_stripe',
      stripeCardId: stripeCardOf(1),
    });
    await cards.workflows.start(world.cardId);
    await cards.tell(world.cardId, verified);
    await eventually(() => world.calls.includes('issueCard'));
    expect(await cancel()).toEqual({ kind: 'accepted', phase: 'winding_down' });
    expect(world.calls).not.toContain('cancelAtStripe');
    finish();
    await world.saved((s) => s.phase === 'winding_down' && s.stripeCanceled);
    expect(world.state).toMatchObject({ stripeCardId: 'ic_1', reason: 'stolen' });
  });

  test('in issuance the card closes when nothing is found at Stripe', async () => {
    world = await cards.requestedCard('virtual');
    world.answers.issueCard = () => {
      throw new Error('Stripe is away');
    };
    await cards.workflows.start(world.cardId);
    await cards.tell(world.cardId, verified);
    await eventually(() => world.calls.includes('issueCard'));
    await cancel();
    await cards.ended(world.cardId);
    expect(world.state).toMatchObject({ phase: 'closed', stripeCardId: null });
  });

  test('on its way, before activation and in use the card winds down', async () => {
    world = await cards.inKyc('physical');
    await cards.tell(world.cardId, verified);
    await world.inPhase('awaiting_delivery');
    expect(await cancel()).toEqual({ kind: 'accepted', phase: 'winding_down' });
    await world.saved((s) => s.phase === 'winding_down' && s.stripeCanceled);
    await cards.abandon(world.cardId);

    world = await cards.requestedCard('virtual');
    world.answers.activateCard = () => ({ kind: 'activation_refused', code: 'under_review' });
    await cards.workflows.start(world.cardId);
    await cards.tell(world.cardId, verified);
    await world.saved((s) => s.phase === 'activation' && s.refused !== null);
    expect(await cancel()).toEqual({ kind: 'accepted', phase: 'winding_down' });
    await cards.abandon(world.cardId);

    world = await cards.inKyc('virtual');
    await cards.tell(world.cardId, verified);
    await world.inPhase('active');
    expect(await cancel()).toEqual({ kind: 'accepted', phase: 'winding_down' });
    expect(
      await cards.workflows.command(world.cardId, 'cancel', { reason: 'lost' }, 'two'),
    ).toEqual({
      kind: 'accepted',
      phase: 'winding_down',
    });
  });

  test('a cancel committed while no workflow ran is heard with the load', async () => {
    world = await cards.requestedCard('virtual');
    world.cancelRequested = 'lost';
    await cards.workflows.start(world.cardId);
    await cards.ended(world.cardId);
    expect(world.state).toMatchObject({ phase: 'closed', reason: 'lost' });
  });
});
