/** The page that the Temporal UI shows for a card. Ids, times and kinds only: nothing personal. */

import { type CardState, stripeCardIdOf } from '../src/domain/card-phase.ts';
import { attentionOf, nextStep } from '../src/domain/card-plan.ts';
import type { HeardFact } from './card-record.ts';

export interface DetailsView {
  readonly tenantId: string;
  readonly state: CardState;
  readonly revision: number;
  readonly history: readonly HeardFact[];
  /** Signals that could not be used. */
  readonly unusable: readonly string[];
}

const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');

export function detailsPage(view: DetailsView): string {
  const { state } = view;
  const attention = attentionOf(state);
  const lines = [
    `## ${state.phase}${subStep(state)}`,
    '',
    `- **Now:** ${now(state)}`,
    `- **This wait began:** ${time(state.sinceMs)}`,
    `- **Stripe card:** ${stripeCardIdOf(state) ?? 'none yet'}`,
    `- **Issuance attempts:** ${state.attempt}`,
    `- **Frozen:** ${state.freeze.wanted ? 'yes' : 'no'}${
      state.freeze.wanted === state.freeze.mirrored ? '' : ' (Stripe does not show it yet)'
    }`,
    `- **Tenant:** ${view.tenantId}`,
    `- **Saved revision:** ${view.revision}`,
  ];
  if (attention !== null) {
    lines.push(`- **Needs a person:** ${attention.kind} ${attention.detail}`.trimEnd());
  }
  if (view.history.length > 0) {
    lines.push('', '### Last facts', '', '| at | fact | effect |', '| --- | --- | --- |');
    for (const { atMs, kind, effect } of view.history.toReversed()) {
      lines.push(`| ${time(atMs)} | ${kind} | ${effect} |`);
    }
  }
  if (view.unusable.length > 0) {
    lines.push('', '### Signals that could not be used', '');
    for (const text of view.unusable) lines.push(`- ${text}`);
  }
  return lines.join('\n');
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

function now(state: CardState): string {
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
