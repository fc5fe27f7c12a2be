/**
 * Every change of phase that docs/state-machines.md draws, and every command in every state of its table, on the
 * workflow itself: what the pure tables say is what a card does.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CardCommandName } from '../../src/domain/card-contract.ts';
import type { CardFact } from '../../src/domain/card-facts.ts';
import type { CardPhase } from '../../src/domain/card-phase.ts';
import type { CardAction } from '../../src/domain/card-plan.ts';
import { CARD_EDGES } from '../../src/domain/card-state.ts';
import { CARD_STATES, type CardStateName, cardSeen } from '../support/card-states.ts';
import { answerIn, COMMAND_NAMES, COMMAND_STATES, COMMANDS } from '../support/card-tables.ts';
import { type CardEnvironment, createCardEnvironment } from './card-environment.ts';
import { CardWorld } from './card-world.ts';

let cards: CardEnvironment;
let world: CardWorld | undefined;

beforeAll(async () => {
  cards = await createCardEnvironment();
}, 60_000);
afterAll(() => cards.close());
afterEach(() => (world === undefined ? undefined : cards.abandon(world.cardId)));

/** Stripe gives no answer, so a card stays in the state in which it asks. */
const SILENT: readonly CardAction[] = [
  'issueCard',
  'cancelPreviousCard',
  'activateCard',
  'cancelAtStripe',
  'mirrorFreeze',
];

/** A card that stands in a state, as its last save left it. */
async function standing(state: CardStateName): Promise<CardWorld> {
  const card = new CardWorld(CARD_STATES[state](await cards.env.currentTimeMs()));
  world = card;
  for (const action of SILENT) {
    card.answers[action] = () => {
      throw new Error('Stripe is away');
    };
  }
  return card;
}

interface Edge {
  readonly from: CardStateName;
  readonly to: CardPhase;
  /** What Stripe answers where the edge is walked by an answer. */
  readonly answer?: readonly [CardAction, CardFact];
  readonly facts?: readonly CardFact[];
  readonly cancel?: true;
}

const created = (status: 'active' | 'inactive'): CardFact => ({
  kind: 'card_created',
  stripeCardId: cardSeen().stripeCardId,
  status,
  shippingStatus: null,
});

const EDGES: readonly Edge[] = [
  { from: 'kyc · pending', to: 'issuance', facts: [{ kind: 'identity_verified' }] },
  { from: 'kyc · pending', to: 'closed', facts: [{ kind: 'kyc_decided', approved: false }] },
  {
    from: 'issuance · create',
    to: 'awaiting_delivery',
    answer: ['issueCard', created('inactive')],
  },
  {
    from: 'issuance · create virtual',
    to: 'activation',
    answer: ['issueCard', created('inactive')],
  },
  { from: 'issuance · create', to: 'active', answer: ['issueCard', created('active')] },
  { from: 'issuance · create', to: 'winding_down', cancel: true },
  {
    from: 'issuance · create',
    to: 'closed',
    answer: ['issueCard', { kind: 'issuance_refused', code: 'rejected.listed' }],
  },
  {
    from: 'awaiting_delivery',
    to: 'activation',
    facts: [cardSeen({ shippingStatus: 'delivered' })],
  },
  { from: 'awaiting_delivery', to: 'issuance', facts: [cardSeen({ shippingStatus: 'returned' })] },
  { from: 'awaiting_delivery', to: 'active', facts: [cardSeen({ status: 'active' })] },
  { from: 'awaiting_delivery', to: 'winding_down', cancel: true },
  {
    from: 'activation',
    to: 'active',
    answer: ['activateCard', cardSeen({ source: 'fetched', status: 'active' })],
  },
  { from: 'activation', to: 'issuance', facts: [cardSeen({ shippingStatus: 'failure' })] },
  { from: 'activation', to: 'winding_down', cancel: true },
  { from: 'active', to: 'winding_down', cancel: true },
  {
    from: 'winding_down · to be checked',
    to: 'closed',
    answer: ['checkSettled', { kind: 'windows_passed' }],
  },
  { from: 'closed', to: 'winding_down', facts: [{ kind: 'money_seen', cause: 'refund' }] },
];

describe('every edge', () => {
  test('is in the table', () => {
    const walked = EDGES.map(({ from, to }) => `${CARD_STATES[from](1).phase}→${to}`);
    const known = CARD_EDGES.map(({ from, to }) => `${from}→${to}`);
    expect(walked.toSorted()).toEqual(known.toSorted());
  });

  test.each(EDGES)('$from → $to', async ({ from, to, answer, facts, cancel }) => {
    const card = await standing(from);
    if (answer !== undefined) card.answers[answer[0]] = () => answer[1];
    if (facts === undefined) await cards.workflows.start(card.cardId);
    else await cards.tell(card.cardId, ...facts);
    if (cancel) {
      await cards.workflows.command(card.cardId, 'cancel', { reason: 'requested' }, 'cancel');
    }
    expect((await card.inPhase(to)).phase).toBe(to);
    // The first save is the walk itself: no phase lies between.
    expect(card.phases[0]).toBe(to);
  });
});

interface CommandCase {
  readonly state: CardStateName;
  readonly name: CardCommandName;
  readonly wanted: string;
}

describe('every command in every state', () => {
  const cases: readonly CommandCase[] = COMMAND_STATES.flatMap((state) =>
    COMMAND_NAMES.map((name) => ({ state, name, wanted: answerIn(state, name) })),
  );

  test.each(cases)('$name in $state: $wanted', async ({ state, name, wanted }) => {
    const card = await standing(state);
    const before = card.state;
    const answer = await cards.workflows.command(card.cardId, name, COMMANDS[name], 'command');
    if (answer.kind === 'refused') {
      expect(answer).toEqual({ kind: 'refused', code: wanted, phase: before.phase });
    } else {
      const phase = wanted === 'known already' ? before.phase : wanted.replace('→ ', '');
      expect(answer).toEqual({ kind: 'accepted', phase });
      // What is accepted is saved before it is answered.
      if (wanted !== 'known already') expect(card.state.phase).toBe(phase);
    }
  });
});
