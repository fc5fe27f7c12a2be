/** The texts of docs/authorizer.md are those of the code, and none of them tells too much. */
import { describe, expect, it } from 'vitest';
import { CARDHOLDER_TEXTS, cardholderText } from '../../src/domain/cardholder-texts.ts';
import {
  APPROVE_REASONS,
  DECLINE_REASONS,
  FALLBACK_REASONS,
} from '../../src/domain/decision-reasons.ts';
import { projectText } from '../support/project-files.ts';

const REASONS = [...DECLINE_REASONS, ...FALLBACK_REASONS, ...APPROVE_REASONS];
/** What fits into a notification of a phone. */
const LENGTH_MAX = 110;

describe('the texts for cardholders', () => {
  it('are one short sentence for each reason', () => {
    expect(Object.keys(CARDHOLDER_TEXTS).toSorted()).toEqual(REASONS.toSorted());
    const odd = Object.values(CARDHOLDER_TEXTS).filter(
      (text) => !/^[A-Z][^.]*\.$/.test(text) || text.length > LENGTH_MAX,
    );
    expect(odd).toEqual([]);
  });

  it('say neither which check failed nor anything of how we work', () => {
    const telling =
      /fraud|stolen|lost|cvc|security code|expir|postal|address|3d|blocked|database|stripe|server|\d/i;
    expect(Object.values(CARDHOLDER_TEXTS).filter((text) => telling.test(text))).toEqual([]);
    const { CVC_NOT_VERIFIED, EXPIRY_NOT_VERIFIED, ADDRESS_NOT_VERIFIED } = CARDHOLDER_TEXTS;
    expect(new Set([CVC_NOT_VERIFIED, EXPIRY_NOT_VERIFIED, ADDRESS_NOT_VERIFIED]).size).toBe(1);
  });

  it('tell each decline with a way on', () => {
    const declines = [...DECLINE_REASONS, ...FALLBACK_REASONS].map((r) => CARDHOLDER_TEXTS[r]);
    expect(declines.filter((text) => !text.includes('please'))).toEqual([]);
  });

  it('of a reason of another version is one of a failure in passing', () => {
    for (const reason of ['TOO_CHEERFUL', 'constructor']) {
      expect(cardholderText(reason)).toBe(CARDHOLDER_TEXTS.INTERNAL_ERROR);
    }
  });

  it('are those of docs/authorizer.md, in the order of the checks', () => {
    const rows = [
      ...(projectText('docs/authorizer.md') ?? '').matchAll(
        /^\| `([A-Z0-9_]+)` \| .* \| ([^|]+) \|$/gm,
      ),
    ].map(([, reason, text]) => [reason, text]);
    const inOrder = [...APPROVE_REASONS, ...DECLINE_REASONS, ...FALLBACK_REASONS];
    expect(rows).toEqual(inOrder.map((reason) => [reason, CARDHOLDER_TEXTS[reason]]));
  });
});
