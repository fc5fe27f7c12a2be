/**
 * Facts that are heard in every phase, because what they tell is true whatever the card is doing: freezes, what
 * Stripe has to follow, what Stripe holds against the holder, and the card that takes this one's place.
 */
import type { CardFact, Mirrored } from './card-facts.ts';
import { endReason, ignored, moved, type Outcome, refused, windDown } from './card-outcome.ts';
import type { CardState, EndReason, Mirror } from './card-phase.ts';

/** What the fact makes of the part of the state that no phase owns; null when the phase alone judges it. */
export function transitionAnytime(state: CardState, fact: CardFact, nowMs: number): Outcome | null {
  switch (fact.kind) {
    case 'freeze_changed':
      return freezeChanged(state, fact);
    case 'mirror_wanted':
      return mirrorWanted(state, fact.what, fact.version);
    case 'mirror_done':
      return mirrorDone(state, fact);
    case 'cardholder_changed':
      return holderChanged(state, fact);
    case 'replacement_requested':
      return replacementRequested(state, fact, nowMs);
    case 'replacement_failed':
      return replacementFailed(state, fact);
    case 'replaced':
      return replaced(state, fact, nowMs);
    default:
      return null;
  }
}

/** A freeze is committed in Postgres first, in any phase; the state only remembers what Stripe has to follow. */
function freezeChanged(
  state: CardState,
  fact: Extract<CardFact, { kind: 'freeze_changed' }>,
): Outcome {
  const known = state.freeze.version ?? 0;
  const version = fact.version ?? known;
  if (version < known) return ignored('older than what is known');
  const by = fact.by ?? (fact.frozen ? ['operator'] : []);
  if (state.freeze.wanted === fact.frozen && version === known && isSame(by, state.freeze.by)) {
    return ignored('no change');
  }
  return moved({ ...state, freeze: { ...state.freeze, wanted: fact.frozen, version, by } });
}

/** Null where it is no news of the holder, but may be one for a wait of the phase. */
function holderChanged(
  state: CardState,
  { problem, version = state.holderVersion }: Extract<CardFact, { kind: 'cardholder_changed' }>,
): Outcome | null {
  if (problem === undefined || version < state.holderVersion) return null;
  if (problem === state.holderProblem && version === state.holderVersion) return null;
  return moved({ ...state, holderProblem: problem, holderVersion: version });
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((owner) => b.includes(owner));

const withMirror = (state: CardState, what: Mirrored, mirror: Mirror): Outcome =>
  moved({ ...state, mirrors: { ...state.mirrors, [what]: mirror } });

function mirrorWanted(state: CardState, what: Mirrored, version: number): Outcome {
  const mirror = state.mirrors[what];
  if (version <= mirror.wanted) return ignored('older than what is known');
  return withMirror(state, what, { ...mirror, wanted: version, refused: null });
}

function mirrorDone(state: CardState, fact: Extract<CardFact, { kind: 'mirror_done' }>): Outcome {
  const mirror = state.mirrors[fact.what];
  if (fact.version < mirror.done) return ignored('older than what is known');
  if (fact.version === mirror.done) {
    // Asked for more than there is: the row has no later version.
    return mirror.wanted === mirror.done
      ? ignored('known already')
      : withMirror(state, fact.what, { ...mirror, wanted: mirror.done });
  }
  const refusal = fact.version < mirror.wanted ? null : fact.refusal;
  const wanted = Math.max(mirror.wanted, fact.version);
  return withMirror(state, fact.what, { wanted, done: fact.version, refused: refusal });
}

function replacementRequested(
  state: CardState,
  fact: Extract<CardFact, { kind: 'replacement_requested' }>,
  nowMs: number,
): Outcome {
  const { reason, replacementId: cardId } = fact;
  if (state.replacement?.cardId === cardId) return ignored('known already');
  if (state.replacement !== null) return refused('ALREADY_REPLACED');
  const next = { ...state, replacement: { cardId, reason } };
  // A lost or stolen card ends at once; a damaged or expired one serves until its replacement does.
  const isGone = reason === 'lost' || reason === 'stolen';
  return isGone ? endWith(next, endReason(reason), nowMs) : moved(next);
}

/** Ends a card that was made; one that has ended already, or was never made, stays where it is. */
function endWith(state: CardState, reason: EndReason, nowMs: number): Outcome {
  switch (state.phase) {
    case 'kyc':
    case 'winding_down':
    case 'closed':
      return moved(state);
    case 'issuance':
      // Between two parcels: the card of the one before, and whatever the next attempt has made.
      return windDown(
        state,
        { reason, stripeCardId: state.previousCardId, stripeCanceled: false },
        nowMs,
      );
    default:
      return windDown(
        state,
        { reason, stripeCardId: state.stripeCardId, stripeCanceled: false },
        nowMs,
      );
  }
}

/** Another one may be asked for; an active card is not renewed by itself once more, but a person is told. */
function replacementFailed(
  state: CardState,
  fact: Extract<CardFact, { kind: 'replacement_failed' }>,
): Outcome {
  if (state.replacement?.cardId !== fact.replacementId) return ignored('not the replacement');
  const next: CardState = { ...state, replacement: null };
  return moved(next.phase === 'active' ? { ...next, renewalSkipped: 'replacement_failed' } : next);
}

function replaced(
  state: CardState,
  { replacementId }: Extract<CardFact, { kind: 'replaced' }>,
  nowMs: number,
): Outcome {
  const reason = state.replacement?.reason ?? 'expired';
  const next = { ...state, replacement: { cardId: replacementId, reason } };
  const isOver = next.phase === 'winding_down' || next.phase === 'closed';
  if (!isOver) return endWith(next, 'replaced', nowMs);
  // Stripe cancels the old card by itself, and its event may come before our own fact.
  if (next.reason === 'canceled_at_stripe') return moved({ ...next, reason: 'replaced' });
  return state.replacement === null ? moved(next) : ignored('known already');
}
