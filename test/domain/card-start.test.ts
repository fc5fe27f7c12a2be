/** A state that earlier code saved lacks what was added since; the card goes on with it all the same. */
import { expect, test } from 'vitest';
import { attentionOf } from '../../src/domain/card-attention.ts';
import type { CardPhase, CardState } from '../../src/domain/card-phase.ts';
import { nextStep } from '../../src/domain/card-plan.ts';
import { completeState } from '../../src/domain/card-start.ts';
import { DEFAULT_TERMS } from '../../src/domain/card-terms.ts';
import { whyOf } from '../../src/domain/card-why.ts';
import { CARD_STATE_NAMES, CARD_STATES } from '../support/card-states.ts';

const NOW_MS = 1_800_000_000_000;
const time = (ms: number): string => new Date(ms).toISOString();

/** What states of every phase have gained since the first that were saved. */
const ADDED_TO_ALL = [
  'terms',
  'mirrors',
  'holderProblem',
  'holderVersion',
  'replacement',
  'freeze.by',
  'freeze.refused',
  'freeze.version',
  'mirrors.holder',
  'mirrors.controls',
  'terms.kyc',
  'terms.renews',
  'terms.endsByItself',
] as const;
/** And those of one phase. */
const ADDED: Readonly<Record<CardPhase, readonly string[]>> = {
  kyc: ['provider', 'polledMs'],
  issuance: ['retrying'],
  awaiting_delivery: ['late', 'expiresMs'],
  activation: ['refusals', 'retrying', 'expiresMs'],
  active: ['expiresMs', 'renewalSkipped', 'parcelLost'],
  winding_down: ['cancelRefused', 'retrying'],
  closed: [],
};

/** As it lies in Postgres, without the field of that path. */
function stored(state: CardState, paths: readonly string[]): CardState {
  const copy = JSON.parse(JSON.stringify(state)) as Record<string, Record<string, unknown>>;
  for (const path of paths) {
    const [outer = '', inner] = path.split('.');
    if (inner === undefined) delete copy[outer];
    else delete copy[outer]?.[inner];
  }
  return copy as unknown as CardState;
}

/** Everything that a run asks of a state right after it was loaded. */
function asked(state: CardState): void {
  const step = nextStep(state);
  if (step.kind === 'wait' && step.untilMs !== null) {
    expect(Number.isSafeInteger(step.untilMs)).toBe(true);
  }
  const attention = attentionOf(state);
  expect(attention === null || typeof attention.detail === 'string').toBe(true);
  const why = whyOf(state, time);
  expect(why === null || why.untilMs === null || Number.isSafeInteger(why.untilMs)).toBe(true);
  expect(why?.text ?? '').not.toMatch(/undefined|NaN|Invalid/);
}

const states = CARD_STATE_NAMES.map((name) => ({ name, state: CARD_STATES[name](NOW_MS) }));

test.each(states)('$name comes back as it was when nothing is missing', ({ state }) => {
  expect(completeState(stored(state, []))).toEqual(state);
});

test.each(states)('$name goes on without each field that was added, and without all', (of) => {
  const { state } = of;
  const paths = [...ADDED_TO_ALL, ...ADDED[state.phase]];
  for (const path of paths) asked(completeState(stored(state, [path])));
  const bare = completeState(stored(state, paths));
  asked(bare);
  expect(bare).toMatchObject({ phase: state.phase, terms: DEFAULT_TERMS, replacement: null });
});

test('what was saved is never taken for missing', () => {
  const state = CARD_STATES['activation · refused'](NOW_MS);
  const own = { ...state, terms: { ...state.terms, renews: false }, holderVersion: 4 };
  expect(completeState(own)).toEqual(own);
});
