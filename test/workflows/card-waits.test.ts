/** Every wait of docs/state-machines.md ends by itself, and does what the table says. On the time-skipping server. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { CardState } from '../../src/domain/card-phase.ts';
import { CARD_STATE_NAMES, CARD_STATES, type CardStateName } from '../support/card-states.ts';
import { deadlineOf } from '../support/card-tables.ts';
import { eventually } from '../support/eventually.ts';
import { type CardEnvironment, createCardEnvironment } from './card-environment.ts';
import { CardWorld } from './card-world.ts';

let cards: CardEnvironment;
let world: CardWorld | undefined;

beforeAll(async () => {
  cards = await createCardEnvironment();
}, 60_000);
afterAll(() => cards.close());
afterEach(() => (world === undefined ? undefined : cards.abandon(world.cardId)));

const MINUTE_MS = 60_000;

/** What shows that the wait has ended as it should: the saved state, with what was called. */
type Sign = (state: CardState, calls: CardWorld['calls'], before: CardState) => boolean;

const isReminded: Sign = (state) => state.phase === 'kyc' && state.reminded;
const beganAnew: Sign = (state, _calls, before) =>
  state.phase === before.phase && state.sinceMs > before.sinceMs;

const isRenewed: Sign = (state, calls) =>
  state.replacement?.reason === 'expired' && calls.includes('renewCard');
const isExpired: Sign = (state) => state.phase === 'winding_down' && state.reason === 'expired';

const SIGNS: Partial<Record<CardStateName, Sign>> = {
  'kyc · pending': (state, calls, before) =>
    isReminded(state, calls, before) && calls.includes('readVerification'),
  'kyc · reminded': (_state, calls) => calls.includes('readVerification'),
  'kyc · failed': isReminded,
  'issuance · blocked': (_state, calls) => calls.includes('issueCard'),
  'issuance · field refused': beganAnew,
  'issuance · await_address': beganAnew,
  'issuance · previous card not canceled': (_state, calls) => calls.includes('cancelPreviousCard'),
  'awaiting_delivery · about to expire': isExpired,
  'activation · frozen, about to expire': isExpired,
  'active · freeze refused': (_state, calls) => calls.includes('mirrorFreeze'),
  'winding_down · not canceled': (_state, calls) => calls.includes('cancelAtStripe'),
  'active · physical, in its last year': isRenewed,
  awaiting_delivery: (state, calls) =>
    state.phase === 'awaiting_delivery' && state.late === 'reminded' && calls.includes('readCard'),
  'awaiting_delivery · reminded': (state, calls) =>
    state.phase === 'awaiting_delivery' && state.late === 'overdue' && calls.includes('readCard'),
  'awaiting_delivery · overdue': (state, calls, before) =>
    beganAnew(state, calls, before) && calls.includes('readCard'),
  'activation · refused': (_state, calls) => calls.includes('activateCard'),
  active: (state, calls) =>
    state.phase === 'active' && state.usage === 'dormant' && calls.includes('readCard'),
  'active · in its last year': isRenewed,
  'active · not renewed': isExpired,
  winding_down: (state, calls) => state.phase === 'closed' && calls.includes('checkSettled'),
  'winding_down · unsettled': (state, calls) =>
    state.phase === 'closed' && calls.includes('checkSettled'),
};

const waits = CARD_STATE_NAMES.map(deadlineOf).flatMap(({ state, afterMs }) =>
  afterMs === null ? [] : [{ state, afterMs }],
);

test('every wait with a deadline has its sign', () => {
  expect(waits.map(({ state }) => state).toSorted()).toEqual(Object.keys(SIGNS).toSorted());
});

test.each(waits)('$state', async ({ state, afterMs }) => {
  const card = new CardWorld(CARD_STATES[state](await cards.env.currentTimeMs()));
  world = card;
  const before = card.state;
  await cards.workflows.start(card.cardId);
  await cards.shows(card, (loaded) => loaded.phase === before.phase);
  await cards.env.sleep(afterMs - MINUTE_MS);
  expect(card.saves).toEqual([]);
  await cards.env.sleep(2 * MINUTE_MS);
  const sign = SIGNS[state];
  // A look at the provider that brought nothing is not saved.
  await eventually(() => sign?.(card.state, card.calls, before) === true);
});
