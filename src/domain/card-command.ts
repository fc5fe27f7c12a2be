/** Commands that the card's workflow answers: what each means as a fact, and when it is refused. */
import type {
  CardCommandName,
  CardCommands,
  CommandAnswer,
  CommandRefusal,
} from './card-contract.ts';
import type { CancelReason, CardFact, ReplacementReason } from './card-facts.ts';
import { type CardState, stripeCardIdOf } from './card-phase.ts';
import { transition } from './card-state.ts';
import { isCardId } from './ids.ts';
import { invariant } from './invariant.ts';

/** The answer, and the fact to be applied where the command is accepted and changes something. */
export interface CommandVerdict {
  readonly answer: CommandAnswer;
  readonly fact: CardFact | null;
}

const CANCEL_REASONS: ReadonlySet<unknown> = new Set<CancelReason>(['requested', 'lost', 'stolen']);
const REPLACEMENT_REASONS: ReadonlySet<unknown> = new Set<ReplacementReason>([
  'lost',
  'stolen',
  'damaged',
  'expired',
]);

/** Says what is wrong with the shape of a command's argument, or returns null. Looks at nothing else. */
export function commandShapeProblem(name: CardCommandName, argument: unknown): string | null {
  if (typeof argument !== 'object' || argument === null) return `${name} needs an object`;
  if (name === 'decideKyc') {
    const approved = 'approved' in argument ? argument.approved : undefined;
    return typeof approved === 'boolean' ? null : 'decideKyc needs approved: true or false';
  }
  if (name === 'cancel') {
    const reason = 'reason' in argument ? argument.reason : undefined;
    return CANCEL_REASONS.has(reason) ? null : 'cancel needs reason: requested, lost or stolen';
  }
  if (name === 'replace') {
    const reason = 'reason' in argument ? argument.reason : undefined;
    const id = 'replacementId' in argument ? argument.replacementId : undefined;
    return REPLACEMENT_REASONS.has(reason) && typeof id === 'string' && isCardId(id)
      ? null
      : 'replace needs reason: lost, stolen, damaged or expired, and replacementId';
  }
  return null;
}

/**
 * Judges a command against the state. Pure; the caller applies `fact` with the same `nowMs`.
 * Refuses with WRONG_PHASE, NOT_WAITING (nothing waits for this command) and ATTEMPTS_USED_UP.
 */
export function judgeCommand<N extends CardCommandName>(
  state: CardState,
  command: { readonly name: N; readonly argument: CardCommands[N] },
  nowMs: number,
): CommandVerdict {
  const fact = factOf(command.name, command.argument);
  if (command.name === 'retryKyc' && attemptsUsedUp(state))
    return refuse(state, 'ATTEMPTS_USED_UP');
  if (command.name === 'replace' && !canBeReplaced(state)) return refuse(state, 'WRONG_PHASE');
  const outcome = transition(state, fact, nowMs);
  switch (outcome.kind) {
    case 'moved':
      return { answer: { kind: 'accepted', phase: outcome.state.phase }, fact };
    case 'refused':
      return refuse(state, outcome.code);
    case 'ignored':
      // A repeat of a cancel that is under way, or done, is no error for whoever asked for it.
      if (command.name === 'cancel' && isCanceling(state)) {
        return { answer: { kind: 'accepted', phase: state.phase }, fact: null };
      }
      if (command.name === 'replace') {
        return { answer: { kind: 'accepted', phase: state.phase }, fact: null };
      }
      if (command.name === 'decideKyc' && isDecided(state, fact)) {
        return { answer: { kind: 'accepted', phase: state.phase }, fact: null };
      }
      return refuse(state, 'WRONG_PHASE');
  }
}

/** The verdict is known already: by its fact, or from a run that has ended and remembers no updates. */
function isDecided(state: CardState, fact: CardFact): boolean {
  if (fact.kind !== 'kyc_decided' || state.phase === 'kyc') return false;
  if (state.phase !== 'closed') return fact.approved;
  return !fact.approved && state.reason === 'kyc_rejected';
}

const refuse = (state: CardState, code: CommandRefusal): CommandVerdict => ({
  answer: { kind: 'refused', code, phase: state.phase },
  fact: null,
});

/** A card that was never made has nothing that could be replaced. */
const canBeReplaced = (state: CardState): boolean =>
  state.phase !== 'kyc' && state.phase !== 'issuance' && stripeCardIdOf(state) !== null;

const attemptsUsedUp = (state: CardState): boolean =>
  state.phase === 'kyc' &&
  state.step === 'failed' &&
  state.kycAttempt >= state.terms.kyc.attemptsMax;

function isCanceling(state: CardState): boolean {
  if (state.phase === 'winding_down') return true;
  return (
    state.phase === 'closed' &&
    (state.reason === 'canceled' || state.reason === 'lost' || state.reason === 'stolen')
  );
}

/** The shape was checked before. */
function factOf<N extends CardCommandName>(name: N, argument: CardCommands[N]): CardFact {
  switch (name) {
    case 'decideKyc':
      return { kind: 'kyc_decided', approved: 'approved' in argument && argument.approved };
    case 'retryKyc':
      return { kind: 'kyc_retry_requested' };
    case 'retryIssuance':
      return { kind: 'issuance_retry_requested' };
    case 'correctShipping':
      return { kind: 'shipping_corrected' };
    case 'confirmDelivery':
      return { kind: 'delivery_confirmed' };
    case 'replace':
      invariant('replacementId' in argument, 'the validator has looked at the shape');
      return {
        kind: 'replacement_requested',
        reason: argument.reason,
        replacementId: argument.replacementId,
      };
    default: {
      const isLoss =
        'reason' in argument && (argument.reason === 'lost' || argument.reason === 'stolen');
      return { kind: 'cancel_requested', reason: isLoss ? argument.reason : 'requested' };
    }
  }
}
