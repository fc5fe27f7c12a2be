import { expect, it } from 'vitest';
import { expiresMs } from '../../src/domain/card-expiry.ts';

it('a card is good until the end of its month, in any year that can be printed', () => {
  for (let year = 2000; year <= 2200; year += 1) {
    for (let month = 1; month <= 12; month += 1) {
      expect(expiresMs(month, year)).toBe(Date.UTC(year, month, 1));
    }
  }
});
