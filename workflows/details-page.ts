/** The page that the Temporal UI shows for a card. Ids, times and kinds only: nothing personal. */

import { attentionOf } from '../src/domain/card-attention.ts';
import { cardWorkflowId, type HeardFact } from '../src/domain/card-contract.ts';
import { type CardState, stripeCardIdOf } from '../src/domain/card-phase.ts';
import { nextStep } from '../src/domain/card-plan.ts';
import { whyOf } from '../src/domain/card-why.ts';

export interface DetailsView {
  readonly tenantId: string;
  readonly cardholderId: string;
  readonly state: CardState;
  readonly phaseSinceMs: number;
  readonly revision: number;
  readonly history: readonly HeardFact[];
  /** Messages that could not be used. */
  readonly unusable: readonly string[];
}

const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');

export function detailsPage(view: DetailsView): string {
  const { state } = view;
  const attention = attentionOf(state);
  const lines = [
    `## ${state.phase}${subStep(state)}`,
    '',
    `- **Since:** ${time(view.phaseSinceMs)}`,
    `- **Now:** ${whyOf(state, time)?.text ?? 'nothing stands in its way'}`,
    `- **Next:** ${next(state)}`,
  ];
  if (attention !== null) {
    lines.push(`- **Needs a person:** ${attention.kind} ${attention.detail}`.trimEnd());
  }
  lines.push(...facts(view), ...history(view));
  if (view.unusable.length > 0) {
    lines.push('', '### Messages that could not be used', '');
    for (const text of view.unusable) lines.push(`- ${text}`);
  }
  return lines.join('\n');
}

function facts({ state, tenantId, cardholderId, revision }: DetailsView): readonly string[] {
  const { freeze, replacement } = state;
  const stripeCardId = stripeCardIdOf(state);
  const frozen = freeze.wanted ? `yes, by ${freeze.by.join(', ') || 'somebody'}` : 'no';
  const unmirrored = freeze.wanted === freeze.mirrored ? '' : ' (Stripe does not show it yet)';
  return [
    `- **Stripe card:** ${stripeCardId === null ? 'none yet' : stripeLink(stripeCardId)}`,
    `- **Issuance attempts:** ${state.attempt}`,
    `- **Frozen:** ${frozen}${unmirrored}`,
    ...(state.holderProblem === null ? [] : [`- **Stripe on the holder:** ${state.holderProblem}`]),
    ...(replacement === null
      ? []
      : [`- **Replaced (${replacement.reason}) by:** \`${cardWorkflowId(replacement.cardId)}\``]),
    `- **Cardholder:** ${cardholderId}`,
    `- **Tenant:** ${tenantId}`,
    `- **Saved revision:** ${revision}`,
  ];
}

/** The same address finds cards of live and test mode: Stripe asks for the account first. */
const stripeLink = (id: string): string =>
  `[${id}](https://dashboard.stripe.com/issuing/cards/${id})`;

function history({ history: heard }: DetailsView): readonly string[] {
  if (heard.length === 0) return [];
  const lines = ['', '### Last facts', '', '| at | fact | effect |', '| --- | --- | --- |'];
  for (const { atMs, kind, effect } of heard.toReversed()) {
    lines.push(`| ${time(atMs)} | ${kind} | ${effect} |`);
  }
  return lines;
}

function subStep(state: CardState): string {
  switch (state.phase) {
    case 'kyc':
    case 'issuance':
      return ` · ${state.step}`;
    case 'awaiting_delivery':
      return ` · ${state.shipping}`;
    case 'active':
      return ` · ${state.usage}`;
    case 'winding_down':
    case 'closed':
      return ` · ${state.reason}`;
    case 'activation':
      return state.refused === null ? '' : ` · ${state.refused}`;
  }
}

function next(state: CardState): string {
  const step = nextStep(state);
  switch (step.kind) {
    case 'act':
      return `runs ${step.action}`;
    case 'wait': {
      if (step.untilMs === null) return 'waits for facts, without a deadline';
      const then = step.onDeadline?.fact.kind ?? 'look again';
      return `waits for facts until ${time(step.untilMs)}, then ${then}`;
    }
    case 'end':
      return 'nothing more to do; a late money fact opens the card again';
  }
}
