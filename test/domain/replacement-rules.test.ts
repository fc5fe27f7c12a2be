import { describe, expect, it } from 'vitest';
import type { ReplacementReason } from '../../src/domain/card-facts.ts';
import { CARD_PHASES } from '../../src/domain/card-phase.ts';
import { parseCardId } from '../../src/domain/ids.ts';
import { type ReplaceableCard, replacementVerdict } from '../../src/domain/replacement-rules.ts';

const REASONS: readonly ReplacementReason[] = ['lost', 'stolen', 'damaged', 'expired'];
const card = (fields: Partial<ReplaceableCard> = {}): ReplaceableCard => ({
  phase: 'active',
  hasStripeCard: true,
  cancelRequested: null,
  replacedBy: null,
  ...fields,
});
const outcome = (fields: Partial<ReplaceableCard>, reason: ReplacementReason): string => {
  const verdict = replacementVerdict(card(fields), reason);
  return verdict.kind === 'refused' ? verdict.code : `cancel ${verdict.cancel}`;
};

describe('a replacement', () => {
  it('ends a lost or stolen card at once, and leaves a damaged or expiring one', () => {
    expect(REASONS.map((reason) => outcome({}, reason))).toEqual([
      'cancel lost',
      'cancel stolen',
      'cancel null',
      'cancel null',
    ]);
  });

  it('is for a card that was made, in the phases of this table', () => {
    const table = CARD_PHASES.map((phase) => [
      phase,
      ...REASONS.map((reason) => outcome({ phase }, reason)),
    ]);
    expect(table).toEqual([
      ['kyc', 'WRONG_PHASE', 'WRONG_PHASE', 'WRONG_PHASE', 'WRONG_PHASE'],
      ['issuance', 'WRONG_PHASE', 'WRONG_PHASE', 'WRONG_PHASE', 'WRONG_PHASE'],
      ['awaiting_delivery', 'cancel lost', 'cancel stolen', 'cancel null', 'cancel null'],
      ['activation', 'cancel lost', 'cancel stolen', 'cancel null', 'cancel null'],
      ['active', 'cancel lost', 'cancel stolen', 'cancel null', 'cancel null'],
      ['winding_down', 'cancel null', 'cancel null', 'cancel null', 'cancel null'],
      ['closed', 'cancel null', 'cancel null', 'WRONG_PHASE', 'cancel null'],
    ]);
    for (const reason of REASONS) {
      expect(outcome({ phase: 'closed', hasStripeCard: false }, reason)).toBe('WRONG_PHASE');
    }
  });

  it('with the same number needs a card that nobody has cancelled', () => {
    const cancelRequested = 'requested';
    expect(REASONS.map((reason) => outcome({ cancelRequested }, reason))).toEqual([
      'cancel null',
      'cancel null',
      'ALREADY_CANCELED',
      'ALREADY_CANCELED',
    ]);
  });

  it('is made once, whatever else is so', () => {
    const replacementId = parseCardId('card_2');
    const refused = { kind: 'refused', code: 'ALREADY_REPLACED', replacementId };
    for (const phase of CARD_PHASES) {
      const replaced = card({ phase, replacedBy: replacementId });
      for (const reason of REASONS) {
        const isEnding = phase === 'winding_down' || phase === 'closed';
        const isLoss = reason === 'lost' || reason === 'stolen';
        expect(replacementVerdict(replaced, reason)).toEqual(
          isLoss && !isEnding ? { kind: 'number_lost', cancel: reason, replacementId } : refused,
        );
        const canceled = { ...replaced, cancelRequested: 'requested' } as const;
        expect(replacementVerdict(canceled, reason)).toEqual(refused);
      }
    }
  });

  it('has a new number for a lost or stolen card only', () => {
    expect(
      REASONS.filter((reason) => {
        const verdict = replacementVerdict(card(), reason);
        return verdict.kind === 'allowed' && verdict.isNewNumber;
      }),
    ).toEqual(['lost', 'stolen']);
  });
});
