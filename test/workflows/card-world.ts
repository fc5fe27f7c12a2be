/** One card as the stubbed activities see it: what was saved, what was called, and what Stripe would answer. */
import type { CardActivities } from '../../activities/index.ts';
import type { LoadedCard } from '../../src/domain/card-contract.ts';
import type { CancelReason, CardFact, StripeCardSeen } from '../../src/domain/card-facts.ts';
import type { CardPhase, CardState } from '../../src/domain/card-phase.ts';
import type { CardAction } from '../../src/domain/card-plan.ts';
import type { CardSave } from '../../src/domain/card-save.ts';
import { type CardId, parseCardId, parseStripeCardId } from '../../src/domain/ids.ts';
import { eventually } from '../support/eventually.ts';

type Answer = (times: number) => CardFact | Promise<CardFact>;

let made = 0;
const worlds = new Map<CardId, CardWorld>();

export const stripeCardOf = (attempt: number) => parseStripeCardId(`ic_${attempt}`);

export const seen = (attempt: number, fields: Partial<StripeCardSeen> = {}): StripeCardSeen => ({
  kind: 'card_seen',
  source: 'event',
  stripeCardId: stripeCardOf(attempt),
  status: 'inactive',
  cancellationReason: null,
  shippingStatus: null,
  ...fields,
});

export class CardWorld {
  readonly cardId = parseCardId(`card_w${++made}x${process.pid}`);
  readonly type: 'virtual' | 'physical';
  readonly saves: CardSave[] = [];
  readonly calls: CardAction[] = [];
  loads = 0;
  frozen = false;
  cancelRequested: CancelReason | null = null;
  state: CardState;
  /** Replaces what an activity answers; the argument counts the calls of that activity from 1. */
  readonly answers: Partial<Record<CardAction, Answer>> = {};
  beforeSave: (save: CardSave) => Promise<void> | void = () => {};

  constructor(state: CardState) {
    this.type = state.type;
    this.state = state;
    this.frozen = state.freeze.wanted;
    worlds.set(this.cardId, this);
  }

  load(): LoadedCard {
    this.loads += 1;
    const { cardId, type, state, frozen, cancelRequested } = this;
    const revision = this.saves.at(-1)?.revision ?? 0;
    const owner = { tenantId: 'ten_1', cardholderId: 'chr_1' };
    return { cardId, ...owner, type, state, revision, frozen, cancelRequested };
  }

  async save(save: CardSave): Promise<'saved' | 'stale'> {
    await this.beforeSave(save);
    const last = this.saves.at(-1);
    if (last !== undefined && last.revision >= save.revision) {
      return last.revision === save.revision && last.writer === save.writer ? 'saved' : 'stale';
    }
    this.saves.push(save);
    this.state = save.state;
    return 'saved';
  }

  async act(action: CardAction, usual: Answer): Promise<CardFact> {
    this.calls.push(action);
    const times = this.calls.filter((call) => call === action).length;
    return (this.answers[action] ?? usual)(times);
  }

  /** Phases in the order in which they were saved, without repeats. */
  get phases(): readonly CardPhase[] {
    return this.saves.map(({ state }) => state.phase).filter((p, i, all) => p !== all[i - 1]);
  }

  /** The kinds of the timeline, without changes of phase. */
  get notes(): readonly string[] {
    const kinds = this.saves.flatMap(({ timeline }) => timeline.map(({ kind }) => kind));
    return kinds.filter((kind) => kind !== 'phase_changed');
  }

  get closedFactIds(): readonly string[] {
    return this.saves.flatMap(({ closedFactIds }) => closedFactIds);
  }

  /** Waits until the saved state is as the check wants it. */
  async saved(check: (state: CardState) => boolean): Promise<CardState> {
    await eventually(() => this.saves.length > 0 && check(this.state), { timeoutMs: 10_000 });
    return this.state;
  }

  inPhase(phase: CardPhase): Promise<CardState> {
    return this.saved((state) => state.phase === phase);
  }
}

function worldOf({ cardId }: { readonly cardId: CardId }): CardWorld {
  const world = worlds.get(cardId);
  if (world === undefined) throw new Error(`no test knows ${cardId}`);
  return world;
}

/** Stub activities for every card of the test file; a card that nobody changed takes the happy way. */
export const stubActivities: CardActivities = {
  loadCard: async (cardId) => worldOf({ cardId }).load(),
  saveCard: (save) => worldOf(save).save(save),
  ensureVerification: (argument) =>
    worldOf(argument).act('ensureVerification', () => ({ kind: 'verification_started' })),
  readVerification: (argument) =>
    worldOf(argument).act('readVerification', () => ({ kind: 'verification_pending' })),
  renewCard: (argument) =>
    worldOf(argument).act('renewCard', () => ({
      kind: 'replacement_requested',
      reason: 'expired',
      replacementId: parseCardId(`${argument.cardId}r`),
    })),
  updateCardholder: (argument) =>
    worldOf(argument).act('updateCardholder', (times) => ({
      kind: 'mirror_done',
      what: 'holder',
      version: times,
      refusal: null,
    })),
  mirrorControls: (argument) =>
    worldOf(argument).act('mirrorControls', (times) => ({
      kind: 'mirror_done',
      what: 'controls',
      version: times,
      refusal: null,
    })),
  issueCard: (argument) =>
    worldOf(argument).act('issueCard', (times) => ({
      kind: 'card_created',
      stripeCardId: stripeCardOf(times),
      status: 'inactive',
      shippingStatus: null,
    })),
  cancelPreviousCard: (argument) =>
    worldOf(argument).act('cancelPreviousCard', () => ({ kind: 'previous_card_canceled' })),
  activateCard: (argument) =>
    worldOf(argument).act('activateCard', () => ({
      ...seen(1, { source: 'fetched', status: 'active' }),
      stripeCardId: argument.stripeCardId,
    })),
  readCard: (argument) =>
    worldOf(argument).act('readCard', () => ({
      ...seen(1, { source: 'fetched' }),
      stripeCardId: argument.stripeCardId,
    })),
  mirrorFreeze: (argument) =>
    worldOf(argument).act('mirrorFreeze', () => ({
      kind: 'freeze_mirrored',
      frozen: argument.frozen,
    })),
  cancelAtStripe: (argument) =>
    worldOf(argument).act('cancelAtStripe', () => ({
      kind: 'canceled_at_stripe',
      stripeCardId: argument.stripeCardId,
    })),
  checkSettled: (argument) =>
    worldOf(argument).act('checkSettled', () => ({ kind: 'windows_passed' })),
};
