/** Phase `kyc`: the card waits until its holder is verified. The cardholder's row owns the outcome. */
import type { CardFact } from './card-facts.ts';
import {
  close,
  endReason,
  ignored,
  moved,
  type Outcome,
  refused,
  startIssuance,
} from './card-outcome.ts';
import type { KycState } from './card-phase.ts';

/** A check that was never made used up no attempt of the customer's. */
const isLastTry = (state: KycState, fact: CardFact): boolean =>
  state.kycAttempt >= state.terms.kyc.attemptsMax &&
  state.step !== 'failed' &&
  !(fact.kind === 'identity_failed' && /^(refused_|provider_not_configured$)/.test(fact.code));

export function transitionKyc(state: KycState, fact: CardFact, nowMs: number): Outcome {
  const verified = (): Outcome =>
    startIssuance(state, { step: 'create', previousCardId: null }, nowMs);
  switch (fact.kind) {
    case 'verification_started':
      if (state.step !== 'start') return ignored('already started');
      if ((fact.kycAttempt ?? state.kycAttempt) !== state.kycAttempt)
        return ignored('of an earlier attempt');
      return moved({
        ...state,
        step: 'pending',
        provider: fact.provider ?? state.provider,
        reminded: false,
        sinceMs: nowMs,
        polledMs: nowMs,
      });
    case 'verification_pending':
      return moved({ ...state, polledMs: nowMs });
    case 'identity_verified':
      return verified();
    case 'identity_canceled':
    case 'identity_failed':
      if (isLastTry(state, fact)) {
        return close(state, { reason: 'kyc_attempts_used_up', stripeCardId: null }, nowMs);
      }
      return moved({
        ...state,
        step: 'failed',
        lastFailure: fact.kind === 'identity_failed' ? fact.code : 'session_canceled',
        reminded: false,
        sinceMs: nowMs,
      });
    case 'kyc_decided':
      if (fact.approved) return verified();
      return close(state, { reason: 'kyc_rejected', stripeCardId: null }, nowMs);
    case 'kyc_retry_requested':
      // The link was used up or has expired: another one of the same attempt.
      if (state.step === 'pending') return moved({ ...state, step: 'start' });
      if (state.step !== 'failed') return refused('NOT_WAITING');
      return moved({
        ...state,
        step: 'start',
        kycAttempt: state.kycAttempt + 1,
        reminded: false,
        sinceMs: nowMs,
      });
    case 'kyc_reminder_due':
      return state.reminded ? ignored('reminded already') : moved({ ...state, reminded: true });
    case 'kyc_deadline_passed':
      return close(state, { reason: 'kyc_deadline_passed', stripeCardId: null }, nowMs);
    case 'cancel_requested':
      return close(state, { reason: endReason(fact.reason), stripeCardId: null }, nowMs);
    default:
      return ignored('not of this phase');
  }
}
