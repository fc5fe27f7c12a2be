/** How a card begins: as a request, or as the replacement of another; and how a state of earlier code is completed. */
import type { CardPhase, CardState, IssuanceState, KycState, Mirror } from './card-phase.ts';
import { type CardTerms, DEFAULT_TERMS } from './card-terms.ts';

const NOTHING_TO_MIRROR: Mirror = { wanted: 0, done: 0, refused: null };

/** What every state has, as it is at first. */
const START = {
  attempt: 0,
  terms: DEFAULT_TERMS,
  freeze: { wanted: false, mirrored: false, by: [], refused: null },
  mirrors: { controls: NOTHING_TO_MIRROR, holder: NOTHING_TO_MIRROR },
  holderProblem: null,
  holderVersion: 0,
  replacement: null,
} as const;

/** A new card waits for the KYC of its holder. */
export const requestedCard = (
  type: 'virtual' | 'physical',
  nowMs: number,
  terms: CardTerms = DEFAULT_TERMS,
): KycState => ({
  ...START,
  phase: 'kyc',
  type,
  terms,
  sinceMs: nowMs,
  step: 'start',
  kycAttempt: 1,
  provider: null,
  lastFailure: null,
  reminded: false,
  polledMs: nowMs,
  requestedMs: nowMs,
});

/** A replacement or renewal whose holder is verified begins with its issuance. */
export const replacementCard = (
  type: 'virtual' | 'physical',
  nowMs: number,
  terms: CardTerms = DEFAULT_TERMS,
): IssuanceState => ({
  ...START,
  phase: 'issuance',
  type,
  terms,
  attempt: 1,
  sinceMs: nowMs,
  step: 'create',
  createSent: false,
  previousCardId: null,
  blockedReason: null,
  retrying: false,
  early: [],
});

/** Fields that states of earlier code may lack, as they are where nothing is known. */
const ADDED: { readonly [P in CardPhase]: object } = {
  kyc: { provider: null, polledMs: 0 },
  issuance: { retrying: false },
  awaiting_delivery: { late: 'no', expiresMs: null },
  activation: { refusals: 0, retrying: false, expiresMs: null },
  active: { expiresMs: null, renewalSkipped: null, parcelLost: false },
  winding_down: { cancelRefused: null, retrying: false },
  closed: {},
};

/** The state with all fields of today's code. */
export const completeState = (stored: CardState): CardState => ({
  ...START,
  ...ADDED[stored.phase],
  ...stored,
  freeze: { ...START.freeze, ...stored.freeze },
  mirrors: { ...START.mirrors, ...stored.mirrors },
  terms: { ...DEFAULT_TERMS, ...stored.terms },
});
