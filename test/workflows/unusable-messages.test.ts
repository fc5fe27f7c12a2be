/** Messages that nobody can work with: each is kept for a person, word for word, and the card goes on. And what the UI shows beside activities. */
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { cardWorkflowId } from '../../src/domain/card-contract.ts';
import type { CardState } from '../../src/domain/card-phase.ts';
import type { CardAction } from '../../src/domain/card-plan.ts';
import { CARD_STATES } from '../support/card-states.ts';
import { eventually } from '../support/eventually.ts';
import { type CardEnvironment, createCardEnvironment } from './card-environment.ts';
import { CardWorld, seen } from './card-world.ts';

let cards: CardEnvironment;
let world: CardWorld;

beforeAll(async () => {
  cards = await createCardEnvironment();
}, 60_000);
afterAll(() => cards.close());
afterEach(() => cards.abandon(world.cardId));

const DAY_MS = 24 * 3_600_000;
const verified = { kind: 'identity_verified' } as const;
const handle = () => cards.env.client.workflow.getHandle(cardWorkflowId(world.cardId));
const unusable = (): readonly string[] => world.saves.flatMap((save) => save.unusable ?? []);

describe('a message that nobody can work with', () => {
  test('a batch of too many facts is not taken apart, and none of it is closed', async () => {
    world = await cards.inKyc('virtual');
    const batch = Array.from({ length: 2_001 }, (_, n) => ({
      factId: `many_${n}`,
      fact: { kind: 'kyc_decided', approved: false },
    }));
    await handle().signal('facts', batch);
    await eventually(() => unusable().length > 0);
    expect(unusable()).toEqual(['a batch of 2001 facts, at most 2000']);
    expect(world.state.phase).toBe('kyc');
    expect(world.closedFactIds).toEqual([]);
    await cards.tell(world.cardId, verified);
    expect((await world.inPhase('active')).phase).toBe('active');
  });

  test('a fact that lacks a field is closed, and the others of its batch are taken', async () => {
    world = await cards.inKyc('physical');
    await cards.tell(world.cardId, verified);
    await world.inPhase('awaiting_delivery');
    const { status: _, ...lacking } = seen(1, { shippingStatus: 'returned' });
    const shipped = seen(1, { shippingStatus: 'shipped' });
    await handle().signal('facts', [
      { factId: '910001', fact: lacking },
      { factId: '910002', fact: shipped },
    ]);
    await world.saved((s) => s.phase === 'awaiting_delivery' && s.shipping === 'shipped');
    await eventually(() => world.closedFactIds.includes('910002'));
    expect(unusable()).toEqual(['card_seen with status missing or of another type']);
    expect(world.closedFactIds).toContain('910001');
    await cards.tell(world.cardId, seen(1, { shippingStatus: 'delivered' }));
    expect((await world.inPhase('active')).phase).toBe('active');
  });
});

/** What the UI shows beside each activity of the card's run so far. */
async function summariesOf(action: CardAction): Promise<readonly unknown[]> {
  const { events } = await handle().fetchHistory();
  return (events ?? [])
    .filter((e) => e.activityTaskScheduledEventAttributes?.activityType?.name === action)
    .flatMap(({ userMetadata }) => {
      const summary = userMetadata?.summary;
      return summary ? [defaultPayloadConverter.fromPayload(summary)] : [];
    });
}

const pending = (nowMs: number): CardState => ({
  ...CARD_STATES['kyc · pending'](nowMs - DAY_MS),
  sinceMs: nowMs - DAY_MS,
});
const holderChanged = (nowMs: number): CardState => {
  const state = CARD_STATES.active(nowMs);
  const holder = { wanted: 1, done: 0, refused: null };
  return { ...state, mirrors: { ...state.mirrors, holder } };
};

/** Activities that are told the card's id only, each with a state that asks for it at once. */
test.each([
  ['readVerification', pending, 'KYC attempt 1'],
  [
    'renewCard',
    (nowMs: number) => CARD_STATES['active · physical, in its last year'](nowMs - 31 * DAY_MS),
    'successor of a card about to expire',
  ],
  ['updateCardholder', holderChanged, 'profile version 1'],
  ['checkSettled', CARD_STATES['winding_down · to be checked'], 'open authorizations and disputes'],
] as const)('%s says in the UI what it is about', async (action, stateAt, summary) => {
  world = new CardWorld(stateAt(await cards.env.currentTimeMs()));
  await cards.workflows.start(world.cardId);
  await eventually(() => world.calls.includes(action));
  await eventually(async () => (await summariesOf(action)).length > 0);
  expect(await summariesOf(action)).toEqual([summary]);
});
