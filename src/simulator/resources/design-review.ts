/** The review of personalization designs, which the test helpers decide. */
import { missingParameter } from '../http/failure.ts';
import { find, type Operation, operation } from '../http/operation.ts';
import { choice, list, object, required } from '../http/parameter.ts';
import {
  type DesignStep,
  LOGO_REJECTION_REASONS,
  moveDesign,
  TEXT_REJECTION_REASONS,
} from '../machines/personalization-design.ts';
import { emit, type Scope, store } from '../world/kind.ts';
import { DESIGN } from '../world/kinds/personalization.ts';
import { cancelRejectedCards } from './card-design.ts';
import { illegalStep } from './illegal-step.ts';

const PATH = '/v1/test_helpers/issuing/personalization_designs/{personalization_design}';

const REJECT = {
  rejection_reasons: required(
    object({
      card_logo: list(choice(LOGO_REJECTION_REASONS)),
      carrier_text: list(choice(TEXT_REJECTION_REASONS)),
    }),
  ),
};

export const designReviewOperations: readonly Operation[] = [
  operation({
    method: 'POST',
    path: `${PATH}/activate`,
    params: {},
    handle: (call) => review(call, call.id, { kind: 'activate' }),
  }),
  operation({
    method: 'POST',
    path: `${PATH}/deactivate`,
    params: {},
    handle: (call) => review(call, call.id, { kind: 'deactivate' }),
  }),
  operation({
    method: 'POST',
    path: `${PATH}/reject`,
    params: REJECT,
    handle(call) {
      const { card_logo: logo, carrier_text: words } = call.params.rejection_reasons;
      if ((logo ?? []).length + (words ?? []).length === 0) {
        throw missingParameter('rejection_reasons[card_logo]');
      }
      const reasons = { card_logo: logo ?? null, carrier_text: words ?? null };
      const shown = review(call, call.id, { kind: 'reject', reasons });
      cancelRejectedCards(call, call.id);
      return shown;
    },
  }),
];

/** Takes a step of the review and sends the event named after the new status. */
function review(scope: Scope, id: string, step: DesignStep): object {
  const design = find(scope, DESIGN, id);
  const next = moveDesign(design, step);
  if (next === undefined) {
    throw illegalStep(
      scope,
      `You cannot ${step.kind} a personalization design with status ${design.status}.`,
    );
  }
  const shown = store(scope, DESIGN, next);
  emit(scope, `${DESIGN.eventPrefix}.${EVENTS[step.kind]}`, shown);
  return shown;
}

const EVENTS = {
  activate: 'activated',
  deactivate: 'deactivated',
  reject: 'rejected',
} as const satisfies Record<DesignStep['kind'], string>;
