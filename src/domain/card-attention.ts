/** Why a person should look at a card now, as it follows from the card's state: opened and closed with its save. */
import { isCancelRefused, isFieldRefused } from './card-issuance.ts';
import type { CardState } from './card-phase.ts';

/** The kinds of items that follow the state. `fraud_warning` is not among them: it comes with the freeze. */
export const LIFECYCLE_ATTENTION_KINDS = [
  'kyc_failed',
  'kyc_waits_for_review',
  'address_needed',
  'details_refused',
  'issuance_blocked',
  'delivery_overdue',
  'activation_refused',
  'activation_frozen',
  'status_drift',
  'cardholder_problem',
  'parcel_returned',
  'freeze_refused',
  'mirror_refused',
  'renewal_skipped',
  'cancel_refused',
] as const;

export interface CardAttention {
  readonly kind: (typeof LIFECYCLE_ATTENTION_KINDS)[number] | 'fraud_warning';
  readonly detail: string;
}

/** One item at most: the most urgent. Null when nobody is needed. */
export function attentionOf(state: CardState): CardAttention | null {
  switch (state.phase) {
    case 'kyc':
      if (state.step === 'failed') return { kind: 'kyc_failed', detail: state.lastFailure ?? '' };
      return state.step === 'pending' && state.provider === 'manual'
        ? { kind: 'kyc_waits_for_review', detail: '' }
        : null;
    case 'issuance': {
      const detail = state.blockedReason ?? '';
      if (state.step === 'await_address') return { kind: 'address_needed', detail: '' };
      if (isCancelRefused(state)) return { kind: 'cancel_refused', detail };
      if (isFieldRefused(state)) return { kind: 'details_refused', detail };
      return state.blockedReason === null ? null : { kind: 'issuance_blocked', detail };
    }
    case 'awaiting_delivery':
      if (state.late === 'overdue') return { kind: 'delivery_overdue', detail: state.shipping };
      return holderProblem(state) ?? mirrorRefused(state);
    case 'activation':
      if (state.refused !== null) return { kind: 'activation_refused', detail: state.refused };
      if (state.freeze.wanted) {
        return { kind: 'activation_frozen', detail: state.freeze.by.join(', ') };
      }
      return holderProblem(state) ?? mirrorRefused(state);
    case 'active':
      if (state.freeze.by.includes('fraud')) return { kind: 'fraud_warning', detail: '' };
      if (state.drifted) return { kind: 'status_drift', detail: '' };
      if (state.freeze.refused !== null) {
        return { kind: 'freeze_refused', detail: state.freeze.refused.code };
      }
      if (state.parcelLost) return { kind: 'parcel_returned', detail: '' };
      return holderProblem(state) ?? mirrorRefused(state) ?? renewalSkipped(state.renewalSkipped);
    case 'winding_down':
      return state.cancelRefused === null
        ? null
        : { kind: 'cancel_refused', detail: state.cancelRefused };
    case 'closed':
      return null;
  }
}

const holderProblem = ({ holderProblem: detail }: CardState): CardAttention | null =>
  detail === null ? null : { kind: 'cardholder_problem', detail };

function mirrorRefused({ mirrors }: CardState): CardAttention | null {
  const { controls, holder } = mirrors;
  if (holder.refused !== null)
    return { kind: 'mirror_refused', detail: `holder: ${holder.refused}` };
  if (controls.refused === null) return null;
  return { kind: 'mirror_refused', detail: `controls: ${controls.refused}` };
}

const renewalSkipped = (reason: string | null): CardAttention | null =>
  reason === null ? null : { kind: 'renewal_skipped', detail: reason };
